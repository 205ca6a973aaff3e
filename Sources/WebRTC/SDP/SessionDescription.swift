/// An SDP session description (RFC 8866) as WebRTC uses it (RFC 8829).
///
/// Session-level attributes that a section inherits (credentials, fingerprints, setup) are found in the sections
/// after parsing, and are written there. Lines that are not understood are left out.
struct SessionDescription: Equatable, Sendable {
  /// The numbers of the `o=` line. `version` grows by one with each description of the same session.
  var sessionID: UInt64
  var version: UInt64
  /// `a=ice-lite`: the peer only answers checks (RFC 8445 §2.5).
  var isICELite = false
  /// The mids that share one transport, in order (RFC 8843). Empty: no BUNDLE group.
  var bundleGroup: [String] = []
  var sections: [MediaSection] = []

  init(sessionID: UInt64, version: UInt64) {
    self.sessionID = sessionID
    self.version = version
  }

  func section(mid: String) -> MediaSection? { sections.first { $0.mid == mid } }
}

/// What the two sides of RFC 8839 §5.4 call `ice-ufrag` and `ice-pwd`.
struct ICECredentials: Equatable, Sendable {
  var usernameFragment: String
  var password: String
}

/// A certificate's hash (RFC 8122 §5).
struct Fingerprint: Equatable, Sendable {
  /// Lower case: `sha-256`.
  var algorithm: String
  var digest: [UInt8]
}

enum MediaDirection: Equatable, Sendable {
  case sendrecv, sendonly, recvonly, inactive

  var sends: Bool { self == .sendrecv || self == .sendonly }
  var receives: Bool { self == .sendrecv || self == .recvonly }
}

/// Who sends the DTLS ClientHello (RFC 8842 §4).
enum SetupRole: Equatable, Sendable {
  case active, passive, actpass, holdconn
}

/// One payload type: its `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` lines.
struct MediaCodec: Equatable, Sendable {
  var payloadType: UInt8
  /// As written by the peer; compare without regard to case (`isOpus`).
  var name: String
  var clockRate: UInt32
  /// 0: not given.
  var channels: UInt8 = 0
  /// The text of `a=fmtp` after the payload type.
  var parameters = ""
  /// `nack`, `nack pli`, `transport-cc` ...
  var feedback: [String] = []
}

/// `a=extmap` (RFC 8285 §7).
struct HeaderExtension: Equatable, Sendable {
  var id: UInt8
  var uri: String

  static let audioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
  static let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
}

/// The `a=ssrc` lines of one source (RFC 5576), and `a=msid` (RFC 8830) in the same form.
struct MediaSource: Equatable, Sendable {
  var ssrc: UInt32
  var canonicalName = ""
  var msid: MediaStreamID?
}

struct MediaStreamID: Equatable, Sendable {
  /// `-`: the track belongs to no stream.
  var streamID: String
  /// May be empty.
  var trackID: String
}
