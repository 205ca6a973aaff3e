import Base
import WebRTC

/// The server's offers, who is in the room, and whose audio is which.
extension Room {
  func offered(_ description: SessionDescription, _ now: Instant) {
    // Of a peer connection that is closed already, and about to be explained.
    guard core.session.dismissal == nil else { return }
    let subscriber = start(.subscriber, now)
    do {
      let answer = try subscriber.acceptOffer(description.sdp, now: now)
      send(.answer(.init(sdp: answer, id: description.id)))
    } catch {
      return undescribed(error, now)
    }
    core.subscriptions.setSections(subscriber.remoteSections)
    let known = core.session.earlyAudio.filter { packet in
      core.subscriptions.sections.contains { $0.mid == packet.mid }
    }
    core.statistics.strayAudioPackets &+= core.session.earlyAudio.count - known.count
    core.session.earlyAudio = known
    report(core.subscriptions.match(core.directory))
  }

  /// What cannot be parsed is dropped: the running media is better than a new session, and the server ends the
  /// session itself if it cannot do without the answer. What is understood and cannot be, ends it here.
  func undescribed(_ failure: DescriptionFailure, _ now: Instant) {
    guard case .malformed = failure else { return lose(.badDescription(failure.description), now) }
    core.statistics.malformedMessages &+= 1
    emit(.descriptionDropped(failure.description))
  }

  /// Changes who is in the room, ends and begins subscriptions accordingly, and tells it in this order: what ends,
  /// what changed, what begins.
  func changeParticipants(_ now: Instant, _ change: (inout Directory) -> [Directory.Change]) {
    let droppedBefore = core.directory.dropped
    let changes = change(&core.directory)
    core.statistics.limitDrops &+= core.directory.dropped - droppedBefore
    let subscriptions = core.subscriptions.match(core.directory)
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
    if changes.session { senderLeft(old, now) }
    emit(.participantUpdated(participant, changes))
    recipientChanged(participant, hasLeft: false)
  }

  func report(_ changes: [SubscriptionTable.Change]) {
    for change in changes {
      switch change {
      case .subscribed(let subscription):
        guard let participant = core.directory.participant(sid: subscription.participantSID) else { continue }
        emit(.trackSubscribed(subscription, participant: participant))
        for packet in core.session.earlyAudio where packet.mid == subscription.mid {
          queue(packet, slot: subscription.slot)
        }
        core.session.earlyAudio = core.session.earlyAudio.filter { $0.mid != subscription.mid }
      case .unsubscribed(let subscription):
        core.audio.forget(slot: subscription.slot)
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
