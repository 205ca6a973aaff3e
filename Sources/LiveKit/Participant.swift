import Base

/// One participant, remote or local. The SID is the session, which the server vouches for; the identity stays the same
/// when it joins again.
public struct Participant: Equatable, Sendable {
  public enum State: Int32, Sendable {
    case joining = 0
    case joined, active, disconnected
  }
  public enum Kind: Int32, Sendable {
    case standard = 0
    case ingress, egress, sip, agent
    case connector = 7
    case bridge = 8
  }

  public var identity: Name = ""
  public var sid: Name = ""
  public var name = ""
  /// Of the local participant alone, and as long as it may be set from here.
  public var metadata = ""
  public var attributes: [String: String] = [:]
  public var state: State = .joining
  public var kind: Kind = .standard
  /// Grows with every change that the server makes; an older one never overwrites a newer one.
  public var version: UInt32 = 0
  public var permission = Permission()
  public var tracks: [RemoteTrack] = []
  public var quality: ConnectionQuality?
  /// Why the server removed it; meaningful once `state` is disconnected.
  public var disconnectReason: DisconnectReason = .unknown

  public init() {}
}

/// What the token and the server allow a participant.
public struct Permission: Equatable, Sendable {
  public var canSubscribe = false
  public var canPublish = false
  public var canPublishData = false
  public var canUpdateMetadata = false
  public var isHidden = false

  public init() {}

  /// Of a server that says nothing about it.
  static let unrestricted = {
    var permission = Permission()
    permission.canSubscribe = true
    permission.canPublish = true
    permission.canPublishData = true
    permission.canUpdateMetadata = true
    return permission
  }()
}

public enum TrackKind: Int32, Sendable {
  case audio = 0
  case video, data
}
public enum TrackSource: Int32, Sendable {
  case unknown = 0
  case camera, microphone, screenShare, screenShareAudio
}

/// A track that a remote participant publishes, subscribed or not.
public struct RemoteTrack: Equatable, Sendable {
  public var sid: Name = ""
  public var kind: TrackKind = .audio
  public var source: TrackSource = .unknown
  public var name = ""
  public var isMuted = false
  /// Such as `audio/opus`; empty until the server knows.
  public var mimeType = ""
  public var isEncrypted = false

  public init() {}
}

/// A track that we want published. It outlives reconnections; its SID does not.
public struct LocalTrack: Equatable, Sendable {
  public typealias ID = Int
  public enum State: Sendable {
    /// To be published with the next session, or as soon as permission is given.
    case waiting
    /// AddTrack and the offer are on their way.
    case publishing
    case published
    /// The server refused or withdrew it.
    case refused
  }

  public let id: ID
  public let name: String
  public let source: TrackSource
  public var isMuted: Bool
  public internal(set) var state: State = .waiting
  /// Empty unless published.
  public internal(set) var sid: Name = ""
  /// True once somebody hears it.
  public internal(set) var isHeard = false
  /// A pre-connect buffer will follow.
  var announcesPreConnect = false
  /// Announced as encrypted from end to end.
  var isEncrypted = false
  /// Names the track between AddTrack and the offer's msid; new for every session.
  var cid: Name = ""
  var mid: String?
  /// When a published track becomes overdue.
  var publishDeadline: Instant?
  /// When the server was told whether it is muted; nil once it has answered something later.
  var muteToldAt: Instant?
  /// The next frame is the first after silence.
  var startsTalkspurt = true
}

public struct RoomInfo: Equatable, Sendable {
  /// Empty until the server has given one.
  public var sid = ""
  public var name = ""
  public var metadata = ""
  public var participantCount = 0
  public var isRecording = false
  /// Of the server that answered.
  public var serverVersion = ""
  public var serverRegion = ""
  public var serverNode = ""

  public init() {}
}

/// Why a participant left, as the server says (DisconnectReason of livekit_models).
public enum DisconnectReason: Int32, Sendable {
  case unknown = 0
  case clientInitiated, duplicateIdentity, serverShutdown, participantRemoved, roomDeleted
  case stateMismatch, joinFailure, migration, signalClose, roomClosed, userUnavailable, userRejected
  case sipTrunkFailure, connectionTimeout, mediaFailure, agentError
}
