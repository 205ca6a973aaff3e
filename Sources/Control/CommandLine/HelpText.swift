import Base

/// The help texts, made from the command table for a terminal of 80 columns.
public enum HelpText {
  static let columns = 80

  public static var general: String {
    var text = "lintelctl operates the lintel daemon of this device.\n\n"
    text += "Usage: lintelctl [--socket PATH] [--json] COMMAND\n\nCommands:\n"
    text += rows(CommandTable.all.map { ($0.label, $0.summary) })
    text += "\nOptions:\n" + rows(CommandTable.generalOptions.map { ($0.spelling, $0.summary) })
    var statuses = "Exit status: "
    for (index, row) in CommandTable.exitStatuses.enumerated() {
      statuses += (index == 0 ? "" : ", ") + "\(row.status.rawValue) \(row.meaning)"
    }
    text += "\n" + wrapped(statuses + ".", indentation: 2)
    return text + "\n`lintelctl help COMMAND` says more about a command.\n"
  }

  public static func of(_ command: Command) -> String {
    var text = command.summary + "\n\n"
    text += wrapped("Usage: lintelctl " + command.usage, indentation: 2) + "\n"
    if !command.verbs.isEmpty { text += "\nActions:\n" + rows(command.verbs.map { ($0.usage, $0.summary) }) }
    for paragraph in command.details { text += "\n" + wrapped(paragraph, indentation: 0) + "\n" }
    let options = command.options + CommandTable.commonOptions
    text += "\nOptions:\n" + rows(options.map { ($0.spelling, $0.summary) })
    text += command.examples.count == 1 ? "\nExample:\n" : "\nExamples:\n"
    for example in command.examples { text += "  lintelctl \(example)\n" }
    return text
  }

  /// Two columns, the second wrapped.
  static func rows(_ rows: [(String, String)]) -> String {
    var width = 0
    for row in rows { width = max(width, row.0.utf8.count) }
    var text = ""
    for row in rows {
      let label = "  " + padded(row.0, to: width) + "  "
      text += wrapped(label + row.1, indentation: width + 4) + "\n"
    }
    return text
  }
}

/// `text` with blanks after it, up to `width` columns.
func padded(_ text: String, to width: Int) -> String {
  var result = text
  for _ in text.unicodeScalars.count..<max(width, text.unicodeScalars.count) { result += " " }
  return result
}

/// `text` in lines of at most 80 columns, broken at blanks, all but the first indented. Blanks at the start of the
/// text and those that align columns stay as they are. A number keeps its unit.
func wrapped(_ text: String, indentation: Int) -> String {
  let scalars = Array(text.unicodeScalars)
  var result = ""
  var start = 0
  var margin = 0
  while scalars.count - start > HelpText.columns - margin {
    // The blank may stand just after the last column that fits. One within the indentation would break nothing.
    let earliest = margin == 0 ? start + indentation : start
    let last = start + HelpText.columns - margin
    let end =
      lastBlank(scalars, after: earliest, upTo: last, keepingUnits: true)
      ?? lastBlank(scalars, after: earliest, upTo: last, keepingUnits: false) ?? last
    append(scalars[start..<end], margin, to: &result)
    result += "\n"
    start = end
    while start < scalars.count, scalars[start] == " " { start += 1 }
    margin = indentation
  }
  if start < scalars.count { append(scalars[start...], margin, to: &result) }
  return result
}

/// nil if there is none.
private func lastBlank(
  _ scalars: [Unicode.Scalar], after first: Int, upTo last: Int, keepingUnits: Bool
) -> Int? {
  var index = last
  while index > first {
    if scalars[index] == " ", !keepingUnits || !("0"..."9").contains(scalars[index - 1]) { return index }
    index -= 1
  }
  return nil
}

private func append(_ scalars: ArraySlice<Unicode.Scalar>, _ margin: Int, to text: inout String) {
  for _ in 0..<margin { text += " " }
  for scalar in scalars { text.unicodeScalars.append(scalar) }
}
