import Base

/// What every local description of one peer connection says of us.
struct LocalIdentity: Equatable, Sendable {
  /// `o=`: the same in all descriptions, below 2^63 (RFC 8829 §5.2.1).
  var sessionID: UInt64
  var credentials: ICECredentials
  var fingerprint: Fingerprint
  /// CNAME of our sources (RFC 7022).
  var canonicalName: String

  /// Credentials, fingerprint and role are the same in all sections, as one transport carries them all.
  func describe(_ section: inout MediaSection, setup: SetupRole) {
    section.credentials = credentials
    section.iceOptions = ["trickle"]
    section.fingerprints = [fingerprint]
    section.setup = setup
  }
}

/// What the remote description says of the one transport that all its sections share.
struct RemoteTransport: Equatable, Sendable {
  var credentials: ICECredentials
  var fingerprints: [Fingerprint]
  var setup: SetupRole?
  var isICELite: Bool
}

extension SessionDescription {
  /// The transport of the first section in use. The sections must agree: without BUNDLE there would be several
  /// transports, which this implementation does not offer.
  func transport() throws(DescriptionFailure) -> RemoteTransport {
    var found: RemoteTransport?
    for section in sections where !section.isRejected {
      guard !section.fingerprints.isEmpty else { throw .noFingerprint }
      guard let credentials = section.credentials else {
        throw .malformed(line: 0, "section \(section.mid) has no ice-ufrag and ice-pwd")
      }
      let transport = RemoteTransport(
        credentials: credentials, fingerprints: section.fingerprints, setup: section.setup,
        isICELite: isICELite)
      if let found {
        // Peers may leave a bundled section's setup out; credentials and fingerprint decide who we talk to.
        guard found.credentials == credentials, found.fingerprints == section.fingerprints else {
          throw .unsupported("sections with different transports (no BUNDLE)")
        }
      } else {
        found = transport
      }
    }
    guard let found else { throw .malformed(line: 0, "no section in use") }
    return found
  }
}
