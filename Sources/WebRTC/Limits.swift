/// Everything in this room that a peer can make grow, and every time that it waits.
enum Limits {
  // Session descriptions. Each track of the room is a section, of about 1 kB for sound and 3 kB for a picture.
  static let descriptionBytesMax = 2 << 20
  static let descriptionLinesMax = 65_536
  static let descriptionSectionsMax = 512
  /// Of one section, each kind of repeated attribute counted on its own (codecs, sources, candidates ...).
  static let attributesPerSectionMax = 64

  // STUN. A message travels in one datagram.
  static let stunMessageBytesMax = 1500
  static let stunAttributesMax = 32
  /// RFC 8489 §6.2.1: first interval, number of transmissions, and the last wait in multiples of the first.
  static let stunRetransmissionMilliseconds = 500
  static let stunTransmissionsMax = 7
  static let stunLastWaitMultiple = 16

  // ICE.
  static let localCandidatesMax = 32
  static let localAddressesMax = 16
  static let stunServersMax = 4
  static let remoteCandidatesMax = 48
  static let peerReflexiveCandidatesMax = 16
  static let candidatePairsMax = 100
  static let iceTransactionsMax = 128
  /// Checks that arrive before the remote description, and candidates that arrive before theirs.
  static let earlyChecksMax = 16
  static let heldCandidatesMax = 48
  static let candidateBytesMax = 512
  /// Ta of RFC 8445 §14.2, and its lower bound, which answers to the peer's checks may use.
  static let checkPacingMilliseconds = 50
  static let triggeredCheckPacingMilliseconds = 5
  /// RFC 8445 §14.3 recommends 500 ms and permits other ways to find a value. A lost check delays the first
  /// word, and a check is 100 bytes, so the first repetition comes sooner and the interval still doubles.
  static let checkRetransmissionMilliseconds = 200
  static let checkRetransmissionMillisecondsMax = 800
  static let checkTransmissionsMax = 12
  /// An answer may come so long after another check took the place of the one that it answers.
  static let checkLingerMilliseconds = 3_000
  /// Nominations so long after the first one are a change of mind, not part of a burst (RFC 5245 §8.1.1.2).
  static let nominationSettledMilliseconds = 2_000
  /// Nothing selected and nothing left to check for so long: failed. Late candidates are expected.
  static let checkingGraceMilliseconds = 15_000
  static let checkingGraceAfterEndMilliseconds = 5_000
  /// RFC 7675 §5.1: 5 s, made random by a factor of 0.8 to 1.2.
  static let consentIntervalMilliseconds = 5_000
  /// While a consent request is unanswered, the next one follows this soon.
  static let consentProbeMilliseconds = 250
  static let consentRequestsOutstandingMax = 48
  /// Since the last answer; a request must have been unanswered for `consentUnansweredMilliseconds` as well.
  static let disconnectedMilliseconds = 5_000
  static let consentUnansweredMilliseconds = 2_000
  static let failedMilliseconds = 15_000
  /// Nothing came from the peer for so long: it is asked whether it is there.
  static let silenceProbeMilliseconds = 1_500
  /// Nothing came for so long, and the answer to a question is so late, or three round trips: the path is silent.
  static let silenceMilliseconds = 2_500
  static let silenceUnansweredMilliseconds = 600
  /// Between two questions on paths that are not used, and how often one is sent.
  static let standbyMilliseconds = 10_000
  static let standbyTransmissionsMax = 4
  static let iceOutputsMax = 512

  // ICE over TCP.

  static let turnServersMax = 6
  static let streamsMax = 4
  static let streamOpenMilliseconds = 10_000
  /// For the answer to a check, which is sent once.
  static let streamCheckMilliseconds = 3_000
  /// Attempts in a row; the wait after the first doubles.
  static let streamFailuresMax = 4
  static let streamRetryMilliseconds = 500

  // TURN.

  /// ChannelData or STUN message on a stream; as long as what is read of a datagram, with the header of either.
  static let turnFrameBytesMax = datagramBytesMax + 52
  /// As many as there can be remote candidates, told or found.
  static let turnPeersMax = remoteCandidatesMax + peerReflexiveCandidatesMax
  /// RFC 8656 §12. None is used twice (§12.1 forbids it for a while).
  static let turnChannels: ClosedRange<UInt16> = 0x4000...0x4FFF
  static let turnUsernameBytesMax = 508
  /// Answers with another nonce to one request: the first is due, another is bad luck.
  static let turnChallengesMax = 4
  /// Over datagrams, doubled each time: 16 s in all. RFC 8489 §6.2.1 would take 40 s, longer than anybody waits.
  static let turnRetransmissionMilliseconds = 250
  static let turnTransmissionsMax = 6
  static let turnStreamAnswerMilliseconds = 20_000
  /// What the server says is clamped to these; it says nothing: RFC 8656 §3.2.
  static let turnLifetimeSeconds = 600
  static let turnLifetimeSecondsMin = 20
  static let turnLifetimeSecondsMax = 3_600
  /// Permissions live for 5 minutes, channels for 10 (RFC 8656 §9 and §12); asked for again a minute before.
  static let turnPermissionMilliseconds = 240_000
  static let turnBindingMilliseconds = 540_000

