import Base
import Configuration
import Control

/// Whom the device rings, in which order, and who answered: one value that decides, and does nothing itself.
///
/// Steps are gone through one after the other. In a step all its people are rung together; the first who answers has the
/// call, and the others are ended at once. A leg that is ended is asked to end until it is gone, as nobody's phone may
/// ring on. README.md of this folder has the table.
struct Dialling {
  private(set) var legs: [Leg] = []
  private var round: Round?
  private var numbers = 0
  private var actions: [Action] = []
  /// The last reason why nobody answered.
  private var lastFailure = Leg.Failure.unanswered
  private var lastWords = ""
  private var somebodyAnswered = false

  /// Nothing that it began is left.
  var isClear: Bool { legs.isEmpty && round == nil }
  /// Who waits for somebody to answer.
  var asker: Asker? { round?.asker }
  /// Somebody is being rung.
  var isRinging: Bool { round != nil }

  // MARK: - What is asked for

  /// `stamp` makes the identities unlike those of any other call.
  mutating func begin(
    _ steps: [Step], _ options: DialOptions, asker: Asker? = nil, stamp: Int64, now: Instant
  ) -> [Action] {
    actions = []
    guard round == nil, legs.count < DeviceLimits.legsMax else {
      if let asker { actions.append(.refuse(asker, .busyHere)) }
      return actions
    }
    // Who is still being let go belongs to the call before.
    if !legs.contains(where: { $0.isWanted }) { somebodyAnswered = false }
    lastFailure = .unanswered
    round = Round(steps: steps, options: options, asker: asker)
    goOn(stamp, now)
    return actions
  }

  /// Ends one leg, or all of them and what would have come next.
  mutating func hangUp(_ who: Name?, now: Instant) -> [Action] {
    actions = []
    if who == nil, let round {
      lastFailure = .cancelled
      if let asker = round.asker { actions.append(.refuse(asker, .cancelled)) }
      self.round = nil
    }
    for index in legs.indices where legs[index].isWanted && (who == nil || legs[index].identity == who) {
      end(index, .cancelled, now)
    }
    return finish(0, now)
  }

  // MARK: - What happens

  /// The order's answer: it was taken; `isAnswer`: and somebody answered.
  mutating func ordered(
    _ number: Int, reference: String?, isAnswer: Bool, stamp: Int64, now: Instant
  ) -> [Action] {
    actions = []
    guard let index = index(number) else { return [] }
    legs[index].isOrdered = false
    legs[index].reference = reference ?? legs[index].reference
    looked(number, now: now)
    switch legs[index].phase {
    case .calling, .ringing: if isAnswer { answer(index, now) } else { ring(index) }
    // It was taken back meanwhile: who answered in the same moment is let go at once.
    case .ending: endAgain(index, now)
    case .answered, .over: break
    }
    return finish(stamp, now)
  }

  /// What is known of one from elsewhere.
  mutating func note(_ number: Int, _ change: (inout Leg) -> Void) {
    if let index = index(number) { change(&legs[index]) }
  }

  /// It still rings, as far as its carrier said.
  mutating func looked(_ number: Int, now: Instant) {
    guard let index = index(number), legs[index].target.way == .twilio else { return }
    legs[index].lookAt = now.advanced(byMilliseconds: DeviceLimits.legLookMilliseconds)
  }

  mutating func failed(_ number: Int, _ failure: Leg.Failure, stamp: Int64, now: Instant) -> [Action] {
    actions = []
    guard let index = index(number) else { return [] }
    legs[index].isOrdered = false
    switch legs[index].phase {
    case .calling, .ringing: fail(index, failure)
    case .ending: if !legs[index].isPresent { close(index) }
    case .answered, .over: break
    }
    return finish(stamp, now)
  }

  /// Somebody of that identity is there, with what the bridge says of the call; nil for who is no telephone, whose coming
  /// is the answer.
  mutating func seen(
    _ identity: Name, status: String?, agent: Name? = nil, stamp: Int64, now: Instant
  ) -> [Action] {
    actions = []
    guard let index = legs.firstIndex(where: { $0.identity == identity && $0.isAlive }) else { return [] }
    legs[index].isPresent = true
    legs[index].agent = agent ?? legs[index].agent
    if let status, status != legs[index].status {
      legs[index].status = status
      actions.append(.tell(.phoneStatus(identity: identity.text, status: status)))
    }
    switch legs[index].phase {
    case .calling, .ringing:
      if status == nil || status == "active" {
        answer(index, now)
      } else if status == "ringing" || status == "automation" {
        ring(index)
        // Answered, and the bridge types the keys: it rings no more.
        if status == "automation" {
          legs[index].due = now.advanced(byMilliseconds: DeviceLimits.legKeysMilliseconds)
        }
      }
    // The order overtook the wish to end it.
    case .ending: if !legs[index].isEndOrdered { endAgain(index, now) }
    case .answered, .over: break
    }
    return finish(stamp, now)
  }

  mutating func left(_ identity: Name, _ failure: Leg.Failure, stamp: Int64, now: Instant) -> [Action] {
    actions = []
    guard let index = legs.firstIndex(where: { $0.identity == identity && $0.isAlive }) else { return [] }
    legs[index].isPresent = false
    switch legs[index].phase {
    case .calling, .ringing:
      guard legs[index].isOrdered else {
        fail(index, failure)
        break
      }
      // The order's answer says it better, and comes with it.
      legs[index].failure = failure
      legs[index].due = now.advanced(byMilliseconds: DeviceLimits.legReasonMilliseconds)
    case .answered:
      tellEnd(index, by: "there", now)
      close(index)
    case .ending: if !legs[index].isOrdered { close(index) }
    case .over: break
    }
    return finish(stamp, now)
  }

