import Base
import Configuration
import Control
import LiveKit

/// Whether the device is in a room, why not, when it tries again and with which token: one value that nobody else
/// writes to. Events and the time go in, actions come out in the order in which they have to be done.
///
/// README.md of Device has the table, `ComeBack` what follows from a failure, `TokenDesk` gets the tokens.
struct Stay: Equatable {
  private(set) var phase = Phase.away
  private(set) var connection = RoomConnection.disconnected
  /// What is wrong with the connection now.
  private(set) var failure: RoomFailure?
  /// The server of this stay.
  private(set) var serverURL: String?
  /// The token that was dialled with last, for the self-test.
  private(set) var tokenSeen: String?
  /// Nothing begins any more.
  private(set) var isEnding = false
  private var wish = Wish.configured
  private var desk = TokenDesk()
  private var attempts: Attempts
  /// Why it is as it is, as a sentence; nil if there is nothing to say.
  private(set) var reason: String?
  /// What the room said last before it closes.
  private var lastWord: RoomFailure?
  private var afterLeaving = AfterLeaving.rest
  /// Asked for while the room was being left.
  private var queue: [Queued] = []
  private var actions: [Action] = []

  /// `spreadMilliseconds` is added to each pause; different on each device, so that a hundred doors do not knock
  /// together when an outage is over.
  init(spreadMilliseconds: Int = 0) { attempts = Attempts(spreadMilliseconds: spreadMilliseconds) }

  var deadlines: [Deadline] {
    [
      Deadline(phase == .failed ? "come-back" : "next-attempt", attempts.due),
      Deadline("token-ahead", desk.due),
    ]
  }

  mutating func handle(_ event: Event, _ settings: Settings, at moment: Moment) -> [Action] {
    actions = []
    let before = phase
    switch event {
    case .start: if settings.stayMode == .alwaysOn { begin(.configured, settings, moment) }
    case .asked(let wish, let asker): asked(wish, asker, settings, moment)
    case .pressed(let isAnswered): pressed(isAnswered, settings, moment)
    case .handset(isLifted: true): call(settings, moment)
    case .handset(isLifted: false): if settings.stayMode != .alwaysOn { leave(.rest, nil) }
    case .leave(let reason): leave(.rest, reason)
    case .nobodyCame(let joinsAnew): leave(joinsAnew ? .joinAnew : .fail(.noAgent), nil)
    case .reloaded(isConcerned: false): break
    case .reloaded(isConcerned: true):
      desk.forgetWarm()
      desk.watch(isIdle: isIdle, settings, moment.now)
      tryNow(settings, moment)
    case .terminate:
      isEnding = true
      leave(.rest, nil)
    case .secretRead(let result):
      take(desk.secretRead(result, settings.joining(wish), moment), settings, moment)
    case .endpointAnswered(let request, let answer):
      take(desk.endpointAnswered(request, answer, settings, moment), settings, moment)
    case .notDialled(let failure): if phase == .dialling { fail(failure, settings, moment) }
    case .connected: connected()
    case .interrupted(let what, let reason): interrupted(what, reason)
    case .attemptFailed(let failure, let retry): attemptFailed(failure, retry)
    case .roomClosed(let reason): roomClosed(reason, settings, moment)
    case .timeout: timePassed(settings, moment)
    }
    if phase != before || event == .start { desk.watch(isIdle: isIdle, settings, moment.now) }
    return actions
  }

  /// Whether the next call's token may be fetched ahead.
  private var isIdle: Bool { !isEnding && attempts.due == nil && (phase == .away || phase == .failed) }

  private mutating func enter(_ next: Phase, reason: String? = nil) {
    phase = next
    self.reason = reason
    connection = next.connection(after: connection, wasConnected: attempts.wasConnected)
    actions.append(.show(next, connection, reason: reason))
  }

  private mutating func refuse(_ asker: Asker, _ code: String, _ message: String) {
    actions.append(.refuse(asker, code: code, message: message))
  }

  // MARK: - Asked for

