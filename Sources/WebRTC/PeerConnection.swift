import Base

/// One WebRTC peer connection (ICE, DTLS, SRTP, RTP/RTCP for audio) that owns no socket, clock or thread.
///
/// The loop: call one of the methods or `handle(_:now:)` once, then call `poll(now:)` until it answers
/// `.wait(until:)`. Datagrams go out through `.transmit`; the caller owns one UDP socket for each local
/// address that it announced with `.localAddress`.
///
/// A connection either always offers, and sends and receives, or always answers, and receives; its first description
/// decides. A LiveKit participant has one that offers, or one of each.
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
    /// A server to ask for a relayed address when nothing cheaper answers; again with fresh credentials.
    case turnServer(RelayServer)
    /// Nothing but relays may be used. To be said first.
    case useRelaysOnly
    /// There is no IPv4 here but for what this translates.
    case translator(NAT64Prefix)
    case datagram([UInt8], from: SocketAddress, to: SocketAddress)
    /// The connection of `openStream` stands, with TLS if it was asked for; our end of it is `local`.
    case streamOpened(Int, local: SocketAddress)
    case streamBytes(Int, [UInt8])
    /// It could not be opened, or has come to its end.
    case streamEnded(Int, reason: String)
    /// The instant that `.wait(until:)` named has come.
    case timeout
  }

  public enum Output {
    case transmit([UInt8], from: SocketAddress, to: SocketAddress)
    /// Open a TCP connection, with TLS and the certificate checked for `host` if it is `secure`. Numbers are not
    /// used again. Answer with `streamOpened` or `streamEnded`.
    case openStream(Int, host: String, port: UInt16, secure: Bool)
    /// Media that would have to wait is to be dropped, in whole pieces as they come here.
    case sendStream(Int, [UInt8], isMedia: Bool)
    /// Nothing is expected back, nor heard.
    case closeStream(Int)
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
    /// What ICE knows of the path, which it knows before the state follows.
    case pathHealthChanged(PathHealth)
    /// A relay was asked in vain; in words.
    case relayFailed(String)
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
  /// The last offer is not answered yet.
  var awaitsAnswer = false
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
  /// Of a connection that stands: when ICE, DTLS or SCTP has something to do next, as long as nothing but media came
  /// and went since they said so. They are not asked before, as that costs more than the packets do. nil: they are.
  var transportRestsUntil: Instant?
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

  /// Of the path: what `restartICE` may help against.
  public var pathHealth: PathHealth { ice.health }

  // Running.

  public func handle(_ input: Input, now: Instant) {
    guard state != .closed else { return }
    // Of a datagram `receive` says whether it is media.
    if case .datagram = input {} else { transportRestsUntil = nil }
    switch input {
    case .localAddress(let address): ice.addLocalAddress(address, now: now)
    case .localAddressGone(let address): ice.removeLocalAddress(address, now: now)
    case .stunServer(let server): ice.addSTUNServer(server, now: now)
    case .turnServer(let server): ice.addTURNServer(server, now: now)
    case .useRelaysOnly: ice.useRelaysOnly()
    case .translator(let prefix): ice.setTranslator(prefix, now: now)
    case .datagram(let bytes, let source, let local): receive(bytes, from: source, to: .udp(local), now: now)
    case .streamOpened(let id, let local): ice.streamOpened(id, local: local, now: now)
    case .streamBytes(let id, let bytes): receive(stream: id, bytes, now: now)
    case .streamEnded(let id, let reason): ice.streamEnded(id, reason: reason, now: now)
    case .timeout: break
    }
  }

  public func poll(now: Instant) -> Output {
    if outputIndex == outputs.count, state != .closed {
      if transportRests(now) { advanceControl(now: now) } else { advance(now: now) }
    }
    if outputIndex < outputs.count {
      outputIndex += 1
      return outputs[outputIndex - 1]
    }
    outputs.removeAll(keepingCapacity: true)
    outputIndex = 0
    guard state != .closed else { return .wait(until: nil) }
    let transport = transportDeadline
    transportRestsUntil = state == .connected ? transport ?? Instant(microseconds: .max) : nil
    // Whatever is due was done, so this only guards the owner against a busy loop.
    let next = earliest(transport, controlDeadline)
    return .wait(until: next.map { max($0, now.advanced(byMicroseconds: 100)) })
  }

  /// Says SCTP SHUTDOWN, DTLS close_notify and RTCP BYE and forgets everything; `.closed` follows.
  public func close(now: Instant) {
    guard state != .closed else { return }
    sendGoodbye(sendStreams.filter { $0.packetsSent > 0 }.map { $0.ssrc })
    for packet in data.close(now: now) { _ = dtls?.send(packet) }
    dtls?.close()
    drainDTLSDatagrams()
    drainICE(now: now)
    ice.releaseRelays(now)
    drainICE(now: now)
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
    transportRestsUntil = nil
    outputs.append(.event(.stateChanged(next, reason: reason)))
  }
}
