import Base
import Configuration
import Control
import Testing

@testable import Device

@Suite struct DoorTests {
  @Test func theAgentOpensByRPCAndTheLockPulses() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    #expect(bench.lock == [false])
    #expect(
      bench.call("lintel.door.open", "") == .done(payload: "{\"state\":\"open\",\"last_opened_by\":\"bot\"}"))
    #expect(bench.lock == [false, true])
    #expect(bench.status["door"]["state"].string == "open")
    let opened = try #require(bench.events(named: "door.opened").last)
    #expect(opened["by"].string == "bot" && opened["how"].string == "rpc")
    #expect(bench.audio.contains(.playTone(.doorOpened)))
    bench.advance(milliseconds: 2999)
    #expect(bench.lock == [false, true])
    #expect(bench.deadline != nil)
    bench.advance(milliseconds: 1)
    #expect(bench.lock == [false, true, false])
    #expect(bench.events(named: "door.closed").count == 1)
    #expect(bench.status["door"]["last_opened_by"].string == "bot")
  }

  @Test func aTelephoneOpensWithTheCode() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip), ("ann", .standard))
    bench.type("4711", as: "phone")
    #expect(bench.lock == [false])
    bench.type("#", as: "phone")
    #expect(bench.lock == [false, true])
    #expect(bench.events(named: "door.opened").last?["how"].string == "dtmf")
    // Whoever watches the events does not learn the code.
    #expect(bench.events(named: "dtmf").compactMap { $0["digit"].string } == ["#"])
  }

  @Test func theSameCodeOfAnybodyElseDoesNotAndSaysSo() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip), ("ann", .standard), ("bot", .agent))
    for name in ["ann", "bot", "nobody"] {
      bench.type("4711#", as: Name(name) ?? "")
      let refused = try #require(bench.events(named: "door.refused").last)
      #expect(refused["by"].string == name)
      #expect(refused["reason"].string == DoorRefusal.notAllowed.words)
    }
    #expect(bench.lock == [false])
    // None of them can lock the door out either.
    for _ in 0..<20 { bench.type("0000#", as: "ann") }
    bench.type("4711#", as: "phone")
    #expect(bench.lock == [false, true])
  }

  @Test func keysWithoutAnEndAreSaidAndNotCounted() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip))
    func said() -> [String] { bench.log.map(\.text).filter { $0.contains("not understood") } }
    bench.type("4711*", as: "phone")
    #expect(said() == ["keys of phone (sip) were not understood: a code ends with #"])
    bench.type("#1", as: "phone")
    bench.advance(milliseconds: 4000)
    #expect(said().count == 1, "the next key may still come")
    bench.advance(milliseconds: 1)
    #expect(said().count == 2)
    bench.advance(milliseconds: 20_000)
    #expect(said().count == 2)
    #expect(bench.lock == [false])
    #expect(bench.events(named: "door.refused").isEmpty)
    #expect(!said().contains { $0.contains("4711") })
    // Whoever goes on does not fill the journal.
    for _ in 0..<1000 { bench.type("1*", as: "phone") }
    #expect(said().count <= 2 + DeviceLimits.eventBurst)
    // No code, nothing to understand: the keys are for somebody else.
    let other = try Bench.withDoor { $0.door.code = nil }
    other.enter(("phone", .sip))
    other.type("4711*1", as: "phone")
    other.advance(milliseconds: 5000)
    #expect(!other.log.contains { $0.text.contains("not understood") })
  }

  @Test func theCodeEndsAsOtherMakersHaveIt() throws {
    let bench = try Bench.withDoor { $0.door.endKey = .star }
    bench.enter(("phone", .sip))
    bench.type("4711#", as: "phone")
    #expect(bench.lock == [false])
    bench.type("4711*", as: "phone")
    #expect(bench.lock == [false, true])
  }

  @Test func wrongCodesLockOut() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip))
    for _ in 0..<4 { bench.type("0000#", as: "phone") }
    #expect(bench.events(named: "door.locked_out").isEmpty)
    bench.type("0000#", as: "phone")
    #expect(bench.events(named: "door.locked_out").last?["for_s"].integer == 600)
    bench.type("4711#", as: "phone")
    #expect(bench.lock == [false])
    #expect(bench.events(named: "door.refused").last?["reason"].string == DoorRefusal.lockedOut.words)
    #expect(bench.storedStates.count == 5)
    bench.advance(milliseconds: 600_000)
    bench.type("4711#", as: "phone")
    #expect(bench.lock == [false, true])
  }

  @Test func theLockOutSurvivesARestart() throws {
    let before = try Bench.withDoor()
    before.enter(("phone", .sip))
    for _ in 0..<5 { before.type("0000#", as: "phone") }
    let after = try Bench.withDoor(storedState: before.storedStates.last)
    after.enter(("phone", .sip))
    after.type("4711#", as: "phone")
    #expect(after.lock == [false])
    #expect(after.log.contains { $0.text.contains("still locked out") })
    let damaged = try Bench.withDoor(storedState: Array("half a fi".utf8))
    #expect(damaged.log.contains { $0.priority == .warning && $0.text.contains("damaged") })
  }

  @Test func aRightCodeForgivesTheWrongOnes() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip))
    for _ in 0..<3 {
      for _ in 0..<4 { bench.type("0000#", as: "phone") }
      bench.type("4711#", as: "phone")
    }
    #expect(bench.events(named: "door.opened").count == 3)
    #expect(bench.events(named: "door.locked_out").isEmpty)
  }

  @Test func aThousandWrongCodesAreAFewEventsAndWrites() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip))
    for number in 0..<1000 { bench.type("\(1000 + number)#", as: "phone") }
    #expect(bench.lock == [false])
    #expect(bench.events(named: "door.refused").count == DeviceLimits.eventBurst)
    #expect(bench.events(named: "dtmf").count == DeviceLimits.eventBurst)
    #expect(bench.events(named: "door.locked_out").count == 1)
    #expect(bench.storedStates.count == 5)
    #expect(bench.device?.door.entriesOpen == 0)
    bench.advance(milliseconds: 1000)
    bench.type("1#", as: "phone")
    let suppressed = bench.events(named: "events.suppressed").filter { $0["name"].string == "door.refused" }
    #expect(suppressed.last?["count"].integer == 980)
  }

  @Test func outsideOfACallOnlyLintelctlOpens() throws {
    let bench = try Bench.withDoor()
    bench.enter(heard: false, ("phone", .sip), ("bot", .agent))
    bench.type("4711#", as: "phone")
    #expect(
      bench.call("lintel.door.open", "{}")
        == .refused(code: 403, message: DoorRefusal.noCall.words, data: "not-allowed"))
    #expect(bench.lock == [false])
    #expect(bench.ask(.doorOpen)?["state"].string == "open")
    #expect(bench.lock == [false, true])
    #expect(bench.events(named: "door.opened").last?["by"].string == "lintelctl")
  }

  @Test func withoutADoorEverythingSaysSo() throws {
    let bench = try Bench { $0.device.board = .simulated }
    bench.enter(("bot", .agent))
    #expect(bench.ask(.doorOpen)?["refused"].string == DoorRefusal.noDoor.words)
    #expect(bench.ask(.doorStatus)?["refused"].string == DoorRefusal.noDoor.words)
    #expect(
      bench.call("lintel.door.open", "")
        == .refused(code: 409, message: DoorRefusal.noDoor.words, data: "no-door"))
    #expect(bench.status["door"].isNull)
    // Keys are told, and are nobody's secret.
    bench.type("0*#A", as: "bot")
    #expect(bench.events(named: "dtmf").compactMap { $0["digit"].string } == ["0", "*", "#", "A"])
    let linux = try Bench { $0.door.output = "lock" }
    #expect(linux.log.contains { $0.priority == .error && $0.text.contains("stays shut") })
    #expect(linux.ask(.doorOpen)?["refused"].string == DoorRefusal.noDoor.words)
  }

  @Test func theDeviceDoesNotEndWithAnOpenLock() throws {
    let bench = try Bench.withDoor()
    bench.ask(.doorOpen)
    #expect(bench.lock == [false, true])
    bench.handle(.terminate)
    #expect(bench.lock == [false, true, false])
    #expect(bench.hasExited)
  }

  @Test func openingAgainLengthensThePulse() throws {
    let bench = try Bench.withDoor()
    bench.ask(.doorOpen)
    bench.advance(milliseconds: 2000)
    bench.ask(.doorOpen)
    bench.advance(milliseconds: 2000)
    #expect(bench.status["door"]["state"].string == "open")
    bench.advance(milliseconds: 1000)
    #expect(bench.status["door"]["state"].string == "closed")
  }

  /// Whoever asks again and again, in whatever way, has it for a minute, and then it is shut for a while.
  @Test func nobodyHoldsItOpenForEver() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    for _ in 0..<60 {
      _ = bench.call("lintel.door.open", "")
      bench.advance(milliseconds: 1000)
    }
    #expect(bench.lock.last == false)
    #expect(bench.events(named: "door.closed").count == 1)
    #expect(bench.log.filter { $0.event == "door.held" }.map(\.priority) == [.warning])
    #expect(bench.ask(.doorOpen)?["refused"].string == DoorRefusal.held.words)
    bench.advance(milliseconds: DeviceLimits.doorRestMilliseconds)
    #expect(bench.ask(.doorOpen)?["state"].string == "open")
    // One after the other, with the lock shut in between, is no holding.
    bench.advance(milliseconds: 3000)
    for _ in 0..<30 {
      #expect(bench.ask(.doorOpen)?["state"].string == "open")
      bench.advance(milliseconds: 3000)
    }
  }

  /// The journal outlives a restart; who calls himself as we do has his kind beside it.
  @Test func theJournalHasWhoWasRefusedAndWhoWasNot() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip), ("lintelctl", .agent), ("ann", .standard))
    bench.type("0000#", as: "phone")
    _ = bench.call("lintel.door.open", "", by: "ann")
    let refused = bench.log.filter { $0.event == "door.refused" }
    #expect(refused.allSatisfy { $0.priority == .warning })
    #expect(
      refused.map(\.text) == [
        "the door stays shut for phone (sip) (dtmf): \(DoorRefusal.wrongCode.words)",
        "the door stays shut for ann (standard) (rpc): \(DoorRefusal.notAllowed.words)",
      ])
    _ = bench.call("lintel.door.open", "", by: "lintelctl")
    bench.ask(.doorOpen)
    let opened = bench.log.filter { $0.event == "door.opened" }.map(\.text)
    #expect(opened.first == "the door is opened by lintelctl (agent) (rpc)")
    #expect(opened.count == 2 && opened[0] != opened[1])
    #expect(!bench.log.contains { $0.text.contains("0000") })
  }

  @Test func whoMayNotOpenItDoesNotHideWhoGuesses() throws {
    let bench = try Bench.withDoor()
    bench.enter(("phone", .sip), ("ann", .standard))
    for _ in 0..<1000 { bench.type("1#", as: "ann") }
    #expect(bench.log.count <= 2 * DeviceLimits.eventBurst, "nor does he fill the journal")
    bench.type("0000#", as: "phone")
    #expect(bench.events(named: "door.refused").last?["by"].string == "phone")
    #expect(bench.events(named: "dtmf").last?["identity"].string == "phone")
    #expect(bench.log.last { $0.event == "door.refused" }?.text.contains("phone (sip)") == true)
  }

  /// The keys of the device are nobody's in the room, whatever he calls himself.
  @Test func aParticipantCalledKeypadDoesNotTypeForTheVisitor() throws {
    let bench = try Bench.withDoor { $0.door.codeAllow = AllowRules([.init(kind: "keypad")]) }
    bench.enter(("keypad", .standard), ("bot", .agent))
    for key in "47".utf8 { bench.handle(.board(.key(key))) }
    bench.type("9*", as: "keypad")
    for key in "11#".utf8 { bench.handle(.board(.key(key))) }
    #expect(bench.lock == [false, true])
    bench.advance(milliseconds: 3000)
    bench.type("4711#", as: "keypad")
    #expect(bench.lock == [false, true, false])
    #expect(bench.events(named: "door.refused").last?["reason"].string == DoorRefusal.notAllowed.words)
  }
}
