import Base
import WebRTC

/// Which media section carries whose track, and which slot of the audio engine plays it. Pure.
///
/// The section (from the server's description) and the track (from a participant update) arrive in either order; a
/// subscription begins when both are known and ends when either is gone, or is not wanted any more.
struct SubscriptionTable {
  enum Change: Equatable {
    case subscribed(Subscription)
    case unsubscribed(Subscription)
    case refused(trackSID: Name, reason: String)
  }

  struct Section: Equatable {
    var mid: String
    var participantSID: Name
    var trackSID: Name
  }

  private(set) var active: [Subscription] = []
  private(set) var sections: [Section] = []
  /// Tracks whose refusal was already told.
  private var refused: [Name] = []
  private let slotsMax: Int

  init(slotsMax: Int) { self.slotsMax = slotsMax }

  /// From the last offer: a section without an SSRC has ended and may carry another track later.
  mutating func setSections(_ remote: [PeerConnection.RemoteSection]) {
    sections = []
    for section in remote where section.isActive {
      guard let named = SubscriptionTable.name(section) else { continue }
      sections.append(named)
    }
  }

  /// The stream is `participantSID|trackSID`, or `participantSID|streamName` where the room keeps streams in
  /// step; then the msid's second token names the track.
  static func name(_ section: PeerConnection.RemoteSection) -> Section? {
    let parts = Array(section.streamID.utf8).split(separator: UInt8(ascii: "|"), maxSplits: 1)
    guard let first = parts.first, first.begins(with: "PA_") else { return nil }
    var track = Array(section.trackID.utf8)
    if !track.begins(with: "TR_"), parts.count == 2 { track = Array(parts[1]) }
    guard track.begins(with: "TR_"), let trackSID = Name(bytes: track),
      let participantSID = Name(bytes: Array(first))
    else { return nil }
    return Section(mid: section.mid, participantSID: participantSID, trackSID: trackSID)
  }

  /// To be called after sections or participants changed.
  mutating func match(
    _ directory: Directory, _ choice: SubscriptionChoice, _ mode: EncryptionMode = .off
  ) -> [Change] {
    var changes: [Change] = []
    var index = 0
    while index < active.count {
      if choice.wants(active[index].trackSID), isAlive(active[index], directory, mode) {
        index += 1
      } else {
        changes.append(.unsubscribed(active.remove(at: index)))
      }
    }
    refused = refused.filter { sid in sections.contains { $0.trackSID == sid } }
    for section in sections where !active.contains(where: { $0.mid == section.mid }) {
      // What nobody wants any more is still sent for a moment.
      guard choice.wants(section.trackSID) else { continue }
      if let change = begin(section, directory, mode) { changes.append(change) }
    }
    return changes
  }

  mutating func clear() -> [Change] {
    let changes = active.map { Change.unsubscribed($0) }
    active = []
    sections = []
    refused = []
    return changes
  }

  func subscription(mid: String) -> Subscription? { active.first { $0.mid == mid } }

  private func isAlive(
    _ subscription: Subscription, _ directory: Directory, _ mode: EncryptionMode
  ) -> Bool {
    let section = sections.first { $0.mid == subscription.mid }
    guard let section, section.trackSID == subscription.trackSID else { return false }
    guard let track = track(section, directory)?.1 else { return false }
    return track.isEncrypted == subscription.isEncrypted && mode.refusal(of: track) == nil
  }

  private mutating func begin(
    _ section: Section, _ directory: Directory, _ mode: EncryptionMode
  ) -> Change? {
    guard let (participant, track) = track(section, directory), track.kind == .audio else { return nil }
    if let refusal = mode.refusal(of: track) { return refuse(track.sid, refusal) }
    // No more are wanted than there are slots.
    guard let slot = (0..<slotsMax).first(where: { slot in !active.contains { $0.slot == slot } }) else {
      return nil
    }
    refused = refused.filter { $0 != track.sid }
    let subscription = Subscription(
      trackSID: track.sid, participantSID: participant.sid, identity: participant.identity, slot: slot,
      mid: section.mid, isEncrypted: track.isEncrypted)
    active.append(subscription)
    return .subscribed(subscription)
  }

  private mutating func refuse(_ sid: Name, _ reason: String) -> Change? {
    guard !refused.contains(sid) else { return nil }
    refused.append(sid)
    return .refused(trackSID: sid, reason: reason)
  }

  private func track(_ section: Section, _ directory: Directory) -> (Participant, RemoteTrack)? {
    guard let participant = directory.participant(sid: section.participantSID),
      let track = participant.tracks.first(where: { $0.sid == section.trackSID })
    else { return nil }
    return (participant, track)
  }
}
