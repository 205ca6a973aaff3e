import Base

/// Where the connection to the room stands. `connected` means that media flows: the subscriber's peer
/// connection is up, and the publisher's too when something is published.
public enum ConnectionState: Equatable, Sendable {
  case disconnected, connecting, connected
  /// Signalling or a peer connection was lost, the session still lives and is being resumed. While media flows nobody
  /// hears anything of it.
  case resuming(mediaFlows: Bool)
  /// The session is lost; joining anew, or waiting to.
  case reconnecting
}

/// What happened in the room. Received sound is no event: `Room.nextAudio` has it.
public indirect enum Event {
  /// `reason` is a clause for people, such as "the server is shutting down"; empty when there is nothing to say.
  case connectionStateChanged(ConnectionState, reason: String)
  /// An attempt or a session failed. The next attempt follows after this time; nil: it was the last.
  case connectionFailed(Failure, retryInMilliseconds: Int?)
  case roomUpdated(RoomInfo)
  case roomMetadataChanged(String)
  /// Somebody records the room, or not any more.
  case recordingChanged(Bool)
  /// Joined, or something of the local participant changed, its permission for example.
  case localParticipantUpdated(Participant, ParticipantChanges)
  case participantJoined(Participant)
  case participantUpdated(Participant, ParticipantChanges)
  /// The agent that counts came, went (nil), was replaced or changed its state.
  case agentChanged(Participant?)
  /// After `trackUnsubscribed` and `trackUnpublished` of all tracks.
  case participantLeft(Participant, DisconnectReason)
  case trackPublished(RemoteTrack, participant: Participant)
  case trackUnpublished(RemoteTrack, participant: Participant)
  case trackMuted(RemoteTrack, participant: Participant)
  case trackUnmuted(RemoteTrack, participant: Participant)
  case trackSubscribed(Subscription, participant: Participant)
  case trackUnsubscribed(Subscription)
  /// A remote audio track that cannot be played; the words say why.
  case trackRefused(trackSID: Name, reason: String)
  /// What is understood of an encrypted track.
  case trackPrivacyChanged(Subscription, TrackPrivacy)
  /// Of what came in the clear where it has to be encrypted, and was refused.
  case clearRefused(Sender, what: String)
  /// A packet that no key of ours opens.
  case packetUnreadable(Sender)
  /// Everyone audible at present, loudest first; identities, the local one included.
  case speakersChanged([Speaker])
  case connectionQuality(identity: Name, ConnectionQuality)
  /// The server accepted the track (again, after a full reconnection, with a new SID).
  case localTrackPublished(LocalTrack)
  /// The first participant hears this track: what is sent from now on is forwarded.
  case localTrackSubscribed(LocalTrack)
  case localTrackUnpublished(LocalTrack, reason: String)
  /// Muted or unmuted; `byServer` when an administrator did it.
  case localTrackMuted(LocalTrack, byServer: Bool)
  /// The server refused the track; it stays unpublished until permission or connection change.
  case localTrackFailed(LocalTrack, Failure)
  /// A session description of the server makes no sense and was left aside; the words say where.
  case descriptionDropped(String)
  /// A TURN server was asked in vain: which one, and why. Once a session for each.
  case relayFailed(String)
  /// The server did not do what we asked; the words are its own.
  case requestRefused(request: String, reason: String)
  /// The end of `setAttributes`, `setMetadata` or `setName`; a refusal in the server's words, which
  /// `requestRefused` has said as well.
  case stateRequestAnswered(id: Int, refusal: String?)
  /// Somebody sends a stream that is not collected; its pieces follow, in order.
  case streamOpened(IncomingStream)
  case streamChunk(IncomingStream.ID, [UInt8])
  /// The last of a stream, with the attributes of its trailer. Of a stream that is collected this comes only if it
  /// failed, and instead of its text.
  case streamEnded(IncomingStream, failure: StreamFailure?)
  /// A whole text of one of the configured topics.
  case textReceived(String, IncomingStream)
  case chatReceived(ChatMessage)
  case transcription(TranscriptionSegment)
  /// Our stream is in the channel to its end, or came to nothing.
  case outgoingStreamEnded(OutgoingStream.ID, failure: StreamFailure?)
  /// After `full`: there is room to write again.
  case streamWritable(OutgoingStream.ID)
  /// Bytes of another participant, who may not be announced yet, or of the server's API (which is hidden).
  case dataReceived(payload: [UInt8], topic: Name, sender: Sender, reliable: Bool)
  /// One key of a telephone: `0`...`9`, `*`, `#`, `A`...`D` in ASCII.
  case dtmfReceived(digit: UInt8, sender: Sender)
  /// One of our methods was called: to be answered with `answerRPC`.
  case rpcInvoked(RPCInvocation)
  /// The one result of `performRPC`.
  case rpcCompleted(RPCCall.ID, Result<String, RPCError>)
  /// Packets that were accepted, or answers, could not be sent after all. Told once until something gets through again.
  case dataFailed(DataFailure)
}

public struct Speaker: Equatable, Sendable {
  public var identity: Name
  /// 0 silent ... 1 loudest.
  public var level: Float
}

public enum ConnectionQuality: Sendable { case poor, good, excellent, lost }

/// A remote audio track that is being received.
public struct Subscription: Equatable, Sendable {
  public var trackSID: Name
  public var participantSID: Name
  public var identity: Name
  /// 0..<maximum of the limits; stable while subscribed, and then used again: the audio engine's track number.
  public var slot: Int
  /// The media section that carries it.
  public var mid: String
  /// From end to end.
  public var isEncrypted = false
}

/// Counters since the room object was made.
public struct Statistics: Equatable, Sendable {
  public var signalMessagesReceived = 0
  public var signalMessagesSent = 0
  /// Signal messages that no protobuf decoder understands, participants in them who are named by what is no name
  /// (`Base.Name`), and descriptions that are no SDP, dropped.
  public var malformedMessages = 0
  /// Messages of kinds that this client does not use.
  public var unusedMessages = 0
  public var malformedCandidates = 0
  /// Participants, tracks, candidates and packets over a limit, dropped.
  public var limitDrops = 0
  /// Sessions joined after the first.
  public var reconnects = 0
  /// Sessions that went on after signalling, or media, was lost.
  public var resumes = 0
  public var failedAttempts = 0
  /// Packets that belong to no known track.
  public var strayAudioPackets = 0
  public var data = DataStatistics()

  public init() {}
}
