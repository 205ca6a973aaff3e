import JSON

/// The events beside connection and sound, each with its members.
///
/// | event | members |
/// |---|---|
/// | `agent.state` | identity; state: what the agent says of itself |
/// | `agent.missing` | waited_s; attempt; retry: whether the device joins anew |
/// | `pre-connect.sent` | captured_ms, sent_ms: of what was said before the agent listened |
/// | `room.recording` | on |
/// | `encryption.track` | identity, sid; state: `private`, `wrong-key` or `no-key` |
/// | `encryption.refused` | identity; what came; reason: why it was refused |
/// | `chat` | identity, text |
/// | `transcript` | identity (who spoke), segment, text, final |
/// | `data` | identity, topic, bytes |
/// | `file` | identity, topic, name, bytes; failure: why it did not arrive whole |
/// | `dtmf` | identity; digit: null where it may be part of the door's code |
/// | `rpc` | identity, method; failure: why it was refused |
/// | `door.opened` | by, how: `dtmf`, `rpc` or `local` |
/// | `door.closed` | |
/// | `door.refused` | by, how, reason: a sentence |
/// | `door.locked_out` | by; for_s: how long no code is taken |
/// | `door.forced` | its contact says that it was opened, and not by its lock |
/// | `door.left_open` | for_s: how long it has been open |
/// | `turn` | state: `open`, `closed` or `cancelled`; failure: why the agent was not told |
/// | `indicator` | show |
/// | `input` | name: `button`, `hook`, `tamper`, `mute` or `contact`; on |
/// | `hardware` | name; problem: why it does not work, null when it works again |
/// | `device.long_press` | does: what holding the button does; in_s: after how long, null where it was let go |
/// | `device.limit` | quantity: `memory`, `descriptors`, `audio` or `signalling`; value, limit; restarts: whether the process starts anew |
/// | `events.suppressed` | name; count: how many came too fast to be told of |
extension Event {
  private static func text(_ name: String, _ value: String?) -> JSONValue.Member { .init(name, .text(value)) }

  public static func agentState(identity: String, state: String?) -> Event {
    .record(name: "agent.state", [text("identity", identity), text("state", state)])
  }
  public static func agentMissing(waitedSeconds: Int, attempt: Int, retry: Bool) -> Event {
    .record(
      name: "agent.missing",
      [
        .init("waited_s", .number(waitedSeconds)), .init("attempt", .number(attempt)),
        .init("retry", .bool(retry)),
      ])
  }
  public static func preConnectSent(milliseconds: Int, capturedMilliseconds: Int) -> Event {
    .record(
      name: "pre-connect.sent",
      [.init("captured_ms", .number(capturedMilliseconds)), .init("sent_ms", .number(milliseconds))])
  }
  public static func longPress(_ use: String, inSeconds seconds: Int?) -> Event {
    .record(
      name: "device.long_press",
      [text("does", use), .init("in_s", seconds.map { .number($0) } ?? .null)])
  }
  public static func roomRecording(_ on: Bool) -> Event {
    .record(name: "room.recording", [.init("on", .bool(on))])
  }
  public static func encryptionTrack(identity: String, sid: String, state: String) -> Event {
    .record(
      name: "encryption.track", [text("identity", identity), text("sid", sid), text("state", state)])
  }
  public static func encryptionRefused(identity: String, what: String, reason: String) -> Event {
    .record(
      name: "encryption.refused",
      [text("identity", identity), text("what", what), text("reason", reason)])
  }
  public static func chat(identity: String, text content: String) -> Event {
    .record(name: "chat", [text("identity", identity), text("text", content)])
  }
  public static func transcript(identity: String, segment: String, text content: String, isFinal: Bool)
    -> Event
  {
    .record(
      name: "transcript",
      [
        text("identity", identity), text("segment", segment), text("text", content),
        .init("final", .bool(isFinal)),
      ])
  }
  public static func data(identity: String, topic: String, bytes: Int) -> Event {
    .record(
      name: "data", [text("identity", identity), text("topic", topic), .init("bytes", .number(bytes))])
  }
  public static func file(
    identity: String, topic: String, name: String, bytes: Int, failure: String?
  ) -> Event {
    .record(
      name: "file",
      [
        text("identity", identity), text("topic", topic), text("name", name), .init("bytes", .number(bytes)),
        text("failure", failure),
      ])
  }
  public static func dtmf(identity: String, digit: String?) -> Event {
    .record(name: "dtmf", [text("identity", identity), text("digit", digit)])
  }
  public static func rpc(identity: String, method: String, failure: String?) -> Event {
    .record(
      name: "rpc", [text("identity", identity), text("method", method), text("failure", failure)])
  }
  public static func doorOpened(by: String, how: String) -> Event {
    .record(name: "door.opened", [text("by", by), text("how", how)])
  }
  public static var doorClosed: Event { .record(name: "door.closed", []) }
  public static func doorRefused(by: String, how: String, reason: String) -> Event {
    .record(name: "door.refused", [text("by", by), text("how", how), text("reason", reason)])
  }
  public static func doorLockedOut(by: String, seconds: Int) -> Event {
    .record(name: "door.locked_out", [text("by", by), .init("for_s", .number(seconds))])
  }
  public static var doorForced: Event { .record(name: "door.forced", []) }
  public static func doorLeftOpen(seconds: Int) -> Event {
    .record(name: "door.left_open", [.init("for_s", .number(seconds))])
  }
  public static func turn(state: String, failure: String?) -> Event {
    .record(name: "turn", [text("state", state), text("failure", failure)])
  }
  public static func indicator(show: String) -> Event {
    .record(name: "indicator", [text("show", show)])
  }
  public static func input(name: String, on: Bool) -> Event {
    .record(name: "input", [text("name", name), .init("on", .bool(on))])
  }
  public static func hardware(name: String, problem: String?) -> Event {
    .record(name: "hardware", [text("name", name), text("problem", problem)])
  }
  public static func deviceLimit(quantity: String, value: Int, limit: Int, restarts: Bool) -> Event {
    .record(
      name: "device.limit",
      [
        text("quantity", quantity), .init("value", .number(value)), .init("limit", .number(limit)),
        .init("restarts", .bool(restarts)),
      ])
  }
  public static func eventsSuppressed(name: String, count: Int) -> Event {
    .record(name: "events.suppressed", [text("name", name), .init("count", .number(count))])
  }
}
