import Base
import Configuration
import Control
import LiveKit
import Testing

@testable import Device

/// A stay that is driven by hand, with a clock of its own.
struct StayRig {
  var stay = Stay()
  var settings = Settings()
  var moment = Stay.Moment(now: Instant(microseconds: 1_000_000), unixSeconds: 1_800_000_000)

  init(_ mode: SessionMode, _ source: TokenSource = .file) {
    settings.session.mode = mode
    settings.token.source = source
    settings.token.url = "wss://room.example"
    settings.token.file = "/run/token"
    settings.token.endpoint = "https://tokens.example"
    settings.token.apiKey = "key"
    settings.token.apiSecretFile = "/run/secret"
  }

  @discardableResult
  mutating func handle(_ event: Stay.Event) -> [Stay.Action] { stay.handle(event, settings, at: moment) }

  mutating func pass(milliseconds: Int) {
    moment.now = moment.now.advanced(byMilliseconds: milliseconds)
    moment.unixSeconds += Int64(milliseconds / 1000)
  }

  var attemptDue: Instant? {
    stay.deadlines.first { $0.name == "next-attempt" || $0.name == "come-back" }?.at
  }
}

/// The table of the README, a row each: what happens to a stay in each phase, as the value itself gives it.
@Suite struct StayTests {
  enum From: String {
    case away, wanting, dialling, joined, interrupted, waiting, leaving, failed
    case dismissed = "failed, back in 1 h"
    case ending = "away, and ending"
    case warm = "dialling, token fetched ahead"
  }

  struct Case {
    let when: String
    let from: From
    let modes: [SessionMode]
    var source = TokenSource.file
    let event: Stay.Event
    var after = 0

    init(_ when: String, _ from: From, after milliseconds: Int = 0, _ event: Stay.Event) {
      self.init(when, from, SessionMode.allCases, after: milliseconds, event)
    }

    init(
      _ when: String, _ from: From, _ modes: [SessionMode], after milliseconds: Int = 0, _ event: Stay.Event
    ) {
      self.when = when
      self.from = from
      self.modes = modes
      self.event = event
      after = milliseconds
    }

    init(
      _ when: String, _ from: From, _ modes: [SessionMode], _ source: TokenSource, _ event: Stay.Event
    ) {
      self.init(when, from, modes, event)
      self.source = source
    }
  }

  static let client = Asker.participant(
    RemoteCall(id: 1, caller: Caller(kind: "agent", identity: "a"), method: "m", payload: ""))
  private static let others: [SessionMode] = [.onDemand, .pushToTalk]
  private static func failure(_ code: String) -> RoomFailure {
    RoomFailure(code: code, message: code, retriable: false)
  }
  private static func attempt(_ code: String) -> Stay.Event {
    .attemptFailed(failure(code), retryInMilliseconds: nil)
  }
  private static let refusal = EndpointAnswer.answered(status: 503, body: [])
  private static let given = Stay.Wish(url: nil, token: token())