  /// What was asked to end it has answered; `isGone`: nothing of it is there. `why` not is told once.
  mutating func endAnswered(_ number: Int, isGone: Bool, why: String? = nil, now: Instant) -> [Action] {
    actions = []
    guard let index = index(number) else { return [] }
    legs[index].endAnswered(isGone: isGone, now)
    guard legs[index].phase == .ending else { return [] }
    if let why, !legs[index].isDoubtTold {
      legs[index].isDoubtTold = true
      actions.append(.log(.warning, "\(legs[index].name) is not let go yet: \(why)"))
    }
    if isGone, !legs[index].isOrdered { close(index) }
    return finish(0, now)
  }

  mutating func passTime(stamp: Int64, now: Instant) -> [Action] {
    actions = []
    for index in legs.indices {
      if legs[index].looks(now) { actions.append(.look(legs[index])) }
      guard let due = legs[index].due, due <= now else { continue }
      switch legs[index].phase {
      case .calling, .ringing:
        if let failure = legs[index].failure { fail(index, failure) } else { end(index, .unanswered, now) }
      case .ending: endAgain(index, now)
      case .answered: end(index, .tooLong, now)
      case .over: break
      }
    }
    return finish(stamp, now)
  }

  // MARK: - Steps

  private mutating func goOn(_ stamp: Int64, _ now: Instant) {
    guard var round else { return }
    guard let step = round.steps.first else {
      self.round = nil
      if let asker = round.asker { actions.append(.refuse(asker, lastFailure)) }
      return
    }
    round.steps.removeFirst()
    self.round = round
    for person in step.people.prefix(DeviceLimits.legsMax - legs.count) {
      numbers += 1
      let leg = Leg(numbers, person, round.options, ringSeconds: step.seconds, stamp: stamp, now: now)
      legs.append(leg)
      actions.append(.order(leg))
    }
  }

  /// The next step if nobody is rung any more, and the end if nobody is left.
  private mutating func finish(_ stamp: Int64, _ now: Instant) -> [Action] {
    if round != nil, !legs.contains(where: { $0.phase == .calling || $0.phase == .ringing }) {
      if round?.steps.isEmpty == false { actions.append(.goesOn(lastFailure)) }
      goOn(stamp, now)
    }
    let wasClear = legs.isEmpty
    legs.removeAll { $0.phase == .over }
    if legs.isEmpty, !wasClear, round == nil {
      actions.append(.over(somebodyAnswered ? nil : lastFailure, words: lastWords))
    }
    defer { actions = [] }
    return actions
  }

  // MARK: - Legs

  private func index(_ number: Int) -> Int? { legs.firstIndex { $0.number == number && $0.isAlive } }

  private mutating func ring(_ index: Int) {
    guard legs[index].phase == .calling else { return }
    legs[index].phase = .ringing
    let leg = legs[index]
    actions.append(
      .tell(.callRinging(target: leg.name, identity: leg.identity.text, seconds: leg.ringSeconds)))
  }

  private mutating func answer(_ index: Int, _ now: Instant) {
    legs[index].answered(now)
    let leg = legs[index]
    let milliseconds = now.milliseconds(since: leg.beganAt)
    actions.append(
      .tell(
        .callAnswered(target: leg.name, identity: leg.identity.text, afterMilliseconds: milliseconds)))
    actions.append(.answered(leg, isFirst: !somebodyAnswered))
    somebodyAnswered = true
    if let asker = round?.asker { actions.append(.succeed(asker, leg)) }
    round = nil
    for other in legs.indices where legs[other].phase == .calling || legs[other].phase == .ringing {
      end(other, .cancelled, now)
    }
  }

  private mutating func end(_ index: Int, _ reason: Leg.Failure, _ now: Instant) {
    if reason == .cancelled || reason == .tooLong {
      tellEnd(index, by: "here", now)
      if reason == .tooLong { lastWords = reason.words }
    } else {
      lastFailure = reason
      tellFailure(index, reason)
    }
    legs[index].ends(reason, now)
    actions.append(.end(legs[index], again: false))
  }

  private mutating func endAgain(_ index: Int, _ now: Instant) {
    if let until = legs[index].endsUntil, until <= now {
      if legs[index].isPresent || legs[index].isOrdered {
        actions.append(
          .log(.warning, "the call to \(legs[index].name) could not be ended, and may still be there"))
      }
      return close(index)
    }
    legs[index].due = now.advanced(byMilliseconds: DeviceLimits.legEndPatienceMilliseconds)
    guard !legs[index].isEndOrdered || legs[index].isPresent else { return }
    legs[index].isEndOrdered = true
    actions.append(.end(legs[index], again: true))
  }

  private mutating func fail(_ index: Int, _ failure: Leg.Failure) {
    lastFailure = failure
    tellFailure(index, failure)
    close(index)
  }

  private mutating func close(_ index: Int) { legs[index].phase = .over }

  private mutating func tellEnd(_ index: Int, by: String, _ now: Instant) {
    let leg = legs[index]
    let seconds = leg.answeredAt.map { now.seconds(since: $0) } ?? 0
    lastWords = by == "there" ? leg.name + (leg.isTransferred ? " was put through" : " hung up") : ""
    actions.append(.tell(.callEnded(target: leg.name, by: by, seconds: seconds)))
  }

  private mutating func tellFailure(_ index: Int, _ failure: Leg.Failure) {
    lastWords = "\(legs[index].name): \(failure.words)"
    actions.append(.tell(.callFailed(target: legs[index].name, code: failure.code, words: failure.words)))
  }
}
