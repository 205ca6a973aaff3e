import Base
import WebRTC

/// One LiveKit room, from the token to the last packet, that owns no socket, clock, thread or log.
///
/// The loop: call one of the methods or `handle(_:now:)` once, then call `poll(now:)` until it answers
/// `.wait(until:)`. README.md of this folder shows the loop and says what each output asks for.
public final class Room {
  /// Which of the two peer connections: we offer on the publisher, the server offers on the subscriber. Where there is
  /// only one, it is the publisher.
  public enum Peer: Sendable, Hashable { case publisher, subscriber }

  public enum Input {
    /// The server answered the upgrade of this connection with 101.
    case webSocketOpened(connection: Int)
    /// One whole message.
    case webSocketMessage([UInt8], connection: Int)
    /// The connection was open and is not any more (RFC 6455 §7.4; 1006 without a close frame).
    case webSocketClosed(connection: Int, code: UInt16, reason: String)
    /// The server sent a message of more than that, which ended the connection.
    case webSocketOverflowed(connection: Int, bytesMax: Int)
    /// The connection never opened.
    case webSocketFailed(connection: Int, TransportFailure)
    /// The answer to `.httpGet`; of a long body the first 16 kB are enough.
    case httpResponse(request: Int, status: Int, body: [UInt8])
    case httpFailed(request: Int, TransportFailure)
    /// The answer to `.resolveHost`; no addresses if the name is unknown.
    case hostResolved(name: String, addresses: [IPAddress])
    /// A UDP socket is bound here for this peer, after `.openSockets` or when an interface comes up.
    case localAddress(SocketAddress, peer: Peer)
    case localAddressGone(SocketAddress, peer: Peer)
    /// All sockets that `.openSockets` asked for are announced. What comes later is told to the server later.
    case socketsOpened(Peer)
    /// `to` is the local address of the socket that received it.
    case datagram([UInt8], from: SocketAddress, to: SocketAddress, peer: Peer)
    /// The connection of `.openStream` stands, with TLS if it was asked for; our end of it is `local`.
    case streamOpened(Int, local: SocketAddress, peer: Peer)
    case streamBytes(Int, [UInt8], peer: Peer)
    /// It could not be opened, or has come to its end.
    case streamEnded(Int, reason: String, peer: Peer)
    /// The answer to `.deriveKey`.
    case keyDerived(EncryptionKey?, generation: Int)
    /// The instant that `.wait(until:)` named has come.
    case timeout
  }

  public enum Output {
    /// Open a WebSocket without subprotocol, with the header `Authorization: Bearer <token>`. There is never
    /// more than one; inputs that name an earlier connection are ignored.
    case openWebSocket(connection: Int, url: String, token: String)
    /// One binary message.
    case sendWebSocket(connection: Int, [UInt8])
    /// Close with 1000 (an attempt under way is given up). Nothing is expected back.
    case closeWebSocket(connection: Int)
    /// GET with the same header; answer with `.httpResponse` or `.httpFailed`.
    case httpGet(request: Int, url: String, token: String)
    /// Bind one UDP socket on each usable local address and announce each with `.localAddress`.
    case openSockets(Peer)
    /// Close all of them and all streams, after what was transmitted before is sent. `.openSockets` may follow at once.
    case closeSockets(Peer)
    /// One of several names that would be good to know.
    case resolveHost(name: String)
    /// No name is worth knowing any more.
    case cancelHosts
    case transmit([UInt8], from: SocketAddress, to: SocketAddress, peer: Peer)
    /// Connect by TCP, with TLS and the certificate checked for `host` if it is `secure`. Answer with
    /// `.streamOpened` or `.streamEnded`. Numbers are each peer's own, and not used again in one session.
    case openStream(Int, host: String, port: UInt16, secure: Bool, peer: Peer)
    /// Media that would have to wait is to be dropped, in whole pieces as they come here.
    case sendStream(Int, [UInt8], isMedia: Bool, peer: Peer)
    /// Nothing is expected back.
    case closeStream(Int, peer: Peer)
    /// Call `ratcheted` of this key on another thread, for it takes some tens of milliseconds.
    case deriveKey(after: EncryptionKey, generation: Int)
    case event(Event)
    /// Nothing more to do before this instant (nil: before the next input).
    case wait(until: Instant?)
  }

