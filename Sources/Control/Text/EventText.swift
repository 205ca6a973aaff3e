/// One event on one line: `2026-11-20T10:24:38.123Z  room.connection  state=connected`.
public enum EventText {
  public static func render(_ event: JSONValue) -> String {
    var text = event["time"].string ?? ""
    text += "  " + padded(event["event"].string ?? "?", to: 16)
    guard case .object(let members) = event else { return printable(text) }
    for member in members where member.name != "time" && member.name != "event" && !member.value.isNull {
      text += " \(member.name)=\(value(member.value))"
    }
    return printable(text)
  }

  /// A text with blanks in quotes, so that the members stay apart.
  private static func value(_ value: JSONValue) -> String {
    guard let text = value.string else { return value.text }
    let needsQuotes = text.utf8.isEmpty || text.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
    return needsQuotes ? value.text : text
  }
}
