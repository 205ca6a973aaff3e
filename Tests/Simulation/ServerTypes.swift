import Base
import WebRTC

@testable import LiveKit

/// Somebody else in the room: an agent, a telephone, a person, each as the server tells of them.
final class Guest {
  enum Kind: Int {
    case standard = 0
    case sip = 3
    case agent = 4
  }
  let identity: String
  let sid: String
  let kind: Kind
  var track: String?
  var version = 1
  /// The device was told.
  var isAnnounced = false
  var speaksSince: Instant?
  var isSpeaking: Bool { speaksSince != nil }
  var spoken = 0

  init(_ identity: String, _ sid: String, _ kind: Kind) {
    self.identity = identity
    self.sid = sid
    self.kind = kind
  }

  func info(hasLeft: Bool = false) -> Wire {
    var wire = Wire().text(1, sid).text(2, identity).number(3, hasLeft ? 3 : 2)
    if let track, !hasLeft {
      wire = wire.message(
        4, Wire().text(1, track).number(2, 0).text(3, "voice").number(9, 2).text(11, "audio/opus"))
    }
    return wire.number(10, version).message(11, Wire().flag(1, true).flag(2, true).flag(3, true))
      .number(14, kind.rawValue)
  }
}

/// A connection of the device's, as the server has it.
final class ServerConnection {
  let number: Int
  let toDevice: Pipe
  let toServer: Pipe
  var isOpen = true
  weak var session: ServerSession?

  init(_ number: Int, _ clock: Clockwork, _ link: Link) {
    self.number = number
    toDevice = Pipe(clock, link)
    toServer = Pipe(clock, link)
  }
}

/// The device's own place in the room.
final class ServerSession {
  let sid: String
  let isOne: Bool
  var connection: ServerConnection?
  var publisher: ModelPeer?
  var subscriber: ModelPeer?
  var publisherAddress: SocketAddress?
  var subscriberAddress: SocketAddress?
  var tracks: [(cid: String, sid: String, isMuted: Bool)] = []
  var wanted: [String] = []
  var unwanted: [String] = []
  var version = 1
  var heardAt: Instant
  var mediaAt: Instant
  var offerID = 1
  var awaitsAnswer = false
  var offersAgain = false
  var changeDue = false
  /// What an answer or offer said last of what is forwarded.
  var sections: [ModelDescription.Section] = []
  var joinedAt: Instant

  init(_ sid: String, isOne: Bool, _ now: Instant) {
    self.sid = sid
    self.isOne = isOne
    heardAt = now
    mediaAt = now
    joinedAt = now
  }

  /// The peer connection that sends to the device.
  var down: ModelPeer? { isOne ? publisher : subscriber }
}