  static let cases: [Case] = [
    Case("the process is up", .away, [.alwaysOn], .start),
    Case("the process is up", .away, others, .start),
    Case("the button is pressed", .away, .pressed(isAnswered: false)),
    Case("the handset is lifted", .away, .handset(isLifted: true)),
    Case("call", .away, .asked(.configured, by: client)),
    Case("join with a token", .away, .asked(given, by: client)),
    Case("call", .ending, .asked(.configured, by: client)),
    Case("leave", .away, .leave(reason: nil)),
    Case("the token is read", .wanting, .secretRead(.success(token()))),
    Case("the token file is empty", .wanting, others, .secretRead(.failure(.empty(path: "/run/token")))),
    Case("the token file is empty", .wanting, [.alwaysOn], .secretRead(.failure(.empty(path: "/run/token")))),
    Case("the endpoint is down", .wanting, others, .endpoint, .endpointAnswered(request: 1, refusal)),
    Case("the endpoint is down", .wanting, [.alwaysOn], .endpoint, .endpointAnswered(request: 1, refusal)),
    Case(
      "the endpoint is back", .wanting, SessionMode.allCases, .endpoint,
      .endpointAnswered(
        request: 1, .answered(status: 200, body: Array(TokenSourceTests.answer(token()).utf8)))),
    Case("call", .wanting, .asked(.configured, by: client)),
    Case("join with a token", .wanting, .asked(given, by: client)),
    Case("the button is pressed before 3 s", .wanting, after: 2_999, .pressed(isAnswered: false)),
    Case("the button is pressed after 3 s", .wanting, [.onDemand], after: 3_000, .pressed(isAnswered: false)),
    Case("leave", .wanting, .leave(reason: nil)),
    Case("the room does not take it", .dialling, others, .notDialled(failure("malformed-token"))),
    Case("the room does not take it", .dialling, [.alwaysOn], .notDialled(failure("malformed-token"))),
    Case("connected", .dialling, .connected),
    Case("the room tries again", .dialling, .attemptFailed(failure("refused"), retryInMilliseconds: 300)),
    Case("401: too early, expired, unknown", .dialling, others, attempt("not-allowed")),
    Case("401: too early, expired, unknown", .dialling, [.alwaysOn], attempt("not-allowed")),
    Case("401", .warm, [.onDemand, .pushToTalk], .endpoint, attempt("not-allowed")),
    Case("the button is pressed before 3 s", .dialling, after: 2_999, .pressed(isAnswered: false)),
    Case("leave", .dialling, .leave(reason: nil)),
    Case("the network is lost", .joined, .interrupted(.session, reason: "lost")),
    Case("media stops", .joined, .interrupted(.media, reason: "lost")),
    Case("signalling is lost", .joined, .interrupted(.signalling, reason: "lost")),
    Case("the network is back", .interrupted, .connected),
    Case("removed", .joined, others, attempt("dismissed-participant-removed")),
    Case("removed", .joined, [.alwaysOn], attempt("dismissed-participant-removed")),
    Case("a twin joins", .joined, others, attempt("dismissed-duplicate-identity")),
    Case("a twin joins", .joined, [.alwaysOn], attempt("dismissed-duplicate-identity")),
    Case("the room is deleted", .joined, others, attempt("dismissed-room-deleted")),
    Case("the room is deleted", .joined, [.alwaysOn], attempt("dismissed-room-deleted")),
    Case("401 after the network was lost", .interrupted, [.alwaysOn], attempt("not-allowed")),
    Case("the button is pressed, nobody answered", .joined, after: 2_999, .pressed(isAnswered: false)),
    Case("the button is pressed, somebody answered", .joined, [.onDemand], .pressed(isAnswered: true)),
    Case("the button is pressed, somebody answered", .joined, [.alwaysOn], .pressed(isAnswered: true)),
    Case("the handset is put down", .joined, others, .handset(isLifted: false)),
    Case("the handset is put down", .joined, [.alwaysOn], .handset(isLifted: false)),
    Case("call", .joined, .asked(.configured, by: client)),
    Case("nobody came, join anew", .joined, .nobodyCame(joinsAnew: true)),
    Case("nobody came, give up", .joined, .nobodyCame(joinsAnew: false)),
    Case("leave", .joined, .leave(reason: nil)),
    Case("the process ends", .joined, .terminate),
    Case("its time has come", .waiting, [.alwaysOn], after: 5_000, .timeout),
    Case("the button is pressed", .waiting, [.alwaysOn], .pressed(isAnswered: false)),
    Case("call", .waiting, [.alwaysOn], .asked(.configured, by: client)),
    Case("the configuration is read anew", .waiting, [.alwaysOn], .reloaded(isConcerned: true)),
    Case("leave", .waiting, [.alwaysOn], .leave(reason: nil)),
    Case("the room is closed", .leaving, .roomClosed(reason: "left")),
    Case("call", .leaving, .asked(.configured, by: client)),
    Case("the button is pressed", .leaving, .pressed(isAnswered: false)),
    Case("leave", .leaving, .leave(reason: nil)),
    Case("the button is pressed", .failed, others, .pressed(isAnswered: false)),
    Case("call", .failed, others, .asked(.configured, by: client)),
    Case("leave", .failed, others, .leave(reason: nil)),
    Case("its time has come", .dismissed, [.alwaysOn], after: 3_600_000, .timeout),
    Case("the button is pressed", .dismissed, [.alwaysOn], .pressed(isAnswered: false)),
    Case("leave", .dismissed, [.alwaysOn], .leave(reason: nil)),
  ]

