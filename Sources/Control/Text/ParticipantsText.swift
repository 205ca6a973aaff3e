import Base
import JSON

/// The others in the room, one a line.
public enum ParticipantsText {
  public static func render(_ participants: JSONValue) -> String {
    let all = participants.array
    guard !all.isEmpty else { return "nobody else is in the room\n" }
    var text = ""
    for participant in all { text += wrapped(printable(line(participant)), indentation: 2) + "\n" }
    return text
  }

  /// `alice (standard), speaking: microphone, camera muted`.
  static func line(_ participant: JSONValue) -> String {
    var text = participant["identity"].string ?? "?"
    if let kind = participant["kind"].string { text += " (\(kind))" }
    if participant["speaking"].bool == true { text += ", speaking" }
    let tracks: [String?] = participant["tracks"].array.map { .some(track($0)) }
    return text + ": " + (tracks.isEmpty ? "no tracks" : listed(tracks))
  }

  private static func track(_ track: JSONValue) -> String {
    var text = track["source"].string ?? track["kind"].string ?? "track"
    if track["muted"].bool == true { text += " muted" }
    switch track["privacy"].string {
    case "private": text += " private"
    case "wrong-key": text += " encrypted with another key"
    case "no-key": text += " encrypted with an unknown key"
    case "encrypted": text += " encrypted"
    default: break
    }
    return text
  }
}
