import Base

extension PeerConnection {
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

    public init(payload: [UInt8], timestamp: UInt32, marker: Bool, level: UInt8, voice: Bool) {
      self.payload = payload
      self.timestamp = timestamp
      self.marker = marker
      self.level = level
      self.voice = voice
    }
  }

  /// What the remote description says of one media section that sends to us.
  public struct RemoteSection: Equatable, Sendable {
    public var mid: String
    /// True while the remote side sends here (sendrecv or sendonly with an SSRC).
    public var isActive: Bool
    /// The two tokens of `a=msid` (RFC 8830); empty if absent.
    public var streamID: String
    public var trackID: String
  }

  public struct SenderParameters: Equatable, Sendable {
    /// `usedtx=1` in the answer: the server asks the encoder for discontinuous transmission.
    public var usesDTX: Bool
    public var usesInBandFEC: Bool
  }

  /// Counters since the connection was made.
  public struct Statistics: Equatable, Sendable {
    public var packetsSent = 0
    public var bytesSent: Int64 = 0
    /// Frames that `send` could not send: not connected, or no such section.
    public var framesDropped = 0
    public var packetsReceived = 0
    public var bytesReceived: Int64 = 0
    /// Of our sending, as the remote receiver reports it (RFC 3550 §6.4.1).
    public var remotePacketsLost = 0
    public var remoteFractionLost: UInt8 = 0
    public var remoteJitterMilliseconds = 0
    public var roundTripMilliseconds: Int?
    public var localPacketsLost = 0
    /// Of what we receive: the worst stream's interarrival jitter (RFC 3550 §6.4.1).
    public var jitterMilliseconds = 0
    public var nacksSent = 0
    public var nacksReceived = 0
    public var retransmissions = 0
    /// Datagrams, and packets and candidates in them, that could not be read.
    public var malformed = 0
    public var replayed = 0
    public var authenticationFailures = 0
    /// Packets of an SSRC or a payload type that no section announced.
    public var unknownStreamPackets = 0
    /// Datagrams that came too early and found the waiting room full.
    public var earlyDatagramsDropped = 0
    /// DTLS and media from where ICE has authenticated nobody.
    public var strangerDatagrams = 0
    /// On data channels, whole messages.
    public var dataMessagesSent = 0
    public var dataMessagesReceived = 0
    /// Too long, of no known kind, or on no open channel.
    public var dataMessagesDropped = 0
    public var selectedPair: String?
    /// Media takes TCP or a relay, because UDP does not get through, and not because nothing but relays may be used.
    public var takesDetour = false
  }

  /// A datagram that cannot be understood yet.
  struct EarlyDatagram {
    var bytes: [UInt8]
    var source: SocketAddress
    var local: ICEBase
  }

  /// A section that we send on, as the answer left it.
  struct SendingSection {
    var mid: String
    var payloadType: UInt8
    var audioLevelID: UInt8?
    var midID: UInt8?
    var parameters: SenderParameters
  }

  /// A section that the peer sends on, as our answer left it.
  struct ReceivingSection {
    var mid: String
    /// Announced by `a=ssrc`; empty: to be learned from the packets.
    var ssrcs: [UInt32]
    var payloadType: UInt8
    var midID: UInt8?
    var asksAgain: Bool
    var reducedSizeRTCP: Bool
  }
}
