import Base
import Configuration
import Control
import Testing

@testable import Device

/// Whom the device rings, and who answered: each row is a story, told as it happens, with what is done and told.
@Suite struct DiallingTests {
  static let now = Instant(microseconds: 1_000_000)
  static let anna = Dialling.Person(name: "anna", target: DialTarget(.sip, "+15550100"))
  static let bert = Dialling.Person(name: "bert", target: DialTarget(.whatsapp, "15550101"))
  static let carl = Dialling.Person(name: "carl", target: DialTarget(.twilio, "+15550102"))
  static let desk = Dialling.Person(name: "desk", target: DialTarget(.device, "front-desk"))

  enum Step {
    /// Milliseconds pass, with every deadline on the way.
    case wait(Int)
    case seen(String, String?)
    case left(String, Leg.Failure)
    case ordered(Int, answers: Bool)
    case failed(Int, Leg.Failure)
    case hangUp(String?)
    case endAnswered(Int, gone: Bool)
  }

  struct Story: CustomStringConvertible, Sendable {
    let description: String
    let steps: [[Dialling.Person]]
    let happens: [Step]
    let does: [String]
  }

  static let busy = Leg.Failure(code: "busy", words: "busy (486)")
  static let gone = Leg.Failure(code: "hung-up", words: "hung up")

  static let stories: [Story] = [
    Story(
      description: "answered, and hung up there", steps: [[anna]],
      happens: [
        .seen("anna-7-1", "dialing"), .seen("anna-7-1", "ringing"), .seen("anna-7-1", "active"),
        .ordered(1, answers: true), .wait(4_000), .left("anna-7-1", gone),
      ],
      does: [
        "order anna", "phone.status", "phone.status", "call.ringing", "phone.status", "call.answered",
        "answered anna",
        "call.ended", "over",
      ]),
    Story(
      description: "answered by the order's answer, before the attribute", steps: [[anna]],
      happens: [.ordered(1, answers: true), .seen("anna-7-1", "active")],
      does: ["order anna", "call.answered", "answered anna", "phone.status"]),
    Story(
      description: "busy", steps: [[anna]], happens: [.seen("anna-7-1", "dialing"), .failed(1, busy)],
      does: ["order anna", "phone.status", "call.failed", "over busy"]),
    Story(
      description: "left before the order is answered: the answer knows why", steps: [[anna]],
      happens: [.seen("anna-7-1", "ringing"), .left("anna-7-1", gone), .failed(1, busy)],
      does: ["order anna", "phone.status", "call.ringing", "call.failed", "over busy"]),
    Story(
      description: "left, and the order is never answered", steps: [[anna]],
      happens: [.seen("anna-7-1", "ringing"), .left("anna-7-1", gone), .wait(2_000)],
      does: ["order anna", "phone.status", "call.ringing", "call.failed", "over hung-up"]),
    Story(
      description: "nobody answers: ended here, and gone", steps: [[anna]],
      happens: [
        .seen("anna-7-1", "ringing"), .wait(15_550), .endAnswered(1, gone: true), .left("anna-7-1", gone),
        .failed(1, .cancelled),
      ],
      does: [
        "order anna", "phone.status", "call.ringing", "call.failed", "end anna", "over unanswered",
      ]),
    Story(
      description: "busy, then the next of the plan", steps: [[anna], [bert]],
      happens: [.failed(1, busy), .ordered(2, answers: false), .seen("bert-7-2", nil)],
      does: [
        "order anna", "call.failed", "goes on", "order bert", "call.ringing", "call.answered",
        "answered bert",
      ]),
    Story(
      description: "over Twilio, which is asked how it stands, once as long as it does not say",
      steps: [[carl]],
      happens: [.ordered(1, answers: false), .wait(2_500), .failed(1, busy)],
      does: ["order carl", "call.ringing", "look carl", "call.failed", "over busy"]),
    Story(
      description: "over Twilio, and answered before it was asked", steps: [[carl]],
      happens: [.ordered(1, answers: false), .seen("carl-7-1", nil), .wait(2_500)],
      does: ["order carl", "call.ringing", "call.answered", "answered carl"]),
    Story(
      description: "two are rung together, and the second answers", steps: [[anna, bert]],
      happens: [
        .seen("anna-7-1", "ringing"), .seen("bert-7-2", nil), .endAnswered(1, gone: true),
        .failed(1, .cancelled),
        .left("anna-7-1", gone),
      ],
      does: [
        "order anna", "order bert", "phone.status", "call.ringing", "call.answered", "answered bert",
        "call.ended",
        "end anna",
      ]),
    Story(
      description: "two answer in the same moment: one is let go", steps: [[anna, bert]],
      happens: [.ordered(2, answers: true), .ordered(1, answers: true), .endAnswered(1, gone: true)],
      does: [
        "order anna", "order bert", "call.answered", "answered bert", "call.ended", "end anna",
      ]),
    Story(
      description: "taken back before it is anywhere: asked again until it is gone", steps: [[anna]],
      happens: [
        .hangUp(nil), .endAnswered(1, gone: true), .wait(160), .endAnswered(1, gone: true),
        .seen("anna-7-1", "dialing"),
        .endAnswered(1, gone: false), .left("anna-7-1", gone), .failed(1, .cancelled),
      ],
      does: [
        "order anna", "call.ended", "end anna", "end anna again", "phone.status", "end anna again",
        "over cancelled",
      ]),
    Story(
      description: "taken back and answered at the same time", steps: [[anna]],
      happens: [
        .seen("anna-7-1", "ringing"), .hangUp(nil), .endAnswered(1, gone: false), .ordered(1, answers: true),
        .left("anna-7-1", gone),
      ],
      does: [
        "order anna", "phone.status", "call.ringing", "call.ended", "end anna", "end anna again",
        "over cancelled",
      ]),
    Story(
      description: "taken back, and no server ever says anything", steps: [[anna]],
      happens: [.seen("anna-7-1", "ringing"), .hangUp(nil), .wait(6_000)],
      does: ["order anna", "phone.status", "call.ringing", "call.ended", "end anna"]
        + Array(repeating: "end anna again", count: 4) + ["log", "over cancelled"]),
    Story(
      description: "taken back before there was anything to end", steps: [[anna]],
      happens: [
        .hangUp(nil), .endAnswered(1, gone: true), .wait(160), .endAnswered(1, gone: true),
        .failed(1, .cancelled),
      ],
      does: ["order anna", "call.ended", "end anna", "end anna again", "over cancelled"]),
    Story(
      description: "what was ended takes its time to go", steps: [[anna]],
      happens: [
        .seen("anna-7-1", "active"), .ordered(1, answers: true), .hangUp(nil), .wait(100),
        .endAnswered(1, gone: true),
      ],
      does: [
        "order anna", "phone.status", "call.answered", "answered anna", "call.ended", "end anna", "over",
      ]),
    Story(
      description: "keys after the answer ring no more", steps: [[anna]],
      happens: [
        .seen("anna-7-1", "ringing"), .wait(14_000), .seen("anna-7-1", "automation"), .wait(30_000),
        .seen("anna-7-1", "active"),
      ],
      does: [
        "order anna", "phone.status", "call.ringing", "phone.status", "phone.status", "call.answered",
        "answered anna",
      ]),
    Story(
      description: "a call is as long as it may be, from the answer on", steps: [[anna]],
      happens: [
        .wait(10_000), .seen("anna-7-1", "active"), .ordered(1, answers: true), .wait(599_999), .wait(2),
        .endAnswered(1, gone: true), .left("anna-7-1", gone),
      ],
      does: [
        "order anna", "phone.status", "call.answered", "answered anna", "call.ended", "end anna", "over",
      ]),
    Story(
      description: "one of two in a call is let go", steps: [[desk]],
      happens: [.ordered(1, answers: true), .hangUp("front-desk"), .endAnswered(1, gone: true)],
      does: ["order desk", "call.answered", "answered desk", "call.ended", "end desk", "over"]),
  ]

