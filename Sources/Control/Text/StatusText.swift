import Base
import JSON

/// The status for a technician at a terminal of 80 columns: first what is wrong, then a row a part.
///
/// It reads the JSON as the daemon sent it, not a `Status`: an older or newer daemon may leave out or add members.
public enum StatusText {
  public static func render(_ status: JSONValue) -> String {
    var rows: [(label: String, text: String)] = StatusProblems.of(status).map { ("Problem", $0) }
    if let mute = mute(status["audio"]) { rows.append(("Muted", mute)) }
    rows += [
      ("Device", device(status["device"])), ("Next", next(status["device"]["next"])),
      ("Call", call(status["call"])), ("Rung", legs(status["call"]["legs"])),
      ("Rings", ring(status["ring"])), ("Room", room(status["room"])),
      ("Here as", status["participant"]["identity"].string ?? ""), ("Agent", agent(status["agent"])),
    ]
    for (index, participant) in status["participants"].array.enumerated() {
      rows.append((index == 0 ? "Others" : "", ParticipantsText.line(participant)))
    }
    if let left = status["participants_left_out"].integer { rows.append(("", "and \(left) more")) }
    let audio = status["audio"]
    rows.append(("Encryption", encryption(status["encryption"])))
    rows += [
      ("Microphone", stream(audio["capture"], nil)), ("Speaker", stream(audio["playback"], audio["volume"])),
      ("Echo", echo(audio)), ("Sent", uplink(audio["uplink"])), ("Heard", downlink(audio["downlink"])),
      ("Pre-connect", preConnect(audio["pre_connect"])), ("Door", door(status["door"])),
      ("Memory", memory(status["memory"])),
    ]
    var text = ""
    for row in rows where !row.text.utf8.isEmpty {
      text += wrapped(padded(row.label, to: 12) + printable(row.text), indentation: 12) + "\n"
    }
    return text
  }

  static func mute(_ audio: JSONValue) -> String? {
    if audio["hard_muted"].bool == true { return "by the switch on the device; no command can undo it" }
    return audio["muted"].bool == true ? "the microphone is off; `lintelctl mute off` turns it on" : nil
  }

  /// Nothing before any was heard, and where the canceller does not work (a problem, or not wanted).
  static func echo(_ audio: JSONValue) -> String {
    guard let decibels = audio["echo_reduced_db"].integer else { return "" }
    return "\(decibels) dB of it are taken out"
  }

  static func device(_ device: JSONValue) -> String {
    listed([
      device["id"].string, named(device["board"]) { "\($0) board" },
      named(device["version"]) { "lintel \($0)" },
      device["uptime_s"].integer.map { "up \(durationText(seconds: $0))" },
    ])
  }

  /// What it waits for by the clock.
  private static func next(_ next: JSONValue) -> String {
    guard let name = next["name"].string, let milliseconds = next["in_ms"].integer else { return "" }
    let seconds = (max(0, min(milliseconds, 1 << 40)) + 999) / 1000
    return "\(name) in \(durationText(seconds: seconds))"
  }

  /// Those whom the device rings, or rang.
  static func legs(_ legs: JSONValue) -> String {
    var text = ""
    for leg in legs.array {
      let since = leg["since_s"].integer.map { " for \(durationText(seconds: $0))" } ?? ""
      text +=
        (text.utf8.isEmpty ? "" : ", ")
        + "\(leg["target"].string ?? "?") \(leg["state"].string ?? "")\(since)"
    }
    return text
  }

  /// Who rings this device, or how it would learn of it.
  static func ring(_ ring: JSONValue) -> String {
    if let from = ring["from"].string {
      return "\(from) (\(ring["kind"].string ?? "?")); `lintelctl answer` or `lintelctl refuse`"
    }
    return switch ring["standby"].string {
    case "room": "nobody; it stands by in its room, with a closed microphone between calls"
    case "webhook": "nobody; it is told of calls over HTTP"
    default: ""
    }
  }