  static func rig(_ from: From, _ mode: SessionMode, _ source: TokenSource) -> StayRig {
    var rig = StayRig(mode, source)
    if from == .away { return rig }
    if from == .ending {
      rig.handle(.terminate)
      return rig
    }
    if from == .warm {
      // A device that starts and is away gets one ahead.
      rig.handle(.asked(given, by: .button))
      rig.handle(.leave(reason: nil))
      rig.handle(.roomClosed(reason: nil))
      rig.handle(.timeout)
      let answer = EndpointAnswer.answered(status: 200, body: Array(TokenSourceTests.answer(token()).utf8))
      rig.handle(.endpointAnswered(request: 1, answer))
    }
    rig.handle(.asked(.configured, by: .button))
    if from == .wanting || from == .warm { return rig }
    if from == .waiting || from == .failed {
      rig.handle(.secretRead(.failure(.empty(path: "/run/token"))))
      return rig
    }
    rig.handle(.secretRead(.success(token())))
    if from == .dialling { return rig }
    rig.handle(.connected)
    switch from {
    case .interrupted: rig.handle(.interrupted(.session, reason: "lost"))
    case .leaving: rig.handle(.leave(reason: nil))
    case .dismissed:
      rig.handle(attempt("dismissed-participant-removed"))
      rig.handle(.roomClosed(reason: nil))
    default: break
    }
    return rig
  }

  /// Runs a case, and says in the words of the README what came of it.
  static func outcome(_ one: Case, _ mode: SessionMode) -> (then: String, does: String) {
    var rig = rig(one.from, mode, one.source)
    rig.pass(milliseconds: one.after)
    var actions = rig.handle(one.event)
    // A room that says the last word closes next.
    if case .attemptFailed(_, nil) = one.event { actions += rig.handle(.roomClosed(reason: nil)) }
    var then = words(rig.stay.phase)
    if rig.stay.phase == .waiting || rig.stay.phase == .failed, let due = rig.attemptDue {
      let seconds = due.milliseconds(since: rig.moment.now) / 1000
      then +=
        (rig.stay.phase == .failed ? ", back in " : ", again in ")
        + (seconds == 3600 ? "1 h" : "\(seconds) s")
    }
    let does = actions.compactMap { words($0) }
    return (then, does.joined(separator: ", "))
  }

  private static func words(_ phase: Stay.Phase) -> String {
    switch phase {
    case .away: "away"
    case .wanting: "wanting"
    case .dialling: "dialling"
    case .joined: "joined"
    case .interrupted: "interrupted"
    case .waiting: "waiting"
    case .leaving: "leaving"
    case .failed: "failed"
    }
  }

  private static func words(_ action: Stay.Action) -> String? {
    switch action {
    case .begin, .show, .note: nil
    case .dial: "dial"
    case .leaveRoom: "leave the room"
    case .readSecret: "read the token"
    case .post: "ask the endpoint"
    case .accept: "take the request"
    case .refuse(_, let code, _): "refuse it (\(code))"
    case .tell(let failure): "tell \(failure.code)"
    }
  }

  private static func words(_ modes: [SessionMode]) -> String {
    modes.count == SessionMode.allCases.count ? "any" : modes.map { $0.rawValue }.joined(separator: ", ")
  }

  @Test func theTable() throws {
    var rows: [[String]] = []
    for one in Self.cases {
      let outcomes = one.modes.map { Self.outcome(one, $0) }
      for outcome in outcomes {
        #expect(outcome == outcomes[0], "\(one.when) while \(one.from.rawValue): the modes differ")
      }
      rows.append(
        [one.when, one.from.rawValue, Self.words(one.modes), outcomes[0].then, outcomes[0].does])
    }
    try expectTable(
      rows, in: "Sources/Device/README.md", after: "## Whether it is in its room",
      columns: ["when", "while", "mode", "then", "and"])
  }

  // MARK: - What spans more than a row

