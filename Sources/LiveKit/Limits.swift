/// Everything that the network can grow, with its unit in the name.
public struct Limits: Equatable, Sendable {
  /// A signal message either way. The server aims at 128 KiB for participant updates.
  public var signalMessageBytesMax = 1 << 20
  public var participantsMax = 200
  public var tracksPerParticipantMax = 32
  public var attributesPerParticipantMax = 64
  /// Remote audio tracks received at a time: slots are 0..<this.
  public var iceServersMax = 8
  public var urlsPerICEServerMax = 8
  public var subscriptionsMax = 16
  public var localTracksMax = 4
  public var stunServersMax = 4
  /// Outputs of a peer connection that closes.
  public var farewellOutputsMax = 32
  /// Packets of a section whose participant is not known yet, kept for when it is: 500 ms at 20 ms each.
  public var earlyAudioPacketsPerSectionMax = 25

  // Times that the protocol sets.

  /// From the WebSocket's opening to JoinResponse.
  public var joinResponseMilliseconds = 5_000
  /// The server's words about a failed WebSocket.
  public var validateMilliseconds = 3_000
  /// An unparsable offer is never answered, so the silence has to end here.
  public var negotiationMilliseconds = 10_000
  public var publishMilliseconds = 10_000
  /// The server answers a leave at once; nobody waits for one that does not.
  public var leaveMilliseconds = 250

  public init() {}
}