  private mutating func asked(_ wish: Wish, _ asker: Asker, _ settings: Settings, _ moment: Moment) {
    switch phase {
    case .away, .failed:
      guard !isEnding else { return refuse(asker, "leaving", "linteld is ending") }
      actions.append(.accept(asker, .connecting))
      begin(wish, settings, moment)
    case .leaving:
      guard !isEnding, queue.count < DeviceLimits.pendingCallsMax else {
        return refuse(asker, "leaving", "the device is just leaving its room")
      }
      queue.append(Queued(wish: wish, asker: asker))
    case .wanting, .dialling, .joined, .interrupted, .waiting:
      guard wish == .configured else {
        return refuse(asker, "already-joined", "the device is in a room already; lintelctl leave first")
      }
      actions.append(.accept(asker, connection))
      tryNow(settings, moment)
    }
  }

  private mutating func pressed(_ isAnswered: Bool, _ settings: Settings, _ moment: Moment) {
    switch phase {
    case .away, .failed, .waiting, .leaving: call(settings, moment)
    case .wanting, .dialling, .joined, .interrupted:
      guard settings.stayMode == .onDemand else { return }
      // Whoever presses twice wants to be heard, not to hang up.
      let age = attempts.milliseconds(now: moment.now)
      guard isAnswered || age >= DeviceLimits.hangUpByPressMilliseconds else {
        return actions.append(.note(.info, "pressed again before anybody answered: the call goes on"))
      }
      leave(.rest, nil)
    }
  }

  /// What a hand at the device asks for: nobody waits for an answer.
  private mutating func call(_ settings: Settings, _ moment: Moment) {
    switch phase {
    case .away, .failed: begin(.configured, settings, moment)
    case .waiting: tryNow(settings, moment)
    case .leaving:
      guard !isEnding, !queue.contains(where: { $0.asker == .button }) else { break }
      queue.append(Queued(wish: .configured, asker: .button))
    case .wanting, .dialling, .joined, .interrupted: break
    }
  }

  /// Whoever asks does not wait for the next attempt, and is told again why it fails.
  private mutating func tryNow(_ settings: Settings, _ moment: Moment) {
    guard phase == .waiting else { return }
    failure = nil
    attempt(settings, moment)
  }

  // MARK: - Joining

  private mutating func begin(
    _ wish: Wish, _ settings: Settings, _ moment: Moment, isAnew: Bool = false
  ) {
    guard !isEnding else { return }
    self.wish = wish
    failure = nil
    attempts.begin(now: moment.now)
    // Before anything that can fail: what is said from the press on is kept.
    actions.append(.begin(isAnew: isAnew))
    enter(.wanting)
    attempt(settings, moment)
  }

  private mutating func attempt(_ settings: Settings, _ moment: Moment) {
    attempts.clear()
    if phase != .wanting { enter(.wanting) }
    if let token = wish.token { return dial(TokenTicket(token: token), settings, moment) }
    if wish.room != nil { desk.forgetWarm() }
    take(desk.want(settings.joining(wish), moment), settings, moment)
  }

  private mutating func dial(_ ticket: TokenTicket, _ settings: Settings, _ moment: Moment) {
    attempts.dial(with: ticket)
    tokenSeen = ticket.token
    guard let url = wish.url ?? ticket.serverURL ?? settings.token.url else {
      let isAnswer = settings.tokenIsRemote && wish.token == nil
      return fail(isAnswer ? .endpointWithoutURL(settings.tokenEndpoint) : .noURL, settings, moment)
    }
    serverURL = url
    enter(.dialling)
    actions.append(.note(.info, "joining \(url)"))
    actions.append(.dial(url: url, token: ticket.token))
  }

  private mutating func take(_ result: [TokenDesk.Action], _ settings: Settings, _ moment: Moment) {
    for action in result {
      switch action {
      case .read(let path): actions.append(.readSecret(path: path))
      case .post(let request): actions.append(.post(request))
      case .note(let words): actions.append(.note(.info, words))
      case .ticket(let ticket): if phase == .wanting { dial(ticket, settings, moment) }
      case .failed(let failure): if phase == .wanting { fail(failure, settings, moment) }
      case .failedAhead(let failure, let pause): tell(failure, retryInMilliseconds: pause)
      case .isThere: if phase == .away { failure = nil }
      }
    }
  }

