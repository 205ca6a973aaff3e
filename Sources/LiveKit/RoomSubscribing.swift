import Base
import WebRTC

/// The server's offers, who is in the room, and whose audio is which.
extension Room {
  func offered(_ description: SessionDescription, _ now: Instant) {
    // Of a peer connection that is closed already, and about to be explained; or of one that there is not.
    guard core.media.dismissal == nil, !core.media.isOnlyPublisher else { return }
    let subscriber = start(.subscriber, now)
    do {
      let answer = try subscriber.acceptOffer(description.sdp, now: now)
      core.media.answeredOfferID = description.id
      send(.answer(.init(sdp: answer, id: description.id)))
    } catch {
      return undescribed(error, now)
    }
    sectionsChanged(subscriber)
  }

  /// A description of the server says which tracks come, and where.
  func sectionsChanged(_ peer: any MediaPeer) {
    core.subscriptions.setSections(peer.remoteSections)
    let known = core.media.earlyAudio.filter { packet in
      core.subscriptions.sections.contains { $0.mid == packet.mid }
    }
    core.statistics.strayAudioPackets &+= core.media.earlyAudio.count - known.count
    core.media.earlyAudio = known
    report(core.subscriptions.match(core.directory, core.choice, core.encryption.settings.mode))
  }

  /// What cannot be parsed is dropped: the running media is better than a new session, and the server ends the
  /// session itself if it cannot do without the answer. What is understood and cannot be, ends it here.
  func undescribed(_ failure: DescriptionFailure, _ now: Instant) {
    // The keys of another server, whose session is another one.
    if case .fingerprintChanged = failure { return lose(.rejoinAsked(.migration), now) }
    guard case .malformed = failure else { return lose(.badDescription(failure.description), now) }
    core.statistics.malformedMessages &+= 1
    emit(.descriptionDropped(failure.description))
  }

  /// Changes who is in the room, ends and begins subscriptions accordingly, and tells it in this order: what ends,
  /// what changed, what begins.
  /// `areAllNew`: of a session that has just begun, where the server knows nothing of what was asked for before.
  func changeParticipants(
    _ now: Instant, areAllNew: Bool = false, _ change: (inout Directory) -> [Directory.Change]
  ) {
    let droppedBefore = core.directory.dropped
    let changes = change(&core.directory)
    core.statistics.limitDrops &+= core.directory.dropped - droppedBefore
    var new: [Name] = []
    if areAllNew {
      new = core.directory.remotes.flatMap { $0.tracks.map { $0.sid } }
    } else {
      for case .published(let track, _) in changes { new.append(track.sid) }
    }
    askForTracks(new: new)
    let subscriptions = core.subscriptions.match(core.directory, core.choice, core.encryption.settings.mode)
    report(subscriptions.filter { $0.isEnd })
    for change in changes { report(change, now) }
    report(subscriptions.filter { !$0.isEnd })
    watchAgent()
  }

  private func report(_ change: Directory.Change, _ now: Instant) {
    switch change {
    case .joined(let participant): emit(.participantJoined(participant))
    case .updated(let participant, let old): updated(participant, from: old, now)
    case .left(let participant, let reason):
      senderLeft(participant, now)
      core.encryption.ring.forget(participant.identity)
      emit(.participantLeft(participant, reason))
      recipientChanged(participant, hasLeft: true)
    case .published(let track, let participant): emit(.trackPublished(track, participant: participant))
    case .unpublished(let track, let participant): emit(.trackUnpublished(track, participant: participant))
    case .muted(let track, let participant): emit(.trackMuted(track, participant: participant))
    case .unmuted(let track, let participant): emit(.trackUnmuted(track, participant: participant))
    case .localUpdated(let old, let new): localUpdated(old, new, now)
    }
  }

  private func updated(_ participant: Participant, from old: Participant, _ now: Instant) {
    let changes = ParticipantChanges(from: old, to: participant)
    if changes.session {
      senderLeft(old, now)
      core.encryption.ring.forget(old.identity)
    }
    emit(.participantUpdated(participant, changes))
    recipientChanged(participant, hasLeft: false)
  }

  func report(_ changes: [SubscriptionTable.Change]) {
    for change in changes {
      switch change {
      case .subscribed(let subscription):
        guard let participant = core.directory.participant(sid: subscription.participantSID) else { continue }
        core.encryption.subscribed(subscription)
        emit(.trackSubscribed(subscription, participant: participant))
        for packet in core.media.earlyAudio where packet.mid == subscription.mid {
          queue(packet, slot: subscription.slot)
        }
        core.media.earlyAudio = core.media.earlyAudio.filter { $0.mid != subscription.mid }
      case .unsubscribed(let subscription):
        core.audio.forget(slot: subscription.slot)
        core.encryption.unsubscribed(slot: subscription.slot)
        emit(.trackUnsubscribed(subscription))
      case .refused(let sid, let reason): emit(.trackRefused(trackSID: sid, reason: reason))
      }
    }
  }
}

extension SubscriptionTable.Change {
  var isEnd: Bool {
    if case .unsubscribed = self { return true }
    return false
  }
}
