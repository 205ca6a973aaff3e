import JSON

/// The events of calls that are made and taken.
///
/// | event | members |
/// |---|---|
/// | `call.ringing` | target, identity; for_s: how long it is rung |
/// | `call.answered` | target, identity; after_ms |
/// | `call.failed` | target; code: `busy`, `refused`, `no-such-number`, `unreachable`, `unanswered` ...; words |
/// | `call.ended` | target; by: `here` or `there`; seconds |
/// | `phone.status` | identity; status: what its bridge says of it |
/// | `ring.started` | from, kind; for_s: how long it rings |
/// | `ring.answered` | from; by: `button`, `handset`, `command`, `rpc` or `auto` |
/// | `ring.ended` | from, reason |
/// | `keypad.dialled` | digits: so far; empty when they were taken back |
/// | `webhook.refused` | kind, reason |
extension Event {
  public static func callRinging(target: String, identity: String, seconds: Int) -> Event {
    .record(
      name: "call.ringing",
      [
        .init("target", .string(target)), .init("identity", .string(identity)),
        .init("for_s", .number(seconds)),
      ])
  }
  public static func callAnswered(target: String, identity: String, afterMilliseconds: Int) -> Event {
    .record(
      name: "call.answered",
      [
        .init("target", .string(target)), .init("identity", .string(identity)),
        .init("after_ms", .number(afterMilliseconds)),
      ])
  }
  public static func callFailed(target: String, code: String, words: String) -> Event {
    .record(
      name: "call.failed",
      [.init("target", .string(target)), .init("code", .string(code)), .init("words", .string(words))])
  }
  public static func callEnded(target: String, by: String, seconds: Int) -> Event {
    .record(
      name: "call.ended",
      [.init("target", .string(target)), .init("by", .string(by)), .init("seconds", .number(seconds))])
  }
  public static func phoneStatus(identity: String, status: String) -> Event {
    .record(name: "phone.status", [.init("identity", .string(identity)), .init("status", .string(status))])
  }
  public static func ringStarted(from: String, kind: String, timeoutSeconds: Int) -> Event {
    .record(
      name: "ring.started",
      [.init("from", .string(from)), .init("kind", .string(kind)), .init("for_s", .number(timeoutSeconds))])
  }
  public static func ringAnswered(from: String, by: String) -> Event {
    .record(name: "ring.answered", [.init("from", .string(from)), .init("by", .string(by))])
  }
  public static func ringEnded(from: String, reason: String) -> Event {
    .record(name: "ring.ended", [.init("from", .string(from)), .init("reason", .string(reason))])
  }
  public static func keypadDialled(digits: String) -> Event {
    .record(name: "keypad.dialled", [.init("digits", .string(digits))])
  }
  public static func webhookRefused(kind: String, reason: String) -> Event {
    .record(name: "webhook.refused", [.init("kind", .string(kind)), .init("reason", .string(reason))])
  }
}
