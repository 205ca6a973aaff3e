import Base
import JSON

/// The directory and the plan for a technician.
enum DirectoryText {
  static func render(_ result: JSONValue) -> String {
    var rows: [(String, String)] = []
    for entry in result["entries"].array {
      rows.append((printable(entry["name"].string ?? ""), joined(entry["targets"].array, " + ")))
    }
    var text = rows.isEmpty ? "[directory] has no names\n" : HelpText.rows(rows)
    let plan = result["plan"].array.map { step in
      JSONValue.string("\(step["name"].string ?? "") for \(step["seconds"].integer ?? 0) s")
    }
    text +=
      plan.isEmpty ? "a call waits for whoever is in the room\n" : "a call rings \(joined(plan, ", then "))\n"
    return text
  }

  private static func joined(_ values: [JSONValue], _ separator: String) -> String {
    var text = ""
    for value in values { text += (text.utf8.isEmpty ? "" : separator) + printable(value.string ?? "") }
    return text
  }
}
