import Base

/// Who is in the room. Pure: updates in, changes out.
///
/// The identity is the key. The server does not announce the end of a session whose identity joined again: the
/// new SID is the only sign, so the tracks of the old one end here.
struct Directory {
  enum Change: Equatable {
    case joined(Participant)
    case updated(Participant, from: Participant)
    case left(Participant, DisconnectReason)
    case published(RemoteTrack, Participant)
    case unpublished(RemoteTrack, Participant)
    case muted(RemoteTrack, Participant)
    case unmuted(RemoteTrack, Participant)
    case localUpdated(old: Participant, new: Participant)
  }

  private(set) var local = Participant()
  private(set) var remotes: [Participant] = []
  /// Participants that did not fit.
  private(set) var dropped = 0
  private let participantsMax: Int

  init(participantsMax: Int) { self.participantsMax = participantsMax }

  /// A new session: the list is complete, so whoever is not in it has left.
  mutating func begin(local: Participant, others: [Participant]) -> [Change] {
    self.local = local
    var changes: [Change] = []
    for known in remotes where !others.contains(where: { $0.identity == known.identity }) {
      changes += remove(known.identity, .unknown)
    }
    // The versions of another session do not compare.
    for index in remotes.indices { remotes[index].version = 0 }
    return changes + apply(others)
  }

  mutating func apply(_ updates: [Participant]) -> [Change] {
    var changes: [Change] = []
    for update in updates { changes += apply(update) }
    return changes
  }

  /// These sessions are over, and nobody said why.
  mutating func leave(_ sids: [Name]) -> [Change] {
    var changes: [Change] = []
    for gone in remotes where sids.contains(gone.sid) { changes += remove(gone.identity, .unknown) }
    return changes
  }

  mutating func setQuality(_ quality: ConnectionQuality, sid: Name) -> Name? {
    if local.sid == sid {
      local.quality = quality
      return local.identity
    }
    guard let index = remotes.firstIndex(where: { $0.sid == sid }) else { return nil }
    remotes[index].quality = quality
    return remotes[index].identity
  }

  func participant(sid: Name) -> Participant? { remotes.first { $0.sid == sid } }

  /// Of anybody, the local participant included.
  func identity(sid: Name) -> Name? {
    local.sid == sid ? local.identity : participant(sid: sid)?.identity
  }

  mutating func clear() {
    remotes = []
    local = Participant()
  }

  private mutating func apply(_ update: Participant) -> [Change] {
    var update = update
    // 512 KiB are allowed for each, and nobody here reads those of others.
    if update.identity != local.identity { update.metadata = "" }
    // Servers before 1.5.2 left the identity out of farewells.
    if update.identity.isEmpty, let known = identity(sid: update.sid) { update.identity = known }
    guard !update.identity.isEmpty else { return [] }
    if update.identity == local.identity { return applyLocal(update) }
    guard let index = remotes.firstIndex(where: { $0.identity == update.identity }) else {
      // Who came and went between two of the server's batches is told of by this farewell alone.
      return update.state == .disconnected
        ? [.joined(update), .left(update, update.disconnectReason)] : add(update)
    }
    let known = remotes[index]
    if update.state == .disconnected {
      // A late farewell of an earlier session must not end the present one.
      return update.sid == known.sid ? remove(update.identity, update.disconnectReason) : []
    }
    guard update.sid != known.sid || update.version >= known.version else { return [] }
    update.quality = known.quality
    remotes[index] = update
    var changes: [Change] = []
    if known.sid != update.sid {
      changes += known.tracks.map { .unpublished($0, known) }
      changes.append(.updated(update, from: known))
      changes += update.tracks.map { .published($0, update) }
      return changes
    }
    if differs(known, update) { changes.append(.updated(update, from: known)) }
    return changes + trackChanges(from: known, to: update)
  }

  private mutating func applyLocal(_ update: Participant) -> [Change] {
    guard update.sid == local.sid, update.version >= local.version else { return [] }
    let old = local
    local = update
    local.quality = old.quality
    return [.localUpdated(old: old, new: local)]
  }

  private mutating func add(_ participant: Participant) -> [Change] {
    guard remotes.count < participantsMax else {
      dropped += 1
      return []
    }
    remotes.append(participant)
    return [.joined(participant)] + participant.tracks.map { .published($0, participant) }
  }

  private mutating func remove(_ identity: Name, _ reason: DisconnectReason) -> [Change] {
    guard let index = remotes.firstIndex(where: { $0.identity == identity }) else { return [] }
    let gone = remotes.remove(at: index)
    return gone.tracks.map { .unpublished($0, gone) } + [.left(gone, reason)]
  }

  private func trackChanges(from known: Participant, to update: Participant) -> [Change] {
    var changes: [Change] = []
    for track in known.tracks where !update.tracks.contains(where: { $0.sid == track.sid }) {
      changes.append(.unpublished(track, update))
    }
    for track in update.tracks {
      guard let before = known.tracks.first(where: { $0.sid == track.sid }) else {
        changes.append(.published(track, update))
        continue
      }
      if before.isMuted != track.isMuted {
        changes.append(track.isMuted ? .muted(track, update) : .unmuted(track, update))
      }
    }
    return changes
  }

  /// Whether anything but the tracks and the version changed.
  private func differs(_ left: Participant, _ right: Participant) -> Bool {
    var left = left
    left.tracks = right.tracks
    left.version = right.version
    return left != right
  }
}
