import Base
import JSON

/// The live screen of `monitor` as text for a terminal of any size: it shows a status, and below it the transcript.
struct MonitorScreen: Sendable {
  private static let transcriptLinesMax = 200
  /// The newest last; a segment that goes on replaces what was there of it.
  private var transcript: [(segment: String, text: String)] = []

  /// Keeps what was said, written or decided.
  mutating func take(_ event: JSONValue) {
    let identity = event["identity"].string ?? ""
    switch event["event"].string {
    case "transcript":
      let segment = event["segment"].string ?? ""
      let text = "\(identity): " + (event["text"].string ?? "")
      if let index = transcript.lastIndex(where: { $0.segment == segment && !segment.utf8.isEmpty }) {
        transcript[index].text = text
      } else {
        transcript.append((segment, text))
      }
    case "chat": transcript.append(("", "\(identity) writes: " + (event["text"].string ?? "")))
    case "door.opened", "door.refused", "door.locked_out", "door.closed", "door.forced",
      "door.left_open", "agent.missing", "room.failure",
      "call.ringing", "call.answered", "call.failed", "call.ended", "ring.started", "ring.answered",
      "ring.ended":
      transcript.append(("", EventText.render(event)))
    default: return
    }
    if transcript.count > Self.transcriptLinesMax { transcript.removeFirst() }
  }

  /// One frame: every line whole, the rest of it and of the screen cleared.
  func frame(_ status: JSONValue, columns: Int, rows: Int) -> String {
    let audio = status["audio"]
    var lines = [padded(StatusText.device(status["device"]), to: max(0, columns - 8)) + " q: quit", ""]
    for problem in StatusProblems.of(status) { lines.append(row("Problem", problem)) }
    if let mute = StatusText.mute(audio) { lines.append(row("Muted", mute)) }
    lines += [
      row("Call", StatusText.call(status["call"])), row("Room", StatusText.room(status["room"])),
      row("Agent", StatusText.agent(status["agent"])),
      row("Microphone", bar(audio["capture"], columns)), row("Speaker", bar(audio["playback"], columns)),
      row("Sent", StatusText.uplink(audio["uplink"])), row("Heard", StatusText.downlink(audio["downlink"])),
    ]
    if !audio["echo_reduced_db"].isNull { lines.append(row("Echo", StatusText.echo(audio))) }
    if let rung = named(.string(StatusText.legs(status["call"]["legs"])), { $0 }) {
      lines.append(row("Rung", rung))
    }
    if !status["ring"]["from"].isNull { lines.append(row("Rings", StatusText.ring(status["ring"]))) }
    if !status["door"].isNull { lines.append(row("Door", StatusText.door(status["door"]))) }
    lines.append("")
    let room = max(0, rows - lines.count)
    for line in transcript.suffix(room) { lines.append(line.text) }
    var text = "\u{1B}[H"
    for (index, line) in lines.prefix(max(1, rows)).enumerated() {
      text += (index == 0 ? "" : "\r\n") + cut(printable(line), to: columns) + "\u{1B}[K"
    }
    return text + "\u{1B}[J"
  }

  private func row(_ label: String, _ text: String) -> String { padded(label, to: 12) + text }

  /// `[########........] -23.4 dB`: -60 dB is empty, 0 dB full.
  private func bar(_ stream: JSONValue, _ columns: Int) -> String {
    guard let level = decimalText(stream["level_db"]) else {
      return stream["state"].string ?? ""
    }
    let width = max(4, min(40, columns - 26))
    var tenths = decimal(level.utf8.filter { isDigit($0) }) ?? 0
    if !level.utf8.contains(UInt8(ascii: ".")) { tenths *= 10 }
    let isNegative = level.utf8.first == UInt8(ascii: "-")
    let filled = isNegative ? max(0, width * (600 - tenths) / 600) : width
    var text = "["
    for index in 0..<width { text += index < filled ? "#" : "." }
    return text + "] \(level) dB"
  }

  private func cut(_ text: String, to columns: Int) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      if index == columns { return result }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
