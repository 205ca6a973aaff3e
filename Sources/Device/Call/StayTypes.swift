import Base
import Configuration
import Control
import LiveKit

/// What goes into a stay and what comes out of it.
extension Stay {
  enum Phase: Equatable, Sendable {
    case away
    /// A token is being fetched; nothing is dialled.
    case wanting
    /// The room dials, and dials again by itself after what it retries.
    case dialling
    case joined
    /// Something was lost, and the room is on its way back by itself.
    case interrupted(Interruption)
    /// An attempt ended for good; the next one, with a token fetched anew, is due in a moment.
    case waiting
    case leaving
    /// The stay is over. What is due all the same is a stay of its own.
    case failed
  }

  enum Interruption: Equatable, Sendable {
    /// The session and its media go on; only the server does not hear us.
    case signalling
    /// The session goes on without media.
    case media
    /// The room is joined anew.
    case session

    var code: String { self == .signalling ? "signal-interrupted" : "media-interrupted" }
  }

  /// What was asked for: another server or token than the configured ones, for this stay only.
  struct Wish: Equatable, Sendable {
    var url: String?
    var token: String?
    /// Where somebody waits for this device.
    var room: String?

    static let configured = Wish()
  }

  enum Event: Equatable {
    /// The process is up.
    case start
    /// By the control socket, a method of ours or a key; an action answers whoever asked.
    case asked(Wish, by: Asker)
    /// The visitor's button went down; `isAnswered`: somebody can be heard.
    case pressed(isAnswered: Bool)
    case handset(isLifted: Bool)
    /// The reason is nil if somebody asked for it.
    case leave(reason: String?)
    /// For as long as the call waits for one.
    case nobodyCame(joinsAnew: Bool)
    /// The configuration was read anew; `isConcerned`: a key of the token or the session has changed.
    case reloaded(isConcerned: Bool)
    case terminate
    case secretRead(Result<String, TokenFileFailure>)
    case endpointAnswered(request: Int, EndpointAnswer)
    /// The room did not take what `.dial` gave it.
    case notDialled(RoomFailure)
    case connected
    case interrupted(Interruption, reason: String?)
    /// An attempt of the room or its session failed; without a time the room does not try again, and closes.
    case attemptFailed(RoomFailure, retryInMilliseconds: Int?)
    case roomClosed(reason: String?)
    case timeout
  }

  enum Action: Equatable {
    /// A stay begins: a call is counted, and what is said from now on is kept. `isAnew`: the one before it had nobody.
    case begin(isAnew: Bool)
    /// How it stands, for everybody to see; the reason is a sentence.
    case show(Phase, RoomConnection, reason: String?)
    case dial(url: String, token: String)
    case leaveRoom
    case readSecret(path: String)
    case post(TokenRequest)
    /// The request is taken; the connection as it is now is the answer.
    case accept(Asker, RoomConnection)
    case refuse(Asker, code: String, message: String)
    case tell(RoomFailure)
    case note(LogEntry.Priority, String)
  }

  /// The time by both clocks. The wall clock is read whenever it is needed, as it may be put right at any moment.
  struct Moment: Equatable, Sendable {
    var now: Instant
    var unixSeconds: Int64
  }

  struct Queued: Equatable {
    var wish: Wish
    var asker: Asker
  }

  /// What follows when the room is closed.
  enum AfterLeaving: Equatable {
    case rest
    case joinAnew
    case fail(RoomFailure)
  }
}

/// What became of a request to the token endpoint.
enum EndpointAnswer: Equatable, Sendable {
  case answered(status: Int, body: [UInt8])
  case failed(TransportFailure)
}

extension Settings {
  /// How the device stays: one that stands by in its room is there as if it were always on, call or no call.
  var stayMode: SessionMode { ring.standby == .room ? .alwaysOn : session.mode }

  /// As if the wish's room were the configured one.
  func joining(_ wish: Stay.Wish) -> Settings {
    var settings = self
    if let room = wish.room { settings.session.room = room }
    return settings
  }
}

extension Stay {
  /// 0 ... 999, of the device's id: the same at each start, another one on each device (FNV-1a).
  static func spreadMilliseconds(ofDevice id: String) -> Int {
    var hash: UInt32 = 2_166_136_261
    for byte in Array(id.utf8) { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return Int(hash % 1000)
  }
}

extension Stay.Phase {
  /// Whether the room was dialled and is expected to move.
  var isDialled: Bool {
    switch self {
    case .dialling, .joined, .interrupted: true
    case .away, .wanting, .waiting, .leaving, .failed: false
    }
  }

  /// Whether the session that was joined lives, with media or without.
  var isInRoom: Bool {
    switch self {
    case .joined, .interrupted(.signalling), .interrupted(.media): true
    default: false
    }
  }

  /// How the connection is shown in this phase, which follows on one in which it was shown as `before`.
  func connection(after before: RoomConnection, wasConnected: Bool) -> RoomConnection {
    switch self {
    case .away, .failed: .disconnected
    case .wanting, .dialling: wasConnected || before == .reconnecting ? .reconnecting : .connecting
    case .joined: .connected
    case .interrupted(let what): what == .session ? .reconnecting : .resuming
    case .waiting: .reconnecting
    case .leaving: before
    }
  }
}
