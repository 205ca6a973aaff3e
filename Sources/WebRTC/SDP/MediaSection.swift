import Base

/// One `m=` section.
struct MediaSection: Equatable, Sendable {
  enum Kind: Equatable, Sendable {
    case audio, video, application
    case other(String)
  }

  var kind: Kind
  /// 0: rejected or, in an offer, disabled (RFC 3264 §6, §8.2). Otherwise meaningless with ICE; 9 is written.
  var port: UInt16 = 9
  /// `UDP/TLS/RTP/SAVPF` or `UDP/DTLS/SCTP`.
  var transport: String
  /// Payload types or `webrtc-datachannel`, in order of preference.
  var formats: [String]
  var mid = ""
  var direction = MediaDirection.sendrecv

  var credentials: ICECredentials?
  var iceOptions: [String] = []
  var fingerprints: [Fingerprint] = []
  var setup: SetupRole?

  var msid: MediaStreamID?
  var sources: [MediaSource] = []
  var codecs: [MediaCodec] = []
  var extensions: [HeaderExtension] = []
  var multiplexesRTCP = false
  var reducedSizeRTCP = false

  /// `candidate:...` values, not looked into here: a malformed one is no reason to refuse the description.
  var candidates: [String] = []
  var candidatesEnded = false

  var sctpPort: UInt16?
  var maxMessageSize: UInt64?

  init(kind: Kind, transport: String, formats: [String]) {
    self.kind = kind
    self.transport = transport
    self.formats = formats
  }

  static let audioTransport = "UDP/TLS/RTP/SAVPF"
  static let dataTransport = "UDP/DTLS/SCTP"

  var isRejected: Bool { port == 0 }

  /// The first Opus payload type in the order of preference (RFC 7587).
  var opus: MediaCodec? {
    for format in formats {
      if let codec = codecs.first(where: { $0.isOpus && decimalText(UInt64($0.payloadType)) == format }) {
        return codec
      }
    }
    return nil
  }

  /// The id that `uri` was given, nil if it was not negotiated.
  func extensionID(_ uri: String) -> UInt8? { extensions.first { $0.uri == uri }?.id }
}

extension MediaCodec {
  var isOpus: Bool { equalsIgnoringCase(name, "opus") && clockRate == 48000 }

  /// The value of one `name=value` of the fmtp line; nil if absent.
  func parameter(_ name: String) -> String? {
    for part in Array(parameters.utf8).split(separator: UInt8(ascii: ";")) {
      let pair = trimmed(Array(part)[...])
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      if equalsIgnoringCase(text(trimmed(pair[..<equals])), name) {
        return text(trimmed(pair[(equals + 1)...]))
      }
    }
    return nil
  }
}
