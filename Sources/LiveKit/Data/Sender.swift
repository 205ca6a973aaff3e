import Base

/// Who sent a packet, as far as the server vouches for it: by what the server stamps on it, never by what the packet
/// says of itself.
public enum Sender: Hashable, Sendable {
  /// The API of the server, by whoever has its key. Known of remote procedure calls only.
  case server
  /// A session. The SID is empty on servers that do not stamp it (before 1.9), the identity never.
  case participant(sid: Name, identity: Name)
  /// Somebody without an identity who is not proven to be the server: a hidden participant, or the server's API, which
  /// sends data without saying so. Nobody can be answered here, for answers are addressed to identities.
  case hidden(sid: Name)

  init(identity: Name, sid: Name) {
    self = identity.isEmpty ? .hidden(sid: sid) : .participant(sid: sid, identity: identity)
  }

  /// Empty for the server and for whoever is hidden.
  public var identity: Name {
    if case .participant(_, let identity) = self { return identity }
    return ""
  }

  /// Empty where the server does not stamp it.
  public var sid: Name {
    switch self {
    case .server: ""
    case .participant(let sid, _), .hidden(let sid): sid
    }
  }
}

extension Sender {
  /// Which of these it is; nil for the server, whoever is hidden, and whoever is not announced yet (some are 3 s late).
  ///
  /// Both have to fit. A server that does not know the field of the SID hands on what the sender wrote there, and
  /// one that does stamps both, so they cannot contradict each other.
  public func participant(among participants: [Participant]) -> Participant? {
    participants.first { isIt($0) }
  }

  /// Whether it is this one.
  public func isIt(_ participant: Participant) -> Bool {
    guard case .participant(let sid, let identity) = self else { return false }
    return participant.identity == identity && (sid.isEmpty || participant.sid == sid)
  }
}
