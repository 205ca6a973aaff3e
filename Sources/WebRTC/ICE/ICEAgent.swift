import Base

/// Finds a way for datagrams to the peer and keeps it (RFC 8445, 8838, 8839, 7675): one component over UDP,
/// or over TCP connections that we make (RFC 6544).
///
/// The agent owns no socket and no clock. The loop: call one method, then `poll(now:)` until it answers
/// `.wait(until:)`; at that instant call `poll` again. The owner binds a socket for each local address, passes it to
/// `addLocalAddress`, and passes the datagrams that `DatagramKind` calls `.stun` to `handle`.
final class ICEAgent {
  enum State: Equatable, Sendable { case new, checking, connected, disconnected, failed }

  /// Where media goes: from one of our sockets to an address of the peer.
  struct Path: Equatable, Sendable {
    var base: ICEBase
    var remote: SocketAddress
    var remoteKind: ICECandidate.Kind
  }

  enum Output: Equatable {
    case transmit([UInt8], from: ICEBase, to: SocketAddress)
    /// See `PeerConnection.Output`.
    case openStream(id: Int, host: String, port: UInt16, secure: Bool)
    case sendStream(id: Int, [UInt8], isMedia: Bool)
    case closeStream(id: Int)
    /// Through a relay; to be handled like a datagram of a socket.
    case received([UInt8], from: SocketAddress, at: ICEBase)
    /// To be signalled; `serialized()` is the line. Comes again, for the new generation, after a restart.
    case localCandidate(ICECandidate)
    /// What `path` says has changed. A path may come before `connected`: it was checked, but not yet nominated,
    /// and media may use it already (RFC 8445 §12.1).
    case pathChanged(Path?)
    case stateChanged(State, reason: String)
    case healthChanged(PathHealth)
    /// A relay that was asked is of no use; in words.
    case relayFailed(String)
    /// Nothing to do before this instant; nil: before the next call.
    case wait(until: Instant?)
  }

  /// What was dropped, and why.
  struct Counters: Equatable, Sendable {
    var malformedMessages = 0
    var unauthenticatedMessages = 0
    var unexpectedResponses = 0
    var malformedCandidates = 0
    var ignoredCandidates = 0
    /// Of another generation than the present one.
    var staleCandidates = 0
    /// Candidates, pairs, checks, transactions and datagrams over a limit.
    var overLimit = 0
    var checksSent = 0
    var checksReceived = 0
    var roleSwitches = 0
  }

  let random: any RandomSource
  var state = State.new
  var role: ICERole
  var remoteIsLite = false
  var tieBreaker: UInt64
  var counters = Counters()

  var localAddresses: [LocalAddress] = []
  var stunServers: [SocketAddress] = []
  var heldCandidates: [ICECandidate] = []
  var translator: NAT64Prefix?

  var list: CheckList
  /// The nominated pair. After a restart it stays that of the former generation until the new one has its own.
  var selected: SelectedPath?
  var health = PathHealth.good
  /// When idle paths are asked next.
  var standbyAt = Instant(microseconds: .min)
  var streams: [ICEStream] = []
  var nextStreamID = 1
  var turnServers: [RelayServer] = []
  /// In this generation, or since relays were given back.
  var askedServers: [RelayServer.Transport] = []
  var relays: [ICERelay] = []
  var relaysOnly = false
  /// When waiting for something cheaper began.
  var relaysFrom: Instant?
  var relayQueue: [(base: ICEBase, remote: SocketAddress, datagram: [UInt8], isMedia: Bool)] = []
  var transactions: [ICETransaction] = []
  var nextPairID = 1
  var lastCheckAt: Instant?
  var announcedPath: Path?
  var outputs: [Output] = []
  var outputIndex = 0

  init(role: ICERole, random: any RandomSource) {
    self.role = role
    self.random = random
    tieBreaker = random.nextUInt64()
    list = CheckList(generation: 0, localCredentials: ICEAgent.makeCredentials(random))
  }

