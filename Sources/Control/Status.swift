import JSON

/// Everything that `status` tells. Whatever is nil is sent as null: a client finds the same members always.
public struct Status: Equatable, Sendable {
  public var device = DeviceStatus()
  public var call = CallStatus()
  public var ring = RingStatus()
  public var room = RoomStatus()
  public var participant = LocalParticipantStatus()
  public var agent: AgentStatus?
  /// The others in the room. Beyond `statusParticipantsMax` they are only counted.
  public var participants: [ParticipantStatus] = []
  public var encryption = EncryptionStatus()
  public var audio = AudioStatus()
  public var door: DoorStatus?
  public var board = BoardStatus()
  public var memory = MemoryStatus()

  public init() {}
}

public struct DeviceStatus: Equatable, Sendable {
  public var id = ""
  public var board = ""
  public var version = ""
  public var uptimeSeconds = 0
  /// The deadline that comes next, by its name, and how long it is until then; nil if none is set.
  public var next: NextDeadline?

  public init() {}
}

/// What the device waits for by the clock.
public struct NextDeadline: Equatable, Sendable {
  /// Such as `retry` or `idle-timeout`.
  public var name: String
  public var milliseconds: Int

  public init(name: String, milliseconds: Int) {
    self.name = name
    self.milliseconds = milliseconds
  }
}

public struct CallStatus: Equatable, Sendable {
  public var state = CallState.idle
  /// Seconds in that state.
  public var sinceSeconds = 0
  /// Why it is in that state, as a sentence without its full stop; nil if there is nothing to say.
  public var reason: String?
  public var isHeld = false
  /// Those whom the device rings, or rang.
  public var legs: [LegStatus] = []

  public init() {}
}

public struct LegStatus: Equatable, Sendable {
  public var target: String
  public var identity: String
  /// `dialling`, `ringing`, `answered` or `ending`.
  public var state: String
  public var sinceSeconds: Int

  public init(target: String, identity: String, state: String, sinceSeconds: Int) {
    self.target = target
    self.identity = identity
    self.state = state
    self.sinceSeconds = sinceSeconds
  }
}

/// Whether somebody rings this device.
public struct RingStatus: Equatable, Sendable {
  /// `off`, `room` or `webhook`: how it would learn of it.
  public var standby = "off"
  /// nil: nobody rings.
  public var from: String?
  public var kind: String?
  public var sinceSeconds: Int?

  public init() {}
}

public enum CallState: String, CaseIterable, Sendable {
  case idle, connecting
  case waitingAgent = "waiting-agent"
  case talking, ending, failed
}

public struct RoomStatus: Equatable, Sendable {
  public var name: String?
  public var sid: String?
  public var connection = RoomConnection.disconnected
  /// The server's URL.
  public var server: String?
  public var region: String?
  /// `excellent`, `good`, `poor` or `lost`.
  public var quality: String?
  public var roundTripMilliseconds: Int?
  public var reconnects = 0
  /// Sessions that went on after a loss, beside those.
  public var resumes = 0
  /// What is wrong with the connection now; nil if it is as it should be.
  public var failure: RoomFailure?

  public init() {}
}

/// How the room is connected. Connected means that media flows, not that a handshake ended.
public enum RoomConnection: String, CaseIterable, Sendable {
  case disconnected, connecting, connected, resuming, reconnecting
}

/// Why the room was not reached, or was lost.
public struct RoomFailure: Equatable, Sendable {
  /// For programs, such as `token.expired` or `dns.unknown-host`.
  public var code: String
  /// For a technician: one sentence without its full stop, with the server's own words where there are any.
  public var message: String
  /// Whether the daemon goes on trying by itself.
  public var retriable: Bool
  /// Until the next attempt, if there will be one.
  public var retryInMilliseconds: Int?

  public init(code: String, message: String, retriable: Bool, retryInMilliseconds: Int? = nil) {
    self.code = code
    self.message = message
    self.retriable = retriable
    self.retryInMilliseconds = retryInMilliseconds
  }
}

public struct LocalParticipantStatus: Equatable, Sendable {
  public var identity: String?
  public var sid: String?

  public init() {}
}

public struct AgentStatus: Equatable, Sendable {
  public var identity: String
  /// What the agent says of itself, such as `listening`; nil if it says nothing.
  public var state: String?

  public init(identity: String, state: String?) {
    self.identity = identity
    self.state = state
  }
}

