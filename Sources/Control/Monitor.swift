import Base
import JSON

/// What `monitor` says to the daemon and draws, without socket or terminal: feed it bytes, keys and the time, and do
/// the steps that `poll` gives.
public struct Monitor: Sendable {
  /// When `handleTimeout` is due.
  public private(set) var deadline: Instant
  private var screen = MonitorScreen()
  private var lines = LineBuffer(lineBytesMax: ControlLimits.replyLineBytesMax)
  private var steps: [Conversation.Step] = []
  private var status = JSONValue.null
  private var isFinished = false
  /// When the answer that is waited for was asked for.
  private var askedAt: Instant?

  private static let frameMilliseconds = 200
  private static let answerMillisecondsMax = 5000
  private static let subscribeID: Int64 = 1
  private static let statusID: Int64 = 2
  /// The other screen, without a cursor; and back.
  private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
  private static let leave = "\u{1B}[?25h\u{1B}[?1049l"

  public init(now: Instant) {
    deadline = now
    steps = [.print(Self.enter), .send(Request.eventsSubscribe.line(id: Self.subscribeID))]
  }

  public mutating func poll() -> Conversation.Step? { steps.isEmpty ? nil : steps.removeFirst() }

  public mutating func receive(_ bytes: [UInt8]) {
    lines.append(bytes)
    while !isFinished, let line = lines.next() {
      guard let message = try? ServerMessage.parse(line) else {
        return finish(.unreachable, "what answers does not speak lintel's protocol")
      }
      switch message {
      case .result(.number(Self.statusID), let result):
        status = result
        askedAt = nil
      case .result(_, let result):
        for event in result["recent"].array { screen.take(event) }
      case .event(let event): screen.take(event)
      case .failure(_, let code, let message, _):
        finish(code == Int64(ControlFailure.notAllowedCode) ? .notAllowed : .failed, message)
      }
    }
    if lines.isBroken { finish(.unreachable, "what answers does not speak lintel's protocol") }
  }

  /// q, or what Control-C sends to a raw terminal, ends it.
  public mutating func handle(key: UInt8) {
    if key == UInt8(ascii: "q") || key == UInt8(ascii: "Q") || key == 3 { finish(.done, nil) }
  }

  /// The program is told to end; the screen is put back first.
  public mutating func handleInterruption() { finish(.failed, nil) }

  public mutating func handleEnd() {
    finish(.unreachable, "the daemon closed the connection; it may have stopped or restarted")
  }

  /// Draws for a terminal of this size, and asks for what the next frame shows.
  public mutating func handleTimeout(columns: Int, rows: Int, now: Instant) {
    guard !isFinished, now >= deadline else { return }
    if let askedAt, now.milliseconds(since: askedAt) > Self.answerMillisecondsMax {
      return finish(.unreachable, "the daemon does not answer")
    }
    if !status.isNull { steps.append(.print(screen.frame(status, columns: columns, rows: rows))) }
    if askedAt == nil {
      askedAt = now
      steps.append(.send(Request.status.line(id: Self.statusID)))
    }
    deadline = now.advanced(byMilliseconds: status.isNull ? 20 : Self.frameMilliseconds)
  }

  private mutating func finish(_ code: ExitCode, _ message: String?) {
    guard !isFinished else { return }
    isFinished = true
    steps.append(.print(Self.leave))
    if let message { steps.append(.complain("lintelctl: \(printable(message))\n")) }
    steps.append(.finish(code))
  }
}