  @Test(arguments: [SessionMode.onDemand, .pushToTalk, .alwaysOn])
  func aCallWhileLeavingIsTakenWhenTheRoomIsClosed(mode: SessionMode) {
    var rig = Self.rig(.leaving, mode, .file)
    #expect(rig.handle(.asked(.configured, by: Self.client)).isEmpty)
    let actions = rig.handle(.roomClosed(reason: "left"))
    #expect(actions.contains(.accept(Self.client, .connecting)) && rig.stay.phase == .wanting)
  }

  @Test func whoWaitsIsToldWhenTheRoomIsLeftMeanwhile() {
    var rig = Self.rig(.leaving, .onDemand, .file)
    for _ in 0..<100 { rig.handle(.asked(.configured, by: Self.client)) }
    let refused = rig.handle(.leave(reason: nil)).filter { if case .refuse = $0 { true } else { false } }
    #expect(refused.count == DeviceLimits.pendingCallsMax)
    rig.handle(.roomClosed(reason: "left"))
    #expect(rig.stay.phase == .away)
  }

  @Test func nothingBeginsWhileTheProcessEnds() {
    var rig = Self.rig(.joined, .alwaysOn, .file)
    rig.handle(.terminate)
    rig.handle(.pressed(isAnswered: false))
    rig.handle(.asked(.configured, by: Self.client))
    rig.handle(.roomClosed(reason: "left"))
    rig.pass(milliseconds: 7_200_000)
    rig.handle(.timeout)
    rig.handle(.pressed(isAnswered: false))
    #expect(rig.stay.phase == .away && rig.stay.isEnding)
  }

  /// The board's clock becomes right after a minute; the file stays the same. Whatever the server says of it by its
  /// own clock, no two attempts are more than 15 s apart.
  @Test func aClockThatBecomesRightIsNoticedInTime() {
    var rig = StayRig(.alwaysOn)
    rig.moment.unixSeconds = 5
    rig.handle(.start)
    var dials: [Instant] = []
    while rig.moment.now < Instant(microseconds: 600_000_000) {
      if rig.stay.phase == .wanting {
        rig.handle(.secretRead(.success(token())))
        dials.append(rig.moment.now)
        rig.handle(Self.attempt("not-allowed"))
        rig.handle(.roomClosed(reason: nil))
      }
      rig.pass(milliseconds: 100)
      rig.handle(.timeout)
    }
    for (one, next) in zip(dials, dials.dropFirst()) { #expect(next.milliseconds(since: one) <= 15_000) }
    #expect(dials.count > 50)
  }

  /// A wall clock that leaps changes nothing that is under way.
  @Test func aClockThatJumpsIsNoEvent() {
    var rig = Self.rig(.joined, .alwaysOn, .file)
    for hour in 0..<48 {
      rig.moment.unixSeconds += hour.isMultiple(of: 2) ? 3_600 : -3_600
      #expect(rig.handle(.timeout).isEmpty)
    }
    #expect(rig.stay.phase == .joined)
  }

  @Test func eachReasonIsSaidWithItsNextAttempt() {
    for (code, milliseconds) in [
      ("dismissed-participant-removed", 3_600_000), ("dismissed-duplicate-identity", 3_600_000),
      ("dismissed-room-deleted", 30_000),
    ] {
      var rig = Self.rig(.joined, .alwaysOn, .file)
      rig.handle(Self.attempt(code))
      rig.handle(.roomClosed(reason: nil))
      #expect(rig.stay.failure?.code == code)
      #expect(rig.stay.failure?.retryInMilliseconds == milliseconds)
      #expect(rig.stay.reason == code && rig.stay.connection == .disconnected)
    }
  }

  @Test func theSpreadIsTheDevicesOwnAndBelowASecond() {
    let spreads = (0..<200).map { Stay.spreadMilliseconds(ofDevice: "lintel-\($0)") }
    #expect(spreads.allSatisfy { (0..<1000).contains($0) } && Set(spreads).count > 100)
    var rig = StayRig(.alwaysOn)
    rig.stay = Stay(spreadMilliseconds: 700)
    rig.handle(.start)
    rig.handle(.secretRead(.failure(.empty(path: "/run/token"))))
    #expect(rig.attemptDue?.milliseconds(since: rig.moment.now) == 5_700)
  }
}
