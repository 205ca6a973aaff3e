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
    /// Media stopped while the session lives: by itself, by an ICE restart or by a resume it has to come back before
    /// `until`.
    case interrupted(until: Instant, connectedSince: Instant)
    case waiting(until: Instant)
    case leaving(until: Instant)

    var isInterrupted: Bool { if case .interrupted = self { true } else { false } }
  }

  var phase = Phase.idle
  var state = ConnectionState.disconnected
  var lastFailure: Failure?
  var outputs: [Room.Output] = []
  var nextOutput = 0

  // Of one `join`.
  var url: ServerURL?
  var region = RegionChoice()
  var tokens: Tokens?
  /// Attempts since the connection was last stable, the present one included.
  var attempt = 0
  var hasBeenConnected = false
  /// Those that answered signalling version 1 with 404, the newest last.
  var oldServers: [ServerURL] = []
  /// Until when attempts are made without pauses where nobody answers.
  var eagerUntil: Instant?
  /// How long the last WebSocket that opened took.
  var usualDialMilliseconds: Int?

  // Ids of connections and requests; never used again.
  var connection = 0
  var request = 0

  var signalling = Signalling()
  var media = Media()
  /// The session goes on without signalling: the way back to it.
  var resume: Resume?
  /// What waits for that.
  var held = HeldRequests()
  var rollCall: RollCall?
  var info = RoomInfo()
  var directory: Directory
  var choice: SubscriptionChoice
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
  var encryption = Encryption()
  var seenAgent: SeenAgent?

  init(limits: Limits, wholeTextTopics: [Name]) {
    streams = Streams(limits: limits, wholeTextTopics: wholeTextTopics)
    directory = Directory(participantsMax: limits.participantsMax)
    audio = AudioQueue(packetsMax: limits.receivedAudioPacketsMax)
    choice = SubscriptionChoice(tracksMax: limits.subscriptionsMax)
    subscriptions = SubscriptionTable(slotsMax: limits.subscriptionsMax)
  }

  /// What is dialled.
  var server: ServerURL? { region.current ?? url }

  func localTrack(_ id: LocalTrack.ID) -> LocalTrack? { localTracks.first { $0.id == id } }

  var connectedSince: Instant? {
    switch phase {
    case .connected(let since), .interrupted(_, let since): since
    default: nil
    }
  }

  /// Its place among the uplinks; nil of a track that there is not.
  func uplink(_ track: LocalTrack.ID) -> Int? { uplinks.firstIndex { $0.track == track } }
}

/// What lives and dies with one WebSocket.
struct Signalling {
  enum Socket { case none, opening, open }

  var socket = Socket.none
  var keepalive = Keepalive()
  var dialledAt = Instant(microseconds: 0)
}

/// What lives and dies with the peer connections of one session, however many WebSockets it sees.
struct Media {
  /// One peer connection carries everything, and we offer it.
  var isOnlyPublisher = false
  /// Until when its sockets are waited for before dialling.
  var socketsUntil: Instant?
  /// Sections of it that receive, and whether something was unsubscribed since they were all needed.
  var receivers = 0
  var hasFreedSections = false
  var publisher: (any MediaPeer)?
  var subscriber: (any MediaPeer)?
  var publisherWait: Instant?
  var subscriberWait: Instant?
  /// Until when a publisher that was started after the session must be up.
  var publisherDeadline: Instant?
  /// A peer connection was closed by the server: the session is lost at that time, unless signalling says why before.
  var dismissal: (failure: Failure, until: Instant)?
  var subscriberPrimary = true
  /// The server said that it resumes nothing.
  var resumeDisabled = false
  var resumedAt: Instant?
  /// The last that came from the server, or claimed to, whichever way.
  var heardAt = Instant(microseconds: 0)
  /// Of the server's offer that was answered last.
  var answeredOfferID: UInt32 = 0
  var canonicalName = ""
  var negotiation = Negotiation()
  var servers = ICEServers()
  var relaysOnly = false
  /// That was told.
  var relaysFailed: [String] = []
  var translation = Translation()
  var data = DataSession()
  /// Candidates that were found before the server could be told.
  var unsignalledCandidates: [CandidateInit] = []
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
