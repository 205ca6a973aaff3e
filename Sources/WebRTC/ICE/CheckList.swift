import Base

enum ICERole: Equatable, Sendable {
  case controlling, controlled

  var opposite: ICERole { self == .controlling ? .controlled : .controlling }
}

/// A local base and a remote candidate to be checked together (RFC 8445 §6.1.2).
///
/// Reflexive local candidates are replaced by their base (§6.1.2.4), so a base and a remote address make one pair.
struct CandidatePair: Equatable, Sendable {
  enum State: Equatable, Sendable {
    case waiting, inProgress, succeeded, failed
    /// Not needed any more, as another pair was selected (§8.1.2).
    case stopped
  }

  var id: Int
  var base: ICEBase
  var localPriority: UInt32
  var remote: ICECandidate
  /// RFC 8445 §6.1.2.3; depends on the roles.
  var priority: UInt64 = 0
  var state = State.waiting
  /// USE-CANDIDATE came on this pair (§7.3.1.5); counts as soon as our own check has succeeded.
  var isNominatedByPeer = false
  var roundTripMicroseconds: Int?
  /// A check or an answer with the right password came this way.
  var isAuthentic = false

  var isLive: Bool { state == .waiting || state == .inProgress }

  mutating func updatePriority(_ role: ICERole) {
    let controlling = UInt64(role == .controlling ? localPriority : remote.priority)
    let controlled = UInt64(role == .controlling ? remote.priority : localPriority)
    priority =
      min(controlling, controlled) << 32 + 2 * max(controlling, controlled)
      + (controlling > controlled ? 1 : 0)
  }
}

/// A check that came before the remote description (RFC 8445 §7.3).
struct EarlyCheck: Equatable, Sendable {
  var base: ICEBase
  var source: SocketAddress
  var priority: UInt32
  var usesCandidate: Bool
  var remoteFragment: [UInt8]
}

/// One generation of credentials and the checks made with them; an ICE restart begins the next (RFC 8445 §9).
///
/// There is one stream with one component, so no pair is ever frozen (§6.1.2.6): freezing spares checks of the
/// other streams, and a peer that gives every candidate the same foundation would be checked one by one.
struct CheckList {
  var generation: Int
  var localCredentials: ICECredentials
  var remoteCredentials: ICECredentials?
  var remoteCandidates: [ICECandidate] = []
  var remoteEnded = false
  var pairs: [CandidatePair] = []
  /// Ids of pairs to be checked first (§6.1.4.1).
  var triggered: [Int] = []
  var earlyChecks: [EarlyCheck] = []
  /// The pair that our USE-CANDIDATE is under way on.
  var nominating: Int?
  var firstValidAt: Instant?
  /// When checking began, or last had something new to check.
  var lastProgress: Instant?

  init(generation: Int, localCredentials: ICECredentials) {
    self.generation = generation
    self.localCredentials = localCredentials
  }

  func index(of id: Int) -> Int? { pairs.firstIndex { $0.id == id } }

  func index(base: ICEBase, remote: SocketAddress) -> Int? {
    pairs.firstIndex { $0.base == base && $0.remote.address == remote }
  }

  /// The valid pair with the highest priority.
  var bestValid: CandidatePair? {
    var best: CandidatePair?
    for pair in pairs where pair.state == .succeeded {
      if pair.priority > best?.priority ?? 0 { best = pair }
    }
    return best
  }

  var hasValid: Bool { pairs.contains { $0.state == .succeeded } }

  var hasLivePairs: Bool { pairs.contains { $0.isLive } }

  /// The id of the next pair that waits, by priority.
  var nextWaiting: Int? {
    var best: CandidatePair?
    for pair in pairs where pair.state == .waiting {
      if pair.priority >= best?.priority ?? 0 { best = pair }
    }
    return best?.id
  }

  mutating func trigger(_ id: Int) {
    if !triggered.contains(id) { triggered.append(id) }
  }
}
