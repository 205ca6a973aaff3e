import Base

/// What we send: one of these a WebSocket message (SignalRequest of livekit_rtc.proto).
enum SignalRequest: Equatable {
  case offer(SessionDescription)
  case answer(SessionDescription)
  /// `candidateInit` is JSON text.
  case trickle(candidateInit: String, target: Room.Peer)
  case addTrack(AddTrack)
  case mute(trackSID: Name, muted: Bool)
  case subscription([Name], subscribe: Bool)
  /// Whether a pre-connect buffer will follow.
  case updateAudioTrack(trackSID: Name, announcesPreConnect: Bool)
  case leave(DisconnectReason)
  indirect case syncState(SyncState)
  case updateMetadata(UpdateMetadata)
  case ping(timestampMilliseconds: Int64, roundTripMilliseconds: Int64)

  struct AddTrack: Equatable {
    var cid: Name
    var name: String
    var source: TrackSource
    var muted: Bool
    /// Offering RED and then sending plain Opus would silence the track for everybody.
    var disablesRED = true
    /// A pre-connect buffer will follow: agents wait for it before they listen.
    var announcesPreConnect = false
    var isEncrypted = false
  }
}

extension SignalRequest {
  /// What is empty stays as it is; an attribute with an empty value is removed.
  struct UpdateMetadata: Equatable {
    var metadata = ""
    var name = ""
    var attributes: [StreamAttribute] = []
    /// Ours, not 0; the response repeats it.
    var requestID: UInt32
  }
}

extension SignalRequest {
  /// How a session that goes on stands as we know it. A track that the server does not know ends the session.
  struct SyncState: Equatable {
    struct Track: Equatable {
      var cid: Name
      var sid: Name
      var name: String
      var source: TrackSource
      var muted: Bool
      var isEncrypted = false
    }
    struct Channel: Equatable {
      var label: String
      var stream: UInt16
      var peer: Room.Peer
    }
    struct Received: Equatable {
      var sid: Name
      var sequence: UInt32
    }

    /// The last two that agree.
    var answer: SessionDescription?
    var offer: SessionDescription?
    var tracks: [Track] = []
    var channels: [Channel] = []
    var received: [Received] = []
    /// Tracks that are wanted or not, other than the connection asked for.
    var deviating: [Name] = []
    var deviatingAreWanted = true
  }
}

struct SessionDescription: Equatable {
  var sdp: String
  /// Joins an answer to its offer; 0 where the other side does not number.
  var id: UInt32
}

/// What the server sends (SignalResponse).
enum SignalResponse {
  indirect case join(JoinResponse)
  case answer(SessionDescription)
  case offer(SessionDescription)
  case trickle(candidateInit: String, target: Room.Peer)
  case participants([Participant])
  case trackPublished(cid: Name, RemoteTrack)
  case trackUnpublished(sid: Name)
  case trackSubscribed(sid: Name)
  case leave(Leave)
  case mute(sid: Name, muted: Bool)
  case speakers([SpeakerChange])
  case room(RoomInfo)
  case quality([(participantSID: Name, ConnectionQuality)])
  case subscriptionPermission(trackSID: Name, allowed: Bool)
  case refreshToken(String)
  /// The answer to a resume.
  case reconnect(iceServers: [ICEServer], forcesRelay: Bool, lastSequence: UInt32)
  case pong(timestampMilliseconds: Int64)
  case subscriptionError(trackSID: Name, SubscriptionError)
  case requestResponse(RequestResponse)
  case moved(Moved)
  /// The one peer connection is to be offered again, with so many more sections that receive.
  case sectionsRequired(audios: Int, videos: Int)
  /// Well-formed, but nothing that this client uses.
  case unused

  struct JoinResponse {
    var room = RoomInfo()
    var participant = Participant()
    var others: [Participant] = []
    var iceServers: [ICEServer] = []
    var subscriberPrimary = false
    var fastPublish = false
    var pingIntervalSeconds = 0
    var pingTimeoutSeconds = 0
    var resumeDisabled = false
    /// Nothing but relays may be used.
    var forcesRelay = false
    /// What frames end with that the server makes in an encrypted track.
    var injectionTrailer: [UInt8] = []
  }

  struct Leave: Equatable {
    enum Action { case disconnect, resume, reconnect }
    var action: Action
    var reason: DisconnectReason
    /// Of LiveKit Cloud: where to come back to, the best one first.
    var regions: [String]
  }

  struct SpeakerChange {
    var participantSID: Name
    var level: Float
    var active: Bool
  }

  enum SubscriptionError { case unknown, codecUnsupported, trackNotFound }

  struct RequestResponse {
    enum Reason: Int32 {
      case ok, notFound, notAllowed, limitExceeded, queued, unsupportedType, unclassified
    }
    enum Request {
      case addTrack(cid: Name)
      case mute(sid: Name)
      case updateMetadata(requestID: UInt32)
      case trickle, other
    }
    var reason: Reason
    var message: String
    var request: Request
  }

  struct Moved {
    var room: RoomInfo
    var token: String
    var participant: Participant
    var others: [Participant]
  }
}
