import Base
import Configuration

/// The attempts of one stay: how many failed, with which token the present one is made, and when the device itself
/// makes the next. The room's own attempts are the room's.
struct Attempts: Equatable {
  private(set) var due: Instant?
  /// The token of the present one.
  private(set) var ticket: TokenTicket?
  private(set) var wasConnected = false
  private var beganAt: Instant?
  /// In a row, that ended for good.
  private var failures = 0
  private let spreadMilliseconds: Int

  init(spreadMilliseconds: Int) { self.spreadMilliseconds = spreadMilliseconds }

  /// The first one of a stay.
  mutating func begin(now: Instant) {
    self = Attempts(spreadMilliseconds: spreadMilliseconds)
    beganAt = now
  }

  func milliseconds(now: Instant) -> Int { beganAt.map { now.milliseconds(since: $0) } ?? Int.max }

  /// Another one, or none any more.
  mutating func clear() {
    due = nil
    ticket = nil
  }

  mutating func dial(with ticket: TokenTicket) { self.ticket = ticket }

  mutating func succeeded() {
    failures = 0
    wasConnected = true
    // What the server took once is not exchanged because it refuses it later.
    ticket?.isWarm = false
  }

  /// What follows, and milliseconds until the next one; nil: there is none.
  mutating func failed(
    _ code: String, _ mode: SessionMode, tokenIsGiven: Bool, now: Instant
  ) -> (ComeBack, pause: Int?) {
    failures = min(failures + 1, Int.max - 1)
    let next = ComeBack.after(
      code,
      .init(
        mode: mode, tokenIsGiven: tokenIsGiven, tokenIsWarm: ticket?.isWarm == true, failures: failures))
    clear()
    let pause = next.milliseconds.map { $0 == 0 ? 0 : $0 + spreadMilliseconds }
    due = pause.map { now.advanced(byMilliseconds: $0) }
    return (next, pause)
  }
}
