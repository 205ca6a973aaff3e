import Base

/// One WebRTC peer connection (ICE, DTLS, SRTP, RTP/RTCP for audio) that owns no socket, clock or thread.
///
/// The loop: call one of the methods or `handle(_:now:)` once, then call `poll(now:)` until it answers
/// `.wait(until:)`. Datagrams go out through `.transmit`; the caller owns one UDP socket for each local
/// address that it announced with `.localAddress`.
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
    /// index of the first section, as trickle ICE wants them.
    case candidate(String, mid: String, sectionIndex: Int)
    /// `connected` only when ICE has a selected pair and DTLS is done: media can flow.
    case stateChanged(State, reason: String)
    case audio(ReceivedAudio)
  }

  /// One RTP packet of a remote audio section, decrypted, in order of arrival (not of sequence).
  public struct ReceivedAudio {
    public var mid: String
    public var ssrc: UInt32
    public var payloadType: UInt8
    public var sequence: UInt16
    /// RTP clock, 48 000 Hz for Opus.
    public var timestamp: UInt32
    public var marker: Bool
    public var payload: [UInt8]
  }

  /// An Opus frame to send.
  public struct AudioFrame {
    public var payload: [UInt8]
    /// RTP clock, 48 000 Hz; a random offset is added inside.
    public var timestamp: UInt32
    /// First packet after silence (RFC 3551 §4.1).
    public var marker: Bool
    /// RFC 6464: 0 loudest ... 127 silence, -dBov.
    public var level: UInt8
    public var voice: Bool
  }

  /// What the remote description says of one media section that sends to us.
  public struct RemoteSection {
    public var mid: String
    /// True while the remote side sends here (sendrecv or sendonly with an SSRC).
    public var isActive: Bool
    /// The two tokens of `a=msid` (RFC 8830); empty if absent.
    public var streamID: String
    public var trackID: String
  }

  public struct SenderParameters: Equatable {
    /// `usedtx=1` in the answer: the server asks the encoder for discontinuous transmission.
    public var usesDTX: Bool
    public var usesInBandFEC: Bool
  }

  public init(configuration: Configuration, random: any RandomSource, now: Instant) {}

  public private(set) var state: State = .new

  // Descriptions. The caller serialises: one outstanding offer at a time.

  /// Adds (or recycles an unused) sendonly Opus section; `trackID` becomes the second token of its msid.
  /// Returns the mid. Takes effect with the next offer.
  public func addAudioSender(trackID: String) -> String { "" }
  /// Turns the section inactive with the next offer.
  public func removeAudioSender(mid: String) {}
  /// Fresh ICE credentials in the next offer (RFC 8445 §9).
  public func restartICE() {}
  public func makeOffer(now: Instant) -> String { "" }
  public func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure) {}
  /// Applies a remote offer and answers it: every audio section it sends on is received (Opus only).
  public func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String { "" }
  /// The last remote description's sections, in order.
  public var remoteSections: [RemoteSection] { [] }
  /// What the last answer asks of the encoder of this section; nil while unanswered or rejected.
  public func senderParameters(mid: String) -> SenderParameters? { nil }
  /// `candidate:...` or `a=candidate:...`; held back until the remote description is there.
  /// A malformed candidate is counted and ignored; an empty one means end of candidates.
  public func addRemoteCandidate(_ candidate: String, now: Instant) {}

  // Media.

  /// Queues one RTP packet; dropped (and counted) while not connected.
  public func send(_ frame: AudioFrame, mid: String, now: Instant) {}
  public var statistics: Statistics { Statistics() }

  // Running.

  public func handle(_ input: Input, now: Instant) {}
  public func poll(now: Instant) -> Output { .wait(until: nil) }
  /// Sends DTLS close_notify and RTCP BYE and forgets everything; `.closed` follows.
  public func close(now: Instant) {}

  public struct Statistics {
    public var packetsSent = 0
    public var bytesSent = 0
    public var packetsReceived = 0
    public var bytesReceived = 0
    /// Of our sending, as the remote receiver reports it (RFC 3550 §6.4.1).
    public var remotePacketsLost = 0
    public var remoteFractionLost: UInt8 = 0
    public var remoteJitterMilliseconds = 0
    public var roundTripMilliseconds: Int?
    public var localPacketsLost = 0
    public var nacksSent = 0
    public var nacksReceived = 0
    public var retransmissions = 0
    public var malformed = 0
    public var replayed = 0
    public var authenticationFailures = 0
    public var selectedPair: String?
  }
}

public enum DescriptionFailure: Error, Equatable {
  case malformed(line: Int, String)
  case noFingerprint
  case fingerprintChanged
  case unsupported(String)

  public var description: String { "" }
}