  // Datagrams.

  /// Largest UDP payload that is looked at.
  static let datagramBytesMax = 2048
  /// Largest UDP payload that is sent: fits through every tunnel met in practice (RFC 8261 §5).
  static let datagramSendBytesMax = 1200
  /// Datagrams that wait for the remote description (RFC 8827: media may outrun signalling).
  static let earlyDatagramsMax = 16

  // DTLS.

  static let dtlsHandshakeMilliseconds = 20_000
  static let dtlsFirstRetransmissionMilliseconds = 150
  static let dtlsLastRetransmissionMilliseconds = 2_000
  /// Copies of a flight that are prepared with it. OpenSSL gives up at twelve.
  static let dtlsRetransmissionsMax = 10

  // SRTP.

  /// Replay window, packets (RFC 3711 §3.3.2 asks for at least 64).
  static let srtpReplayWindowPackets = 128
  /// Streams whose roll-over counters are kept, for each direction.
  static let srtpStreamsMax = 1024

  // RTP and RTCP.

  /// RFC 6716 §3.2.1: the longest Opus frame, rounded down to what fits one datagram with all headers.
  static let audioPayloadBytesMax = 1100
  static let senderReportsPerPacketMax = 8
  /// So that a report fits one datagram.
  static let reportBlocksPerPacketMax = 31
  /// Sent packets that wait for a NACK.
  static let rtpHistoryPackets = 200
  static let rtpStreamsMax = 64
  static let rtpExtensionsMax = 32
  /// Of one received NACK: more than is kept of sent packets makes no sense.
  static let nackSequencesMax = 256
  static let nacksOutstandingMax = 100
  static let nackTriesMax = 3
  static let nackFirstDelayMilliseconds = 20
  static let nackRepeatMilliseconds = 100
  static let nackAgeMillisecondsMax = 400
  static let senderReportMilliseconds = 3_000
  static let receiverReportMilliseconds = 1_000
  /// One packet is sent again at most once in this time, or in a round trip if that is longer.
  static let retransmissionGapMilliseconds = 20

  // SCTP and data channels.

  /// Each way, for each association; what the peer may send before it hears from us (RFC 9260 §3.3.2).
  static let sctpBufferBytes = 256 * 1024
  /// Of an SCTP packet: what `datagramSendBytesMax` leaves beside the largest DTLS record overhead.
  static let sctpPacketBytesMax = 1100
  /// Streams each way. usrsctp reserves memory for every one of them.
  static let sctpStreamsMax = 64
  static let dataChannelsMax = 32
  static let dataChannelLabelBytesMax = 256
  /// A LiveKit server closes the channel on a message of more than 65 535 bytes, so its clients stop at this.
  static let dataMessageSendBytesMax = 64_000
  /// Written as a=max-message-size (RFC 8841 §6). A server passes 65 535 bytes on and adds a name or two.
  static let dataMessageReceiveBytesMax = 256 * 1024
  /// Behind one of which a piece is still to come.
  static let dataMessagesWaitingMax = 64
  /// RFC 8841 §6.1, for a description that does not say.
  static let dataMessageDefaultBytesMax: UInt64 = 65_536
  /// A channel takes no more above its high water, and tells that it does again below its low water.
  static let reliableHighWaterBytes = 192 * 1024
  static let reliableLowWaterBytes = 64 * 1024
  /// What waits for long on a lossy channel had better not been sent.
  static let lossyHighWaterBytes = 64 * 1024
  static let lossyLowWaterBytes = 8 * 1024
  /// SCTP packets that came before the descriptions told us to expect any.
  static let earlySCTPPacketsMax = 8
  /// RFC 9260 §16 leaves minutes between repetitions. ICE tells whether the path lives; SCTP has to be back
  /// soon after it is, and to outlast every outage that a resumed session outlasts.
  static let sctpFirstTimeoutMilliseconds: UInt32 = 500
  static let sctpTimeoutMillisecondsMin: UInt32 = 250
  static let sctpTimeoutMillisecondsMax: UInt32 = 2_000
  static let sctpRetransmissionsMax: UInt16 = 60
  static let sctpInitAttemptsMax: UInt16 = 30
  static let sctpDelayedSackMilliseconds: UInt32 = 40
  /// usrsctp does not say when its next timer is due. It is asked this often while it may have one,
  static let sctpTickMilliseconds = 20
  /// this often after a second without a packet,
  static let sctpSlowTickMilliseconds = 100
  /// and not at all when everything is acknowledged and so much time has passed.
  static let sctpQuietMilliseconds = 300
  /// One step of its clock is at most this, however long nobody called.
  static let sctpStepMillisecondsMax = 2_000
}
