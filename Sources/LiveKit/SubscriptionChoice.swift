import Base

/// Whose sound is asked for, where a room has more of it than can be played. Pure.
///
/// | who, best first | |
/// |---|---|
/// | agents and phones | keep their place, and take that of anybody else |
/// | who speaks | takes the place of whoever was silent for longest |
/// | who could speak | takes the place of somebody muted |
/// | muted | while there is room |
/// | not played, as it is encrypted or is not (`EncryptionMode`), refused by the publisher or the server | while there is room: what is asked for is told of when it changes |
/// | pictures | never |
///
/// Among equals whoever is there stays.
struct SubscriptionChoice {
  struct Change: Equatable {
    var subscribe: [Name] = []
    var unsubscribe: [Name] = []
  }

  /// Tracks, those first whose participants spoke last.
  private(set) var wanted: [Name] = []
  /// Tracks that were asked for in vain.
  private var refused: [Name] = []
  private let tracksMax: Int
  /// Whether the server subscribes us to every new track by itself.
  var isAutomatic = false
  var mode = EncryptionMode.off

  init(tracksMax: Int) { self.tracksMax = tracksMax }

  func wants(_ track: Name) -> Bool { wanted.contains(track) }

  /// What the server would not do by itself: not subscribe, or subscribe.
  func deviating(_ participants: [Participant]) -> [Name] {
    guard isAutomatic else { return wanted }
    var unwanted: [Name] = []
    for participant in participants {
      for track in participant.tracks where !wants(track.sid) { unwanted.append(track.sid) }
    }
    return unwanted
  }

  mutating func clear() {
    wanted = []
    refused = []
  }

  /// False if that was known.
  mutating func note(_ track: Name, isRefused: Bool) -> Bool {
    guard refused.contains(track) != isRefused else { return false }
    refused = refused.filter { $0 != track }
    if isRefused { refused.append(track) }
    return true
  }

  /// To be called after anything changed. `new` are the tracks that the server has judged by itself since the last call.
  mutating func choose(from participants: [Participant], speakers: [Speaker], new: [Name]) -> Change {
    let before = wanted
    refused = refused.filter { sid in participants.contains { $0.tracks.contains { $0.sid == sid } } }
    var chosen = order(places(before, participants, speakers))
    rank: for rank in Rank.best...Rank.worst {
      for participant in participants {
        for track in participant.tracks where self.rank(track, participant, speakers) == rank {
          if chosen.contains(where: { $0.sid == track.sid }) { continue }
          if chosen.count >= tracksMax {
            guard let victim = victim(of: rank, chosen) else { break rank }
            chosen.remove(at: victim)
          }
          chosen.append(Place(sid: track.sid, rank: rank))
        }
      }
    }
    wanted = order(chosen).map { $0.sid }
    return change(from: before, participants, new)
  }

  private enum Rank {
    static let best = 0
    static let speaking = 1
    static let worst = 4
  }

  private struct Place {
    var sid: Name
    var rank: Int
  }

  /// nil: not sound.
  private func rank(_ track: RemoteTrack, _ participant: Participant, _ speakers: [Speaker]) -> Int? {
    guard track.kind == .audio else { return nil }
    if mode.refusal(of: track) != nil || refused.contains(track.sid) { return Rank.worst }
    switch participant.kind {
    case .agent, .sip, .connector, .bridge: return Rank.best
    case .standard, .ingress, .egress: break
    }
    if track.isMuted { return 3 }
    return speakers.contains { $0.identity == participant.identity } ? Rank.speaking : 2
  }

  private func places(
    _ tracks: [Name], _ participants: [Participant], _ speakers: [Speaker]
  ) -> [Place] {
    var places: [Place] = []
    for sid in tracks {
      for participant in participants {
        guard let track = participant.tracks.first(where: { $0.sid == sid }),
          let rank = rank(track, participant, speakers)
        else { continue }
        places.append(Place(sid: sid, rank: rank))
        break
      }
    }
    return places
  }

  /// Who speaks comes first, so that the others stand in the order of their last words.
  private func order(_ places: [Place]) -> [Place] {
    places.filter { $0.rank == Rank.speaking } + places.filter { $0.rank != Rank.speaking }
  }

  /// Of the worst that are worse than `rank` the last.
  private func victim(of rank: Int, _ places: [Place]) -> Int? {
    var victim: Int?
    for (index, place) in places.enumerated()
    where place.rank > rank && place.rank >= (victim.map { places[$0].rank } ?? 0) {
      victim = index
    }
    return victim
  }

  private func change(from before: [Name], _ participants: [Participant], _ new: [Name]) -> Change {
    var change = Change()
    for sid in wanted where !before.contains(sid) && !(isAutomatic && new.contains(sid)) {
      change.subscribe.append(sid)
    }
    for sid in before where !wanted.contains(sid) {
      if participants.contains(where: { $0.tracks.contains { $0.sid == sid } }) {
        change.unsubscribe.append(sid)
      }
    }
    if isAutomatic {
      for sid in new where !wanted.contains(sid) && !before.contains(sid) { change.unsubscribe.append(sid) }
    }
    return change
  }
}
