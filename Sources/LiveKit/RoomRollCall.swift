import Base

/// What the server tells of the room after a resume.
extension Room {
  /// False if the session that goes on is somebody else's.
  func tookPartInRollCall(_ updates: [Participant], _ now: Instant) -> Bool {
    guard core.rollCall != nil else { return true }
    let own = core.directory.local
    for update in updates where update.identity == own.identity {
      guard update.sid == own.sid || update.state == .disconnected else {
        lose(.rejoinAsked(.stateMismatch), now)
        return false
      }
      compareMutes(update.tracks)
    }
    core.rollCall?.heard(updates, own: own.sid)
    return true
  }

  /// An administrator's word of the meantime counts, and ours if the server has not heard it.
  private func compareMutes(_ tracks: [RemoteTrack]) {
    for track in tracks where core.rollCall?.told.contains(track.sid) == false {
      guard let local = core.localTracks.first(where: { $0.sid == track.sid }), local.isMuted != track.isMuted
      else { continue }
      mutedByServer(track.sid, track.isMuted)
    }
  }

  /// With this everybody has been told of. False if it is another room.
  func rollCallEnds(with info: RoomInfo, _ now: Instant) -> Bool {
    guard core.rollCall != nil else { return true }
    let isAnother = !core.info.sid.isEmpty && info.sid != core.info.sid
    if isAnother { lose(.rejoinAsked(.stateMismatch), now) } else { endRollCall(now) }
    return !isAnother
  }

  /// Whoever was not told of has left; unless we were not either, for then it was no whole list.
  func endRollCall(_ now: Instant) {
    guard let rollCall = core.rollCall else { return }
    core.rollCall = nil
    guard rollCall.isComplete, !rollCall.missing.isEmpty else { return }
    changeParticipants(now) { $0.leave(rollCall.missing) }
  }
}

/// Who is still there after a resume: the server tells of everybody, ourselves included, in one update or several. Pure.
struct RollCall {
  /// Sessions that were known before and not told of since.
  private(set) var missing: [Name]
  /// We were told of.
  private(set) var isComplete = false
  /// Our tracks of which the server was told just now whether they are muted.
  let told: [Name]
  let until: Instant

  init(missing: [Name], told requests: [SignalRequest], until: Instant) {
    self.missing = missing
    self.until = until
    told = requests.compactMap { if case .mute(let sid, _) = $0 { sid } else { nil } }
  }

  mutating func heard(_ updates: [Participant], own: Name) {
    if updates.contains(where: { $0.sid == own }) { isComplete = true }
    missing.removeAll { sid in updates.contains { $0.sid == sid } }
  }
}
