import Base
import JSON
import Testing

@testable import Control

@Suite("The live screen")
struct MonitorTests {
  private func shown(_ steps: [Conversation.Step]) -> String {
    steps.map { if case .print(let text) = $0 { text } else { "" } }.joined()
  }

  private func drain(_ monitor: inout Monitor) -> [Conversation.Step] {
    var steps: [Conversation.Step] = []
    while let step = monitor.poll() { steps.append(step) }
    return steps
  }

  /// A frame as a terminal of that size would show it.
  private func frame(columns: Int, rows: Int, events: [JSONValue] = []) -> [String] {
    var monitor = Monitor(now: Instant(microseconds: 0))
    _ = drain(&monitor)
    monitor.handleTimeout(columns: columns, rows: rows, now: Instant(microseconds: 0))
    _ = drain(&monitor)
    for event in events { monitor.receive(Reply.event(event)) }
    monitor.receive(Reply.result(busyStatus().json, to: .number(2)))
    monitor.handleTimeout(columns: columns, rows: rows, now: Instant(microseconds: 1_000_000))
    let text = shown(drain(&monitor)).replacing("\u{1B}[H", with: "").replacing("\u{1B}[K", with: "")
      .replacing("\u{1B}[J", with: "")
    return text.split(separator: "\r\n", omittingEmptySubsequences: false).map { String($0) }
  }

  @Test("bars, call and figures")
  func whole() {
    let lines = frame(columns: 100, rows: 30)
    #expect(lines[0].hasPrefix("lobby-3, simulated board") && lines[0].hasSuffix("q: quit"))
    #expect(
      lines.contains { $0.hasPrefix("Microphone  [########################................] -23.4 dB") })
    #expect(lines.contains("Agent       concierge, listening"))
    #expect(lines.contains { $0.contains("jitter 12 ms") })
  }

  @Test("every frame fits its terminal", arguments: [(20, 5), (80, 24), (1, 1), (200, 60), (40, 12)])
  func fits(columns: Int, rows: Int) {
    let said = Event.transcript(
      identity: "bot", segment: "s", text: String(repeating: "w", count: 300), isFinal: true)
    let lines = frame(columns: columns, rows: rows, events: [said.json(unixMilliseconds: 0)])
    #expect(lines.count <= rows && lines.allSatisfy { $0.unicodeScalars.count <= columns })
  }

  @Test("who is told to end puts the screen back first")
  func interrupted() {
    var monitor = Monitor(now: Instant(microseconds: 0))
    _ = drain(&monitor)
    monitor.handleInterruption()
    #expect(drain(&monitor) == [.print("\u{1B}[?25h\u{1B}[?1049l"), .finish(.failed)])
  }

  @Test("a segment that goes on replaces itself, and what others say moves no cursor")
  func transcript() {
    let said = { (segment: String, text: String) in
      Event.transcript(identity: "bot", segment: segment, text: text, isFinal: false).json(
        unixMilliseconds: 0)
    }
    let lines = frame(
      columns: 80, rows: 40, events: [said("1", "Good"), said("1", "Good day"), said("2", "\u{1B}[2J\nx")])
    #expect(lines.suffix(2) == ["bot: Good day", "bot: .[2J.x"])
  }

  @Test("what the contact of the door tells is there")
  func door() {
    let lines = frame(
      columns: 100, rows: 40,
      events: [Event.doorForced, .doorLeftOpen(seconds: 60)].map { $0.json(unixMilliseconds: 0) })
    #expect(lines.suffix(2).map { $0.contains("door.forced") } == [true, false])
    #expect(lines.last?.hasSuffix("door.left_open   it has been open for 1 min 0 s") == true)
  }

  @Test(
    "q, Control-C and the end of the connection leave the terminal as it was",
    arguments: [113, 81, 3, 0] as [UInt8])
  func quits(key: UInt8) {
    var monitor = Monitor(now: Instant(microseconds: 0))
    #expect(shown(drain(&monitor)).contains("\u{1B}[?1049h"))
    monitor.handle(key: 65)
    #expect(monitor.poll() == nil)
    if key == 0 { monitor.handleEnd() } else { monitor.handle(key: key) }
    let steps = drain(&monitor)
    #expect(steps.first == .print("\u{1B}[?25h\u{1B}[?1049l"))
    #expect(steps.last == .finish(key == 0 ? .unreachable : .done))
  }

  @Test("a daemon that does not answer is given up")
  func silence() {
    var monitor = Monitor(now: Instant(microseconds: 0))
    for second in 0...6 {
      monitor.handleTimeout(columns: 80, rows: 24, now: Instant(microseconds: Int64(second) * 1_000_000))
    }
    let steps = drain(&monitor)
    #expect(steps.last == .finish(.unreachable))
    #expect(steps.filter { if case .send = $0 { true } else { false } }.count == 2)
  }
}
