/// Everything that the network can grow, with its unit in the name.
public struct Limits: Equatable, Sendable {
  /// A signal message of the server. The state of a room may hold 512 KiB of metadata for each participant.
  public var signalMessageBytesMax = 8 << 20
  public var participantsMax = 1000
  public var tracksPerParticipantMax = 32
  public var attributesPerParticipantMax = 64
  public var iceServersMax = 8
  public var urlsPerICEServerMax = 8
  /// Remote audio tracks received at a time: slots are 0..<this.
  public var subscriptionsMax = 8
  /// Sections for them: some more, so that a track can begin before the one that makes room for it has ended.
  public var receiversMax = 12
  /// Of those in the first offer of the one peer connection, which travels in a URL.
  public var firstReceiversMax = 3
  /// Of ours, until the server can be told.
  public var candidatesWaitingMax = 32
  /// Servers that are remembered as knowing signalling version 0 only.
  public var oldServersMax = 8
  public var localTracksMax = 4
  public var stunServersMax = 4
  /// Candidates and mutes that wait while there is no way to the server.
  public var heldRequestsMax = 64
  /// Outputs of a peer connection that closes.
  public var farewellOutputsMax = 32
  /// Packets of a section whose participant is not known yet, kept for when it is: 500 ms at 20 ms each.
  public var earlyAudioPacketsPerSectionMax = 25

  /// Received and not yet taken: two seconds of four speakers.
  public var receivedAudioPacketsMax = 400

  // Data.

  /// One message of a data channel, serialised: the server closes the channel over 65 535.
  public var dataMessageBytesMax = 64_000
  /// What others send, which the server makes longer by the sender's name.
  public var dataMessageReceivedBytesMax = 128 << 10
  /// What waits for the reliable channel, and four times that where others wait for an answer.
  public var dataQueuePacketsMax = 64
  public var dataQueueBytesMax = 256 << 10
  /// Kept after sending, for a resume; SCTP's own buffer is smaller.
  public var dataResendBytesMax = 256 << 10
  public var dataChannelsMax = 16
  /// Whose sequence numbers are remembered.
  public var dataSendersMax = 200
  public var noncesMax = 100
  public var dtmfDigitsPerPacketMax = 32
  public var rpcCallsMax = 64
  public var rpcInvocationsMax = 64
  public var rpcRecentRequestsMax = 256
  /// Of the request's id and the caller's identity.
  public var rpcIDBytesMax = 512
  public var rpcPayloadBytesMax = 15_360
  public var rpcErrorMessageBytesMax = 256
  public var attributesPerStreamMax = 64
  public var attachedStreamsMax = 16
  public var transcriptionSegmentsMax = 64

  // Times that the protocol sets.

  /// For the sockets of the one peer connection to be bound, so that their addresses are in the first offer.
  public var socketsMilliseconds = 50
  /// From the WebSocket's opening to JoinResponse.
  public var joinResponseMilliseconds = 5_000
  /// The server forgets a participant of whom it hears nothing so long.
  public var resumeMilliseconds = 20_000
  /// After a resume media has at least so long to come back.
  public var resumeMediaMilliseconds = 10_000
  /// From a resume to the end of what the server tells of everybody in the room.
  public var rollCallMilliseconds = 2_000
  /// An attempt to dial that is younger is not given up because the network has changed.
  public var dialFreshMilliseconds = 300
  /// The server's words about a failed WebSocket.
  public var validateMilliseconds = 3_000
  /// From a peer connection that the server closed to the loss of the session: UDP may overtake the word that says why.
  public var dismissalWaitMilliseconds = 500
  /// An unparsable offer is never answered, so the silence has to end here.
  public var negotiationMilliseconds = 10_000
  public var publishMilliseconds = 10_000
  /// From the first packet that waits for the reliable channel to giving up.
  public var dataChannelOpenMilliseconds = 10_000
  /// The longest way there and back: a call that is not acknowledged by then is not going to be.
  public var rpcRoundTripMilliseconds = 7_000
  /// Participants may be announced this late; a call to an unknown one that is not acknowledged by then called nobody.
  public var rpcUnknownMilliseconds = 3_500
  /// Where the caller does not say.
  public var rpcResponseMilliseconds = 15_000
  public var rpcResponseMillisecondsMax = 3_600_000
  /// The server answers a leave at once; nobody waits for one that does not.
  public var leaveMilliseconds = 250

  // Streams and what was said.

  /// Open towards us at a time, of all senders and of one.
  public var incomingStreamsMax = 32
  public var incomingStreamsPerSenderMax = 16
  /// A stream of which nothing comes for so long has ended. Agents keep one open for as long as they speak.
  public var incomingStreamIdleMilliseconds = 60_000
  /// One text that is collected as a whole, and all of them together.
  public var collectedTextBytesMax = 128 << 10
  public var collectedBytesMax = 256 << 10
  public var outgoingStreamsMax = 8
  /// Ours are given up when the channel takes nothing for so long, or never opens.
  public var outgoingStreamStallMilliseconds = 30_000
  /// Accepted from writers and not yet in the channel, of all streams together.
  public var outgoingStreamBytesMax = 256 << 10
  /// A header, a chunk or a trailer: the content, or all texts of a header.
  public var streamChunkBytesMax = 15_000
  public var streamHeaderBytesMax = 15_000
  /// As much of a segment as is told.
  public var transcriptionBytesMax = 4_100
  /// Senders of transcriptions with a budget of their own at a time.
  public var transcriptionSourcesMax = 32
  /// Segments of transcriptions that are remembered to know them again.
  public var transcriptionMemoryMax = 16
  /// Requests to change our own state, unanswered.
  public var stateRequestsMax = 8
  /// All attributes or the metadata of a participant, as the server has it.
  public var participantStateBytesMax = 64_000
  public var stateRequestMilliseconds = 5_000

  public init() {}
}
