import Base
import JSON

/// One thing that a self-test looked at.
public struct DoctorRow: Equatable, Sendable {
  public enum Verdict: String, CaseIterable, Sendable { case pass, warn, fail }

  /// For programs, such as `microphone` or `token`.
  public var name: String
  public var verdict: Verdict
  /// What was found, as a sentence without its full stop.
  public var finding: String
  /// What to do about it; nil where there is nothing to do.
  public var advice: String?

  /// As of `JSONValue.Member`.
  @inline(__always)
  public init(_ name: String, _ verdict: Verdict, _ finding: String, advice: String? = nil) {
    self.name = name
    self.verdict = verdict
    self.finding = finding
    self.advice = advice
  }

  public var json: JSONValue {
    .object([
      .init("name", .string(name)), .init("verdict", .string(verdict.rawValue)),
      .init("finding", .string(finding)),
      .init("advice", .text(advice)),
    ])
  }
}

/// What a whole self-test came to.
public enum Doctor {
  /// The result of `doctor`: `{"verdict": NAME, "rows": [{"name", "verdict", "finding", "advice"}...], "measured": {...}}`.
  /// The verdict is that of the gravest row. The daemon judges what it has to; `DoctorFindings` reads in what was
  /// measured beside it, and adds its rows.
  public static func json(_ rows: [DoctorRow]) -> JSONValue {
    json(rows.map { $0.json })
  }

  /// The same for rows that are JSON already, and with what else is told.
  public static func json(_ rows: [JSONValue], _ more: [JSONValue.Member] = []) -> JSONValue {
    var gravest = DoctorRow.Verdict.pass
    for row in rows {
      if row["verdict"].isText(DoctorRow.Verdict.fail.rawValue) { gravest = .fail }
      if row["verdict"].isText(DoctorRow.Verdict.warn.rawValue), gravest == .pass { gravest = .warn }
    }
    return .object([.init("verdict", .string(gravest.rawValue)), .init("rows", .array(rows))] + more)
  }

  /// The code of a refusal: others would hear the tone.
  public static let inCall = "in-call"

  public static func succeeded(_ result: JSONValue) -> Bool {
    result["verdict"].string != DoctorRow.Verdict.fail.rawValue
  }

  /// For a person, in 80 columns: a row each, its advice below it, and what it comes to.
  public static func render(_ result: JSONValue) -> String {
    var text = ""
    var failures = 0
    var warnings = 0
    for row in result["rows"].array {
      let verdict = row["verdict"].string ?? ""
      if verdict == DoctorRow.Verdict.fail.rawValue { failures += 1 }
      if verdict == DoctorRow.Verdict.warn.rawValue { warnings += 1 }
      let label = padded(verdict == DoctorRow.Verdict.fail.rawValue ? "FAIL" : verdict, to: 6)
      let name = padded(row["name"].string ?? "", to: 12)
      text += wrapped(printable(label + name + (row["finding"].string ?? "")), indentation: 18) + "\n"
      if let advice = row["advice"].string {
        text += wrapped(printable(padded("", to: 18) + "-> " + advice), indentation: 21) + "\n"
      }
    }
    if failures == 0, warnings == 0 { return text + "\nall is as it should be\n" }
    let parts = [failures == 0 ? nil : "\(failures) failed", warnings == 0 ? nil : "\(warnings) to look at"]
    return text + "\n" + listed(parts) + "\n"
  }
}