  /// For the next description. They change with `restart` and when the peer restarts.
  var localCredentials: ICECredentials { list.localCredentials }

  /// Local candidates known so far, for a description that carries them.
  var localCandidates: [ICECandidate] { localAddresses.flatMap { $0.candidates }.map { stamped($0) } }

  /// Where to send media at present; nil: nowhere yet.
  var path: Path? {
    if let selected {
      let isFormer = selected.generation != list.generation
      guard isFormer, state == .disconnected, let valid = list.bestValid else { return selected.path }
      return Path(base: valid.base, remote: valid.remote.address, remoteKind: valid.remote.kind)
    }
    guard let valid = list.bestValid, state != .failed else { return nil }
    return Path(base: valid.base, remote: valid.remote.address, remoteKind: valid.remote.kind)
  }

  /// Round-trip time of the path by the last answered check.
  var roundTripMicroseconds: Int? { selected?.roundTripMicroseconds }

  /// Something is to be handed out that came of a call, and not of time.
  var hasOutputs: Bool { outputIndex < outputs.count }

  /// Hands out what there is to do; see `Output`.
  func poll(now: Instant) -> Output {
    if outputIndex == outputs.count { advance(now) }
    if outputIndex < outputs.count {
      outputIndex += 1
      return outputs[outputIndex - 1]
    }
    outputs.removeAll(keepingCapacity: true)
    outputIndex = 0
    return .wait(until: nextTimeout(now))
  }

  /// Does everything that is due.
  private func advance(_ now: Instant) {
    advanceStreams(now)
    advanceTransactions(now)
    advanceSilence(now)
    advanceStandby(now)
    advanceNomination(now)
    advanceChecks(now)
    advanceConsent(now)
    advanceFailure(now)
    advanceRelays(now)
    announcePath()
  }

  private func nextTimeout(_ now: Instant) -> Instant? {
    var next: Instant?
    for transaction in transactions { next = earliest(next, transaction.nextAt) }
    next = earliest(next, nextCheckTime)
    next = earliest(next, nominationDeadline)
    next = earliest(next, consentDeadline)
    next = earliest(next, silenceDeadline)
    next = earliest(next, standbyDeadline)
    next = earliest(next, streamDeadline)
    next = earliest(next, relayDeadline)
    next = earliest(next, failureDeadline)
    // Whatever is due was done, so this only guards the owner against a busy loop.
    return next.map { max($0, now.advanced(byMicroseconds: 100)) }
  }

  /// Media is dropped by the owner where it would wait.
  func transmit(_ datagram: [UInt8], from base: ICEBase, to remote: SocketAddress, isMedia: Bool = false) {
    guard outputs.count - outputIndex + relayQueue.count < Limits.iceOutputsMax else {
      counters.overLimit &+= 1
      return
    }
    switch base.kind {
    case .udp: outputs.append(.transmit(datagram, from: base, to: remote))
    case .tcp: outputs.append(.sendStream(id: base.id, StreamFraming.frame(datagram), isMedia: isMedia))
    case .relayedByUDP, .relayedByTCP, .relayedByTLS: relayQueue.append((base, remote, datagram, isMedia))
    }
  }

  func change(_ next: State, _ reason: String) {
    guard next != state else { return }
    state = next
    if next == .failed { tell(.failed) }
    outputs.append(.stateChanged(next, reason: reason))
  }

  func announcePath() {
    let present = path
    guard present != announcedPath else { return }
    announcedPath = present
    outputs.append(.pathChanged(present))
  }

  /// RFC 8839 §5.4 asks for 24 and 128 bits at least; these have 47 and 142.
  static func makeCredentials(_ random: any RandomSource) -> ICECredentials {
    ICECredentials(usernameFragment: random.alphanumeric(8), password: random.alphanumeric(24))
  }
}