  // MARK: - What the room says

  private mutating func connected() {
    guard phase.isDialled else { return }
    failure = nil
    attempts.succeeded()
    enter(.joined)
  }

  private mutating func interrupted(_ what: Interruption, _ reason: String?) {
    guard phase.isDialled else { return }
    if failure == nil, let reason {
      failure = RoomFailure(code: what.code, message: reason, retriable: true)
      actions.append(.note(.warning, reason))
    }
    enter(.interrupted(what), reason: reason)
  }

  private mutating func attemptFailed(_ failure: RoomFailure, _ retry: Int?) {
    guard phase.isDialled else { return }
    if let retry { tell(failure, retryInMilliseconds: retry, again: true) } else { lastWord = failure }
  }

  private mutating func roomClosed(_ reason: String?, _ settings: Settings, _ moment: Moment) {
    let said = lastWord
    lastWord = nil
    if phase == .leaving { return left(settings, moment) }
    guard phase.isDialled else { return }
    fail(said ?? .closed(reason), settings, moment)
  }

  /// An attempt or a session ended for good; the table of `ComeBack` says what follows.
  private mutating func fail(_ failure: RoomFailure, _ settings: Settings, _ moment: Moment) {
    let (next, pause) = attempts.failed(
      failure.code, settings.stayMode, tokenIsGiven: wish.token != nil, now: moment.now)
    switch next {
    case .retry:
      tell(failure, retryInMilliseconds: pause)
      enter(.waiting, reason: failure.message)
    case .comeBack, .end:
      wish = next == .end ? wish : .configured
      tell(failure, retryInMilliseconds: pause, again: true)
      enter(.failed, reason: failure.message)
    }
  }

  /// What is tried in the background fails in the same way many times; it is told once, unless it is to be told again.
  private mutating func tell(_ failure: RoomFailure, retryInMilliseconds: Int?, again: Bool = false) {
    let isKnown = failure.code == self.failure?.code && failure.message == self.failure?.message
    let told = failure.retried(inMilliseconds: retryInMilliseconds)
    self.failure = told
    if again || !isKnown { actions.append(.tell(told)) }
  }

  // MARK: - Leaving

  private mutating func leave(_ next: AfterLeaving, _ reason: String?) {
    let overtaken = queue
    queue = []
    for queued in overtaken { refuse(queued.asker, "leaving", "the room was left meanwhile") }
    desk.release()
    attempts.clear()
    afterLeaving = next
    switch phase {
    case .away, .leaving: break
    case .wanting, .waiting:
      enter(.leaving, reason: reason)
      fallthrough
    case .failed:
      failure = nil
      enter(.away, reason: reason)
    case .dialling, .joined, .interrupted:
      actions.append(.note(.info, "leaving the room"))
      failure = nil
      if case .fail(let failure) = next { tell(failure, retryInMilliseconds: nil) }
      enter(.leaving, reason: reason ?? failure?.message)
      actions.append(.leaveRoom)
    }
  }

  /// The room is closed, as was asked for.
  private mutating func left(_ settings: Settings, _ moment: Moment) {
    let (next, waiting) = (afterLeaving, queue)
    afterLeaving = .rest
    queue = []
    actions.append(.note(.notice, "left the room"))
    if case .fail(let failure) = next {
      enter(.failed, reason: failure.message)
    } else {
      failure = nil
      enter(.away, reason: reason)
    }
    if next == .joinAnew, !isEnding { begin(wish, settings, moment, isAnew: true) }
    for queued in waiting { asked(queued.wish, queued.asker, settings, moment) }
  }

  private mutating func timePassed(_ settings: Settings, _ moment: Moment) {
    if let due = attempts.due, due <= moment.now {
      attempts.clear()
      if phase == .waiting { attempt(settings, moment) } else { begin(.configured, settings, moment) }
    }
    if let due = desk.due, due <= moment.now { take(desk.fetchAhead(settings, moment), settings, moment) }
  }
}
