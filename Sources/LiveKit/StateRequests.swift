import Base

/// Our own name, metadata and attributes on their way to the server. Pure.
///
/// What the server once accepted is asked for again after a reconnection if the new session does not show it: a token
/// that is older than the change brings the old state back.
struct StateRequests {
  struct Pending: Equatable {
    let id: Int
    let update: ParticipantUpdate
    /// Until when it is to be answered; nil: to be sent once joined.
    var until: Instant?
  }

  private(set) var pending: [Pending] = []
  private(set) var accepted = ParticipantUpdate()
  private var nextID = 1

  var deadline: Instant? {
    var result: Instant?
    for request in pending { result = earliest(result, request.until) }
    return result
  }

  /// Ids start at 1: the server answers none that is 0.
  mutating func makeID() -> Int {
    nextID &+= 1
    return nextID - 1
  }

  mutating func add(_ update: ParticipantUpdate) -> Int {
    let id = makeID()
    pending.append(Pending(id: id, update: update))
    return id
  }

  /// Those that wait to be sent; they are under way from now on.
  mutating func take(until: Instant) -> [Pending] {
    var taken: [Pending] = []
    for index in pending.indices where pending[index].until == nil {
      pending[index].until = until
      taken.append(pending[index])
    }
    return taken
  }

  /// True if it was ours.
  mutating func answered(_ id: Int, accepts: Bool, attributesMax: Int) -> Bool {
    guard let index = pending.firstIndex(where: { $0.id == id && $0.until != nil }) else { return false }
    let update = pending.remove(at: index).update
    if accepts {
      accepted.merge(update)
      // Removed ones are remembered, too, for they may come back; over the limit only the newest are.
      if accepted.attributes.count > attributesMax { accepted.attributes = update.attributes }
    } else {
      accepted.forget(update)
    }
    return true
  }

  mutating func expired(now: Instant) -> [Int] {
    var ids: [Int] = []
    for request in pending { if let until = request.until, until <= now { ids.append(request.id) } }
    return ids
  }

  /// The session ended: what was not answered is sent in the next one.
  mutating func sessionEnded() {
    for index in pending.indices { pending[index].until = nil }
  }

  /// A new session shows us like this.
  mutating func joined(as participant: Participant) {
    let missing = accepted.missing(in: participant)
    guard !missing.isEmpty else { return }
    pending = [Pending(id: makeID(), update: missing)] + pending
  }
}