  public struct Configuration {
    /// The DTLS identity of both peer connections.
    public var certificate: Certificate
    public var srtpProfiles: [SRTPProfile] = [.aeadAES256GCM, .aeadAES128GCM, .aes128CMSHA1]
    /// The DTLS role towards the server's offers (RFC 8842 §5.3).
    public var answersActive = true
    /// Whether one peer connection is to carry everything where the server can do that (signalling version 1).
    public var prefersOneConnection = true
    /// Shown to the server as ours.
    public var productVersion: String
    /// From dialling to the server's 101; the server itself may take 12 s.
    public var signalTimeoutMilliseconds = 15_000
    /// From JoinResponse to media flowing, and for media to come back.
    public var mediaTimeoutMilliseconds = 15_000
    public var retry = RetryPolicy()
    /// What others may call here; whatever else is called is answered with the error 1400. Set before joining.
    public var rpcMethods: [Name] = []
    /// Text streams of these topics come as one `textReceived`; chat and transcriptions have their own events, and
    /// everything else comes piece by piece.
    public var wholeTextTopics: [Name] = []
    /// Beside those that the server names.
    public var iceServers: [ICEServer] = []
    /// Nothing goes but through a TURN server.
    public var relaysOnly = false
    public var limits = Limits()
    /// The wall clock, read whenever something is dated for others; it may be put right at any time.
    public var unixMilliseconds: () -> Int64 = { 0 }

    public init(certificate: Certificate, productVersion: String) {
      self.certificate = certificate
      self.productVersion = productVersion
    }
  }

  let configuration: Configuration
  let random: any RandomSource
  let makePeer: PeerFactory
  var core: Core

  public convenience init(configuration: Configuration, random: any RandomSource) {
    self.init(configuration: configuration, random: random) { name, now in
      var peer = PeerConnection.Configuration(
        certificate: configuration.certificate, canonicalName: name)
      peer.srtpProfiles = configuration.srtpProfiles
      peer.answersActive = configuration.answersActive
      return PeerConnection(configuration: peer, random: random, now: now)
    }
  }

  /// Tests put their own peers here.
  init(configuration: Configuration, random: any RandomSource, makePeer: @escaping PeerFactory) {
    self.configuration = configuration
    self.random = random
    self.makePeer = makePeer
    core = Core(limits: configuration.limits, wholeTextTopics: configuration.wholeTextTopics)
  }

  // What is so now.

  public var state: ConnectionState { core.state }
  /// Why the room was last left or lost; nil while there is nothing to complain about.
  public var lastFailure: Failure? { core.lastFailure }
  public var info: RoomInfo { core.info }
  public var localParticipant: Participant { core.directory.local }
  /// Everybody else, in the order in which they became known.
  public var participants: [Participant] { core.directory.remotes }
  public var localTracks: [LocalTrack] { core.localTracks }
  public var subscriptions: [Subscription] { core.subscriptions.active }
  /// Of the signalling connection; nil until measured.
  public var roundTripMilliseconds: Int? { core.signalling.keepalive.roundTripMilliseconds }
  public var statistics: Statistics { core.statistics }
  public var streamStatistics: StreamStatistics { core.streams.statistics }
  public func mediaStatistics(_ peer: Peer) -> PeerConnection.Statistics? {
    core.media[peer]?.statistics
  }
  /// Of what is received.
  public var receivedMediaStatistics: PeerConnection.Statistics? {
    mediaStatistics(core.media.isOnlyPublisher ? .publisher : .subscriber)
  }
  /// What the server asks of the encoder of this track; nil until it answered.
  public func senderParameters(_ track: LocalTrack.ID) -> PeerConnection.SenderParameters? {
    guard let local = core.localTrack(track), let mid = local.mid else { return nil }
    return core.media[.publisher]?.senderParameters(mid: mid)
  }
}
