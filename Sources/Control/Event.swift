import JSON

/// What happened. The notification is `{"time": UTC, "event": NAME, ...}`.
public enum Event: Equatable, Sendable {
  /// The daemon is ready for a call.
  case deviceStarted(version: String)
  case callState(CallState, reason: String?)
  /// The reason is a sentence; nil where the state says all.
  case roomConnection(RoomConnection, reason: String?)
  case roomFailure(RoomFailure)
  /// `excellent`, `good`, `poor` or `lost`.
  case roomQuality(String)
  /// The identities that speak now, this device's own among them.
  case roomSpeakers([String])
  case participantJoined(identity: String, kind: String)
  case participantLeft(identity: String, reason: String?)
  case trackPublished(identity: String, TrackStatus)
  case trackUnpublished(identity: String, sid: String)
  /// Its sound begins, or ends, to be received.
  case trackSubscribed(identity: String, sid: String)
  case trackUnsubscribed(identity: String, sid: String)
  case trackMuted(identity: String, sid: String, muted: Bool)
  case audioMuted(muted: Bool, hardMuted: Bool)
  case audioVolume(percent: Int)
  /// `capture` or `playback` changed its state.
  case audioDevice(stream: String, device: String, state: AudioDeviceState, reason: String?)
  /// What has a maker of its own below (`doorOpened`, `chatReceived`, ...).
  case record(name: String, [JSONValue.Member])
  /// The client read too slowly and missed as many events.
  case eventsDropped(count: Int)

  public var name: String {
    switch self {
    case .deviceStarted: "device.started"
    case .callState: "call.state"
    case .roomConnection: "room.connection"
    case .roomFailure: "room.failure"
    case .roomQuality: "room.quality"
    case .roomSpeakers: "room.speakers"
    case .participantJoined: "participant.joined"
    case .participantLeft: "participant.left"
    case .trackPublished: "track.published"
    case .trackUnpublished: "track.unpublished"
    case .trackSubscribed: "track.subscribed"
    case .trackUnsubscribed: "track.unsubscribed"
    case .trackMuted: "track.muted"
    case .audioMuted: "audio.muted"
    case .audioVolume: "audio.volume"
    case .audioDevice: "audio.device"
    case .record(let name, _): name
    case .eventsDropped: "events.dropped"
    }
  }

  /// The params of the notification. `unixMilliseconds` is the wall clock's, which the room has not.
  public func json(unixMilliseconds: Int64) -> JSONValue {
    .object(
      [
        .init("time", .string(utcText(unixMilliseconds: unixMilliseconds))), .init("event", .string(name)),
      ] + fields)
  }

  private var fields: [JSONValue.Member] {
    switch self {
    case .deviceStarted(let version): [.init("version", .string(version))]
    case .callState(let state, let reason):
      [.init("state", .string(state.rawValue)), .init("reason", .text(reason))]
    case .roomConnection(let state, let reason):
      [.init("state", .string(state.rawValue)), .init("reason", .text(reason))]
    case .roomFailure(let failure): failure.members
    case .roomQuality(let quality): [.init("quality", .string(quality))]
    case .roomSpeakers(let identities):
      [.init("identities", .array(identities.map { .string($0) }))]
    case .participantJoined(let identity, let kind):
      [.init("identity", .string(identity)), .init("kind", .string(kind))]
    case .participantLeft(let identity, let reason):
      [.init("identity", .string(identity)), .init("reason", .text(reason))]
    case .trackPublished(let identity, let track):
      [
        .init("identity", .string(identity)), .init("sid", .string(track.sid)),
        .init("kind", .string(track.kind)),
        .init("source", .string(track.source)), .init("muted", .bool(track.muted)),
      ]
    case .trackUnpublished(let identity, let sid), .trackSubscribed(let identity, let sid),
      .trackUnsubscribed(let identity, let sid):
      [.init("identity", .string(identity)), .init("sid", .string(sid))]
    case .trackMuted(let identity, let sid, let muted):
      [.init("identity", .string(identity)), .init("sid", .string(sid)), .init("muted", .bool(muted))]
    case .audioMuted(let muted, let hardMuted):
      [.init("muted", .bool(muted)), .init("hard_muted", .bool(hardMuted))]
    case .audioVolume(let percent): [.init("volume", .number(percent))]
    case .audioDevice(let stream, let device, let state, let reason):
      [
        .init("stream", .string(stream)), .init("device", .string(device)),
        .init("state", .string(state.rawValue)), .init("reason", .text(reason)),
      ]
    case .record(_, let members): members
    case .eventsDropped(let count): [.init("count", .number(count))]
    }
  }
}

/// The events of the time before a client subscribed, oldest first, as many as `recentEventsMax`.
public struct EventHistory: Sendable {
  public private(set) var recent: [JSONValue] = []

  public init() {}

  public mutating func append(_ event: JSONValue) {
    if recent.count == ControlLimits.recentEventsMax { recent.remove(at: 0) }
    recent.append(event)
  }
}
