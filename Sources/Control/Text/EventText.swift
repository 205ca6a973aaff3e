import Base
import JSON

/// One event on one line: `2026-11-20T10:24:38.123Z  room.connection  state=connected`, or, where somebody says or
/// does something, `2026-11-20T10:24:38.123Z  chat             alice: I am at the door`.
public enum EventText {
  public static func render(_ event: JSONValue) -> String {
    var text = event["time"].string ?? ""
    text += "  " + padded(event["event"].string ?? "?", to: 16)
    if let sentence = sentence(event) { return printable(text + " " + sentence) }
    guard case .object(let members) = event else { return printable(text) }
    for member in members where member.name != "time" && member.name != "event" && !member.value.isNull {
      text += " \(member.name)=\(value(member.value))"
    }
    return printable(text)
  }

  /// A sentence for the events that a person would tell as one; nil for the others.
  private static func sentence(_ event: JSONValue) -> String? {
    let who = event["identity"].string ?? event["by"].string ?? "somebody"
    let failure = event["failure"].string
    switch event["event"].string {
    case "call.ringing":
      return "\(event["target"].string ?? "?") rings, for \(event["for_s"].integer ?? 0) s at most"
    case "call.answered":
      return "\(event["target"].string ?? "?") answered after \((event["after_ms"].integer ?? 0) / 1000) s"
    case "call.failed": return "\(event["target"].string ?? "?"): \(event["words"].string ?? "")"
    case "call.ended":
      let how = event["by"].string == "there" ? "hung up" : "let go"
      return
        "\(event["target"].string ?? "?") \(how) after \(durationText(seconds: event["seconds"].integer ?? 0))"
    case "ring.started":
      return "\(event["from"].string ?? "?") (\(event["kind"].string ?? "?")) rings this device"
    case "ring.answered": return "\(event["from"].string ?? "?"), by \(event["by"].string ?? "?")"
    case "ring.ended": return "\(event["from"].string ?? "?"): \(event["reason"].string ?? "")"
    case "phone.status": return "\(who): \(event["status"].string ?? "")"
    case "keypad.dialled": return named(event["digits"]) { "\($0) so far" } ?? "taken back"
    case "webhook.refused": return "\(event["kind"].string ?? "?"): \(event["reason"].string ?? "")"
    case "chat": return "\(who): \(event["text"].string ?? "")"
    case "transcript":
      return "\(who): \(event["text"].string ?? "")" + (event["final"].bool == true ? "" : " ...")
    case "agent.state": return "\(who) is \(event["state"].string ?? "silent about its state")"
    case "agent.missing":
      let retry = event["retry"].bool == true ? "joining anew" : "waiting on"
      return "no agent came within \(event["waited_s"].integer ?? 0) s; \(retry)"
    case "dtmf":
      return "\(who) pressed \(event["digit"].string ?? "a key (hidden, as it may be of the code)")"
    case "rpc":
      return "\(who) called \(event["method"].string ?? "?")" + (failure.map { ": refused, \($0)" } ?? "")
    case "door.opened": return "by \(who) (\(event["how"].string ?? "?"))"
    case "door.refused":
      return "to \(who) (\(event["how"].string ?? "?")): \(event["reason"].string ?? "")"
    case "door.locked_out":
      return "no code is taken for \(durationText(seconds: event["for_s"].integer ?? 0)), after \(who)"
    case "door.forced": return "it was opened, and not by its lock"
    case "door.left_open":
      return "it has been open for \(durationText(seconds: event["for_s"].integer ?? 0))"
    case "file":
      let name = "\(event["name"].string ?? "a file") (\(event["bytes"].integer ?? 0) bytes)"
      return "\(who) sent \(name)" + (failure.map { ": \($0)" } ?? "")
    default: return nil
    }
  }

  /// A text with blanks in quotes, so that the members stay apart.
  private static func value(_ value: JSONValue) -> String {
    guard let text = value.string else { return value.text }
    let needsQuotes = text.utf8.isEmpty || text.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
    return needsQuotes ? value.text : text
  }
}
