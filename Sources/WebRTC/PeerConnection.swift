import Base

/// One WebRTC peer connection (ICE, DTLS, SRTP, RTP/RTCP for audio) that owns no socket, clock or thread.
///
/// The loop: call one of the methods or `handle(_:now:)` once, then call `poll(now:)` until it answers
/// `.wait(until:)`. Datagrams go out through `.transmit`; the caller owns one UDP socket for each local
/// address that it announced with `.localAddress`.
///
/// A connection either offers (and sends) or answers (and receives), as the two connections of a LiveKit
/// participant do; its first description decides.
public final class PeerConnection {
  public struct Configuration {
    /// The DTLS identity; its fingerprint goes into every description.
    public var certificate: Certificate
    /// Offered as DTLS client, and chosen from as DTLS server, in this order (RFC 5764 §4.1.2, RFC 7714 §14.2).
    public var srtpProfiles: [SRTPProfile] = [.aeadAES256GCM, .aeadAES128GCM, .aes128CMSHA1]
    /// The DTLS role that an answer to `a=setup:actpass` takes (RFC 8842 §5.3).
    public var answersActive = true
    /// CNAME of our RTCP (RFC 7022).
    public var canonicalName: String
    /// First RTP sequence number of every stream; nil draws one (RFC 3550 §5.1). Tests start close to the wrap.
    public var firstSequence: UInt16?

    public init(certificate: Certificate, canonicalName: String) {
      self.certificate = certificate
      self.canonicalName = canonicalName
    }
  }

  public enum Input {
    /// A UDP socket is bound here: gather a host candidate.
    case localAddress(SocketAddress)
    /// That socket is gone (interface down).
    case localAddressGone(SocketAddress)
    /// A STUN server, its name resolved: gather server-reflexive candidates.
    case stunServer(SocketAddress)
    case datagram([UInt8], from: SocketAddress, to: SocketAddress)
    /// The instant that `.wait(until:)` named has come.
    case timeout
  }

  public enum Output {
    case transmit([UInt8], from: SocketAddress, to: SocketAddress)
    case event(Event)
    /// Nothing more to do before this instant (nil: before the next input).
    case wait(until: Instant?)
  }

  public enum State: Sendable { case new, connecting, connected, disconnected, failed, closed }

  public enum Event {
    /// A gathered local candidate to signal: the `candidate:...` attribute value (RFC 8839 §5.1), with the mid and
    /// index of the first section, as trickle ICE wants them. None comes before the first local description.
    case candidate(String, mid: String, sectionIndex: Int)
    /// `connected` only when ICE has a selected pair and DTLS is done: media can flow.
    case stateChanged(State, reason: String)
    case audio(ReceivedAudio)
    /// Ours is acknowledged, or the peer opened it: messages can be sent.
    case dataChannelOpened(DataChannelID, label: String)
    case dataChannelMessage(DataChannelID, [UInt8])
    /// After `full`: below the low-water mark again.
    case dataChannelWritable(DataChannelID)
    /// Closed by either side, or the association ended. After `close` nothing is said of channels.
    case dataChannelClosed(DataChannelID, label: String)
  }

  let configuration: Configuration
  let random: any RandomSource
  public internal(set) var state: State = .new
  /// It failed because the peer said so, and the peer was known by its fingerprint.
  public internal(set) var isClosedByPeer = false

  // Descriptions: PeerConnection+Descriptions.swift.
  var plan = OfferPlan()
  let sessionID: UInt64
  var descriptionVersion: UInt64 = 1
  var localDescription: SessionDescription?
  var remoteDescription: SessionDescription?
  var isOfferer: Bool?
  var restartsWithNextOffer = false
  /// Candidates that came before there was a section to signal them with.
  var unsignalledCandidates: [ICECandidate] = []

  // Transport: PeerConnection+Transport.swift.
  let ice: ICEAgent
  var dtls: DTLSTransport?
  var remoteFingerprints: [Fingerprint] = []
  var path: ICEAgent.Path?
  var iceState = ICEAgent.State.new
  var iceDeadline: Instant?
  var outputs: [Output] = []
  var outputIndex = 0
  var earlyDatagrams: [EarlyDatagram] = []

  // Data channels: PeerConnection+Data.swift.
  let data = DataChannels()

  // Media: PeerConnection+Media.swift, PeerConnection+Control.swift.
  var srtpSender: SRTPSender?
  var srtpReceiver: SRTPReceiver?
  var sendStreams: [RTPSendStream] = []
  var receiveStreams: [RTPReceiveStream] = []
  var receivingSections: [ReceivingSection] = []
  var sendingSections: [SendingSection] = []
  /// What a receiver report calls us while nothing is sent.
  let reportSSRC: UInt32
  var reportDue: Instant?
  /// SSRCs that ended since the last poll.
  var goodbyes: [UInt32] = []
  var counters = Statistics()

  public init(configuration: Configuration, random: any RandomSource, now: Instant) {
    self.configuration = configuration
    self.random = random
    // RFC 8829 §5.2.1: 63 bits.
    sessionID = random.nextUInt64() >> 1
    reportSSRC = random.nextUInt32() | 1
    ice = ICEAgent(role: .controlling, random: random)
  }

  // Running.

  public func handle(_ input: Input, now: Instant) {
    guard state != .closed else { return }
    switch input {
    case .localAddress(let address): ice.addLocalAddress(address, now: now)
    case .localAddressGone(let address): ice.removeLocalAddress(address, now: now)
    case .stunServer(let server): ice.addSTUNServer(server, now: now)
    case .datagram(let bytes, let source, let local): receive(bytes, from: source, to: local, now: now)
    case .timeout: break
    }
  }

  public func poll(now: Instant) -> Output {
    if outputIndex == outputs.count, state != .closed { advance(now: now) }
    if outputIndex < outputs.count {
      outputIndex += 1
      return outputs[outputIndex - 1]
    }
    outputs.removeAll(keepingCapacity: true)
    outputIndex = 0
    return .wait(until: state == .closed ? nil : nextTimeout(now: now))
  }

  /// Says SCTP SHUTDOWN, DTLS close_notify and RTCP BYE and forgets everything; `.closed` follows.
  public func close(now: Instant) {
    guard state != .closed else { return }
    sendGoodbye(sendStreams.filter { $0.packetsSent > 0 }.map { $0.ssrc })
    for packet in data.close(now: now) { _ = dtls?.send(packet) }
    dtls?.close()
    drainDTLSDatagrams()
    change(.closed, "closed here")
    sendStreams = []
    receiveStreams = []
    earlyDatagrams = []
    unsignalledCandidates = []
    srtpSender = nil
    srtpReceiver = nil
  }

  func change(_ next: State, _ reason: String) {
    guard next != state, state != .closed else { return }
    state = next
    outputs.append(.event(.stateChanged(next, reason: reason)))
  }
}
