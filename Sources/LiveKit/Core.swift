import Base
import WebRTC

/// Everything that changes in a room. One value, so that nothing hides in the object.
struct Core {
  /// What the room is doing. The public state follows from it.
  enum Phase {
    case idle
    case dialling(until: Instant)
    /// The WebSocket did not open; the server is asked why.
    case validating(until: Instant, TransportFailure)
    case awaitingJoin(until: Instant)
    case connectingMedia(until: Instant)
    case connected(since: Instant)
    /// Media stopped while the session lives. Its natural successor is a resume: redialling with the session's SID
    /// and restarting ICE. Until that exists, the peer connections may come back by themselves before `until`.
    case interrupted(until: Instant, connectedSince: Instant)
    case waiting(until: Instant)
    case leaving(until: Instant)
  }

  var phase = Phase.idle
  var state = ConnectionState.disconnected
  var lastFailure: Failure?
  var outputs: [Room.Output] = []
  var nextOutput = 0

  // Of one `join`.
  var url: ServerURL?
  var tokens: Tokens?
  /// Attempts since the connection was last stable, the present one included.
  var attempt = 0
  var hasBeenConnected = false

  // Ids of connections and requests; never used again.
  var connection = 0
  var request = 0

  var session = Session()
  var info = RoomInfo()
  var directory: Directory
  var subscriptions: SubscriptionTable
  var speakers: [Speaker] = []
  var audio: AudioQueue
  /// One of each local track.
  var uplinks: [LocalUplink] = []
  var localTracks: [LocalTrack] = []
  var nextTrackID = 1
  var rpc = RPCTables()
  /// `dataFailed` was told, and nothing has got through since.
  var dataIsFailing = false
  var statistics = Statistics()
  var stateRequests = StateRequests()
  var streams: Streams
  var seenAgent: SeenAgent?

  init(limits: Limits, wholeTextTopics: [Name]) {
    streams = Streams(limits: limits, wholeTextTopics: wholeTextTopics)
    directory = Directory(participantsMax: limits.participantsMax)
    audio = AudioQueue(packetsMax: limits.receivedAudioPacketsMax)
    subscriptions = SubscriptionTable(slotsMax: limits.subscriptionsMax)
  }

  func localTrack(_ id: LocalTrack.ID) -> LocalTrack? { localTracks.first { $0.id == id } }

  /// Its place among the uplinks; nil of a track that there is not.
  func uplink(_ track: LocalTrack.ID) -> Int? { uplinks.firstIndex { $0.track == track } }
}

/// What lives and dies with one WebSocket.
struct Session {
  enum Socket { case none, opening, open }

  var socket = Socket.none
  var keepalive = Keepalive()
  var publisher: (any MediaPeer)?
  var subscriber: (any MediaPeer)?
  var publisherWait: Instant?
  var subscriberWait: Instant?
  /// Until when a publisher that was started after the session must be up.
  var publisherDeadline: Instant?
  /// A peer connection was closed by the server: the session is lost at that time, unless signalling says why before.
  var dismissal: (failure: Failure, until: Instant)?
  var subscriberPrimary = true
  var canonicalName = ""
  var negotiation = Negotiation()
  var stun = STUNServers()
  var data = DataSession()
  /// Audio of sections whose participant is not known yet.
  var earlyAudio: [PeerConnection.ReceivedAudio] = []

  subscript(peer: Room.Peer) -> (any MediaPeer)? {
    get { peer == .publisher ? publisher : subscriber }
    set { if peer == .publisher { publisher = newValue } else { subscriber = newValue } }
  }
}

/// Our offers on the publisher: one at a time.
struct Negotiation {
  var nextID: UInt32 = 1
  var outstanding: (id: UInt32, until: Instant)?
  /// Something changed while an offer was under way.
  var again = false
}