  @Test(arguments: stories) func story(_ story: Story) {
    var dialling = Dialling()
    var now = Self.now
    var did = words(
      dialling.begin(
        story.steps.map { Dialling.Step(people: $0, seconds: 15) }, DialOptions(PhoneSettings()), stamp: 7,
        now: now))
    for step in story.happens {
      switch step {
      case .wait(let milliseconds):
        let end = now.advanced(byMilliseconds: milliseconds)
        var turns = 0
        while let due = Deadline.earliest(of: dialling.deadlines)?.at, due <= end, turns < 1_000 {
          now = due
          turns += 1
          did += words(dialling.passTime(stamp: 7, now: now))
        }
        #expect(turns < 1_000, "a deadline stays due")
        now = end
      case .seen(let who, let status):
        did += words(dialling.seen(Name(who)!, status: status, stamp: 7, now: now))
      case .left(let who, let why): did += words(dialling.left(Name(who)!, why, stamp: 7, now: now))
      case .ordered(let leg, let answers):
        did += words(dialling.ordered(leg, reference: nil, isAnswer: answers, stamp: 7, now: now))
      case .failed(let leg, let why): did += words(dialling.failed(leg, why, stamp: 7, now: now))
      case .hangUp(let who): did += words(dialling.hangUp(who.flatMap { Name($0) }, now: now))
      case .endAnswered(let leg, let gone): did += words(dialling.endAnswered(leg, isGone: gone, now: now))
      }
    }
    #expect(did == story.does)
  }

  @Test func onlyOneRoundAtATime() {
    var dialling = Dialling()
    let options = DialOptions(PhoneSettings())
    _ = dialling.begin([.init(people: [Self.anna], seconds: 15)], options, stamp: 7, now: Self.now)
    let second = dialling.begin(
      [.init(people: [Self.bert], seconds: 15)], options, asker: .button, stamp: 7, now: Self.now)
    #expect(words(second) == ["refuse busy-here"])
    #expect(dialling.legs.count == 1)
  }

  @Test func aThousandPeopleAreNotRung() {
    var dialling = Dialling()
    let people = Array(repeating: Self.anna, count: 1_000)
    _ = dialling.begin(
      [.init(people: people, seconds: 15)], DialOptions(PhoneSettings()), stamp: 7, now: Self.now)
    #expect(dialling.legs.count == DeviceLimits.legsMax)
    #expect(Set(dialling.legs.map { $0.identity.text }).count == DeviceLimits.legsMax)
  }

  private func words(_ actions: [Dialling.Action]) -> [String] {
    actions.map { action in
      switch action {
      case .order(let leg): "order \(leg.name)"
      case .look(let leg): "look \(leg.name)"
      case .end(let leg, let again): "end \(leg.name)" + (again ? " again" : "")
      case .tell(let event): event.name
      case .log: "log"
      case .succeed: "succeed"
      case .refuse(_, let failure): "refuse \(failure.code)"
      case .answered(let leg, _): "answered \(leg.name)"
      case .goesOn: "goes on"
      case .over(let failure, _): "over" + (failure.map { " \($0.code)" } ?? "")
      }
    }
  }
}
