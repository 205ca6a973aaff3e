import Base
import Configuration
import Control
import Testing

@testable import Device

@Suite struct RingTests {
  static let now = Instant(microseconds: 1_000_000)

  private func caller(_ kind: String, _ identity: String = "caller") -> Ring.Incoming {
    Ring.Incoming(
      kind: kind, identity: Name(identity)!, shown: identity, trunk: kind == "sip" ? "ST_a" : "",
      way: .participant(sid: "PA_1"))
  }

  /// | who | from | answer | busy | what is done |
  @Test(arguments: [
    ("sip", "sip", RingAnswer.button, false, "ring.started log sound"),
    ("sip", "agent", .button, false, "log decline not-allowed"),
    ("sip", "trunk:ST_a", .button, false, "ring.started log sound"),
    ("sip", "trunk:ST_b", .button, false, "log decline not-allowed"),
    ("sip", "sip:other", .button, false, "log decline not-allowed"),
    ("hidden", "any", .button, false, "log decline not-allowed"),
    ("unknown", "any", .button, false, "log decline not-allowed"),
    ("sip", "sip", .never, false, "log decline not-allowed"),
    ("sip", "sip", .auto, false, "ring.started ring.answered take"),
    ("sip", "sip", .button, true, "decline busy"), ("sip", "sip", .auto, true, "decline busy"),
    ("standard", "device", .button, false, "ring.started log sound"),
    ("connector", "connector", .button, false, "ring.started log sound"),
  ])
  func offered(kind: String, from: String, answer: RingAnswer, isBusy: Bool, does: String) throws {
    var ring = Ring()
    var settings = try Settings.parse(files: [(name: "c", text: "[ring]\nfrom = \(from)\n")]).ring
    settings.answer = answer
    let done = ring.offered(caller(kind), settings, isBusy: isBusy, now: Self.now)
    #expect(words(done) == does)
  }

  @Test func aSecondCallerIsBusy() {
    var ring = Ring()
    _ = ring.offered(caller("sip"), RingSettings(), isBusy: false, now: Self.now)
    #expect(
      words(ring.offered(caller("sip", "other"), RingSettings(), isBusy: false, now: Self.now))
        == "decline busy")
    check(ring.answered(by: "button") ?? [], "silence ring.answered take")
    check(ring.answered(by: "button") ?? [], "")
  }

  @Test func whatEndsIt() {
    for end in ["refused", "gone", "time"] {
      var ring = Ring()
      _ = ring.offered(caller("sip"), RingSettings(), isBusy: false, now: Self.now)
      check(ring.passTime(Self.now.advanced(byMilliseconds: 39_999)), "")
      switch end {
      case "refused": check(ring.refused() ?? [], "silence ring.ended decline refused")
      case "gone":
        check(ring.gone("other", reason: "hung up"), "")
        check(ring.gone("caller", reason: "hung up"), "silence ring.ended")
      default:
        let due = ring.deadlines.first?.at
        #expect(due == Self.now.advanced(byMilliseconds: 40_000))
        check(ring.passTime(due ?? Self.now), "silence ring.ended decline unanswered")
      }
      #expect(!ring.isRinging)
      check(ring.refused() ?? [], "")
    }
  }

  private func check(_ actions: [Ring.Action], _ does: String) { #expect(words(actions) == does) }

  private func words(_ actions: [Ring.Action]) -> String {
    actions.map { action in
      switch action {
      case .sound: "sound"
      case .silence: "silence"
      case .tell(let event): event.name
      case .log: "log"
      case .take: "take"
      case .decline(_, let why): "decline \(why.rawValue)"
      }
    }.joined(separator: " ")
  }
}

@Suite struct KeypadTests {
  @Test(arguments: [
    ("101#", "dial 101"), ("1*01#", "dial 01"), ("#", "taken back"), ("12", "12"), ("*", "taken back"),
    (String(repeating: "1", count: 1_000) + "#", "dial " + String(repeating: "1", count: 32)),
  ])
  func dialled(keys: String, last: String) {
    var keypad = Keypad()
    var outcome = Keypad.Outcome.takenBack
    for key in keys.utf8 { outcome = keypad.take(key, now: RingTests.now) }
    let words =
      switch outcome {
      case .typed(let digits): digits
      case .dial(let name): "dial \(name)"
      case .takenBack: "taken back"
      }
    #expect(words == last)
  }

  @Test func aPauseForgets() {
    var keypad = Keypad()
    _ = keypad.take(UInt8(ascii: "1"), now: RingTests.now)
    let early = keypad.passTime(RingTests.now.advanced(byMilliseconds: 7_999))
    let due = keypad.passTime(RingTests.now.advanced(byMilliseconds: 8_000))
    #expect(!early && due)
    #expect(keypad.typed.isEmpty && keypad.due == nil)
  }
}
