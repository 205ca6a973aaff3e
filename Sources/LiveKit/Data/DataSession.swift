import Base
import WebRTC

/// The data channels of one session: what lives and dies with its peer connections.
struct DataSession {
  enum Kind {
    case reliable, lossy

    var label: String { self == .reliable ? "_reliable" : "_lossy" }
  }

  struct Channel {
    var peer: Room.Peer
    var id: PeerConnection.DataChannelID
    var kind: Kind
    var isOpen: Bool
  }

  var queue = ReliableQueue()
  var filter = ReceiveFilter()
  /// Ours on the publisher, opened with its first offer or when data is first allowed; the server's on either.
  var channels: [Channel] = []
  /// Ours were asked for; the server may have closed them since.
  var areRequested = false
  /// When what waits for the channel to open is given up.
  var waitingUntil: Instant?

  /// Ours, for sending.
  func channel(_ kind: Kind) -> Channel? { channels.first { $0.peer == .publisher && $0.kind == kind } }

  func index(_ peer: Room.Peer, _ id: PeerConnection.DataChannelID) -> Int? {
    channels.firstIndex { $0.peer == peer && $0.id == id }
  }

  static func kind(label: String) -> Kind? {
    switch label {
    case "_reliable": .reliable
    case "_lossy": .lossy
    default: nil
    }
  }
}
