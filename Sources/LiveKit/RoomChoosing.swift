import Base

/// Telling the server which tracks are wanted.
extension Room {
  /// Asks for what is wanted now and not any more, where the server lets us hear anybody.
  func askForTracks(new: [Name]) {
    guard isJoined, isSignalling, core.directory.local.permission.canSubscribe else { return }
    let change = core.choice.choose(from: core.directory.remotes, speakers: core.speakers, new: new)
    if !change.unsubscribe.isEmpty {
      core.media.hasFreedSections = true
      send(.subscription(change.unsubscribe, subscribe: false))
    }
    if !change.subscribe.isEmpty { send(.subscription(change.subscribe, subscribe: true)) }
  }

  /// Something changed that is no news of participants.
  func chooseSubscriptions(_ now: Instant) { changeParticipants(now) { _ in [] } }

  func mayHearChanged(_ now: Instant) {
    core.choice.clear()
    changeParticipants(now, areAllNew: true) { _ in [] }
  }

  /// What the publisher says to our wish, who may change his mind.
  func subscriptionJudged(_ sid: Name, refusal: String?, _ now: Instant) {
    if let refusal { emit(.trackRefused(trackSID: sid, reason: refusal)) }
    guard core.choice.note(sid, isRefused: refusal != nil) else { return }
    chooseSubscriptions(now)
  }

  /// Without a reason it says, where we offer, that an offer is missing: of a track that we do want it is made.
  func subscriptionFailed(_ sid: Name, _ error: SignalResponse.SubscriptionError, _ now: Instant) {
    if core.media.isOnlyPublisher, error == .unknown {
      if core.choice.wants(sid) { negotiate(now) }
    } else {
      subscriptionJudged(sid, refusal: error.words, now)
    }
  }
}