public struct ParticipantStatus: Equatable, Sendable {
  public var identity: String
  public var sid: String
  public var name: String?
  /// `standard`, `agent`, `sip`, ...
  public var kind: String
  public var isSpeaking = false
  public var tracks: [TrackStatus] = []

  public init(identity: String, sid: String, kind: String) {
    self.identity = identity
    self.sid = sid
    self.kind = kind
  }
}

public struct TrackStatus: Equatable, Sendable {
  public var sid: String
  public var name: String?
  /// `audio` or `video`.
  public var kind: String
  /// `microphone`, `camera`, `screen-share`, ...
  public var source: String
  public var muted: Bool
  public var subscribed: Bool
  /// `clear`; of what is encrypted `private`, `encrypted` until something of it has come, `wrong-key` or `no-key`.
  public var privacy: String

  public init(
    sid: String, name: String?, kind: String, source: String, muted: Bool, subscribed: Bool,
    privacy: String = "clear"
  ) {
    self.sid = sid
    self.name = name
    self.kind = kind
    self.source = source
    self.muted = muted
    self.subscribed = subscribed
    self.privacy = privacy
  }
}

public struct AudioStatus: Equatable, Sendable {
  public var muted = false
  public var hardMuted = false
  public var volumePercent = 0
  /// Of the echo canceller: `off`, `waiting`, `active`, `no-reference`, `no-time` or `not-available`; and what it takes away.
  public var canceller = "off"
  public var echoReducedDecibels: Int?
  public var capture = AudioDeviceStatus()
  public var playback = AudioDeviceStatus()
  public var uplink = UplinkStatus()
  public var downlink = DownlinkStatus()
  public var preConnect: PreConnectStatus?

  public init() {}
}

public struct AudioDeviceStatus: Equatable, Sendable {
  public var device = ""
  public var state = AudioDeviceState.stopped
  /// Why it is absent.
  public var reason: String?
  /// What was agreed with the card, in one line, while it runs.
  public var parameters: String?
  public var rateHertz: Int?
  /// Tenths of a decibel relative to full scale.
  public var levelTenthsDecibel: Int?

  public init() {}
}

public enum AudioDeviceState: String, CaseIterable, Sendable {
  case stopped, running
  /// There is no such device; it is waited for.
  case absent
}

public struct UplinkStatus: Equatable, Sendable {
  public var packets = 0
  public var bitrateBitsPerSecond = 0
  /// What the server reports lost, in tenths of a percent; nil before its first report.
  public var lossTenthsPercent: Int?
  /// Of the microphone's clock against this machine's; 0 until it is learned.
  public var driftPartsPerMillion = 0

  public init() {}
}

public struct DownlinkStatus: Equatable, Sendable {
  public var packets = 0
  public var lost = 0
  public var concealedMilliseconds = 0
  public var jitterMilliseconds = 0
  /// From the wire to the speaker.
  public var delayMilliseconds = 0
  /// Of the sender's clock against the speaker's; 0 until it is learned.
  public var driftPartsPerMillion = 0

  public init() {}
}

public struct PreConnectStatus: Equatable, Sendable {
  public var capturedMilliseconds: Int
  public var sentMilliseconds: Int

  public init(capturedMilliseconds: Int, sentMilliseconds: Int) {
    self.capturedMilliseconds = capturedMilliseconds
    self.sentMilliseconds = sentMilliseconds
  }
}

public struct DoorStatus: Equatable, Sendable {
  public var state: String
  public var lastOpenedBy: String?
  /// The door itself; nil: it has no contact, or that cannot be read.
  public var contactIsOpen: Bool?
  public var alarm: String?

  public init(state: String, lastOpenedBy: String?, contactIsOpen: Bool? = nil, alarm: String? = nil) {
    self.state = state
    self.lastOpenedBy = lastOpenedBy
    self.contactIsOpen = contactIsOpen
    self.alarm = alarm
  }
}

/// The hardware beside sound: what there is by its name, in the order of the documentation.
public struct BoardStatus: Equatable, Sendable {
  /// Whether each is on.
  public var inputs: [JSONValue.Member] = []
  public var outputs: [JSONValue.Member] = []
  /// What is shown.
  public var indicator = "off"
  /// How each light shows it: two seconds in sixteen steps, `#` for on.
  public var lights: [JSONValue.Member] = []
  /// What does not work, as sentences without their full stops.
  public var problems: [JSONValue] = []

  public init() {}
}

public struct MemoryStatus: Equatable, Sendable {
  /// Resident, and the part of it that is the process's own.
  public var residentKilobytes: Int?
  public var anonymousKilobytes: Int?

  public init() {}
}