  static func call(_ call: JSONValue) -> String {
    guard let state = call["state"].string else { return "" }
    let name = state == CallState.waitingAgent.rawValue ? "waiting for the agent" : state
    let since = call["since_s"].integer.map { " for \(durationText(seconds: $0))" } ?? ""
    // The reason of a failed call stands among the problems.
    let reason = state == CallState.failed.rawValue ? nil : call["reason"].string
    let held = call["held"].bool == true ? ", held" : ""
    return name + since + held + (reason.map { ": \($0)" } ?? "")
  }

  static func room(_ room: JSONValue) -> String {
    guard let connection = room["connection"].string else { return "" }
    var name = room["name"].string ?? ""
    if let sid = room["sid"].string { name += name.utf8.isEmpty ? sid : " (\(sid))" }
    return listed([
      name, connection, room["server"].string.map { "server \($0)" },
      room["region"].string.map { "region \($0)" },
      room["quality"].string.map { "quality \($0)" }, room["rtt_ms"].integer.map { "round trip \($0) ms" },
      counted(room["reconnects"], "reconnect"), counted(room["resumes"], "resume"),
    ])
  }

  private static func counted(_ count: JSONValue, _ name: String) -> String? {
    guard let count = count.integer, count != 0 else { return nil }
    return "\(count) " + name + (count == 1 ? "" : "s")
  }

  static func agent(_ agent: JSONValue) -> String {
    listed([agent["identity"].string, agent["state"].string])
  }

  /// Nothing where nobody asks for it.
  static func encryption(_ encryption: JSONValue) -> String {
    guard let mode = encryption["mode"].string, mode != "off" else { return "" }
    return listed([
      mode,
      encryption["sends"].string.map { $0 == "encrypted" ? "what is sent is encrypted" : "sends \($0)" },
      encryption["fingerprint"].string.map { "fingerprint \($0)" },
      counted(encryption["failed"], "failure"), counted(encryption["refused"], "refusal"),
    ])
  }

  private static func stream(_ stream: JSONValue, _ volume: JSONValue?) -> String {
    listed([
      stream["device"].string, stream["state"].string, stream["rate"].integer.map { "\($0) Hz" },
      level(stream["level_db"]), volume?.integer.map { "volume \($0) %" },
    ])
  }

  /// The quietest sample of 16 bits has -90 dB, so what is far below is no sound at all.
  private static func level(_ level: JSONValue) -> String? {
    guard let decibels = decimalText(level) else { return nil }
    if case .real(let number) = level, number < -100 { return "silent" }
    return "level \(decibels) dB"
  }

  static func uplink(_ uplink: JSONValue) -> String {
    guard let packets = uplink["packets"].integer, packets > 0 else { return "" }
    let bitrate = (uplink["bitrate"].integer ?? 0) / 100
    return listed([
      "\(packets) packets", "\(bitrate / 10).\(bitrate % 10) kbit/s",
      decimalText(uplink["loss"]).map { "\($0) % lost" },
    ])
  }

  static func downlink(_ downlink: JSONValue) -> String {
    guard let packets = downlink["packets"].integer, packets > 0 else { return "" }
    return listed([
      "\(packets) packets", downlink["lost"].integer.map { "\($0) lost" },
      downlink["concealed_ms"].integer.map { "\($0) ms concealed" },
      downlink["jitter_ms"].integer.map { "jitter \($0) ms" },
      downlink["delay_ms"].integer.map { "delay \($0) ms" },
    ])
  }

  private static func preConnect(_ preConnect: JSONValue) -> String {
    listed([
      preConnect["captured_ms"].integer.map { "\($0) ms captured" },
      preConnect["sent_ms"].integer.map { "\($0) ms sent" },
    ])
  }

  static func door(_ door: JSONValue) -> String {
    listed([
      door["contact"].string.map { "\(door["state"].string ?? "") (stands \($0))" } ?? door["state"].string,
      door["last_opened_by"].string.map { "last opened by \($0)" },
    ])
  }

  private static func memory(_ memory: JSONValue) -> String {
    listed([
      memory["rss_kb"].integer.map { memoryText(kilobytes: $0) },
      memory["anon_kb"].integer.map { "\(memoryText(kilobytes: $0)) of it its own" },
    ])
  }
}
