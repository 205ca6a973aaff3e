import Base
import LiveKit
import Testing

@testable import Device

/// The table of Admission.swift, and what comes of it for callers whom the server announces late.
@Suite struct AdmissionTests {
  private let start = Instant(microseconds: 0)

  @Test func whatIsKeptIsDoneInOrderWhenTheSenderIsKnown() {
    var admission = Admission<Int>()
    for (number, sid) in [(1, "a"), (2, "b"), (3, "a")] as [(Int, Name)] {
      let isHeld = admission.hold(number, from: Bench.sender(sid), now: start)
      #expect(isHeld)
    }
    // A name that is another's session, and a session under another name, are neither.
    var others = [Bench.participant("PA_b", .agent), Bench.participant("c", .agent)]
    others[1].sid = "PA_b"
    for other in others {
      let theirs = admission.announced(other)
      #expect(theirs.isEmpty)
    }
    let done = ["a", "a", "c"].map { admission.announced(Bench.participant($0, .agent)) }
    #expect(done == [[1, 3], [], []])
    #expect(admission.expired(now: start.advanced(byMilliseconds: 3_999)).isEmpty)
    #expect(admission.deadline.at == start.advanced(byMilliseconds: 4_000))
    let late = admission.expired(now: start.advanced(byMilliseconds: 4_000))
    #expect(late == [2] && admission.deadline.at == nil)
  }

  @Test func nobodyTakesTheOthersPlaces() {
    var admission = Admission<Int>()
    let same = (0..<100).filter { admission.hold($0, from: Bench.sender("same"), now: start) }
    #expect(same.count == DeviceLimits.unannouncedOfOneMax)
    let others = (0..<100).filter {
      admission.hold($0, from: Bench.sender(Name("sid-\($0)") ?? ""), now: start)
    }
    #expect(others.count == DeviceLimits.unannouncedMax - DeviceLimits.unannouncedOfOneMax)
    admission.clear()
    let isHeld = admission.hold(1, from: Bench.sender("same"), now: start)
    #expect(isHeld)
  }

  private func opens(_ bench: Bench, _ caller: Caller) {
    let call = RemoteCall(id: 9, caller: caller, method: "lintel.door.open", payload: "")
    bench.act { device, now in device.perform(device.audience.admit(.call(call), now: now), now: now) }
  }

  private let unknown = Caller(kind: Caller.unknownKind, identity: "bot", sid: "PA_bot")

  /// Milliseconds between the call and the announcement.
  @Test(arguments: [0, 500, 1_000, 3_000, 3_999]) func anAgentIsServedWhenItIsAnnounced(after: Int) throws {
    let bench = try Bench.withDoor()
    bench.enter()
    opens(bench, unknown)
    bench.advance(milliseconds: after)
    #expect(bench.lock == [false])
    let agent = Bench.participant("bot", .agent)
    bench.messaging.participants.append(agent)
    bench.act { $0.handle(.participantJoined(agent), now: $1) }
    #expect(bench.lock == [false, true])
    #expect(bench.events(named: "door.opened").count == 1)
  }

  /// Its going is all that the server says of one that joins, calls and leaves between two announcements.
  @Test func anAgentThatHasGoneIsServed() throws {
    let bench = try Bench.withDoor()
    bench.enter()
    opens(bench, unknown)
    let agent = Bench.participant("bot", .agent)
    bench.act { device, now in
      device.handle(.participantJoined(agent), now: now)
      device.handle(.participantLeft(agent, .clientInitiated), now: now)
    }
    #expect(bench.lock == [false, true])
  }

  @Test func whoTurnsOutToBeSomebodyElseIsRefused() throws {
    let bench = try Bench.withDoor()
    bench.enter()
    opens(bench, unknown)
    let visitor = Bench.participant("bot", .standard)
    bench.act { $0.handle(.participantJoined(visitor), now: $1) }
    #expect(bench.lock == [false])
    #expect(bench.events(named: "door.refused").last?["reason"].string == DoorRefusal.notAllowed.words)
  }

  @Test func whoIsNeverAnnouncedIsRefusedAfterAWhile() throws {
    let bench = try Bench.withDoor()
    bench.enter()
    opens(bench, unknown)
    bench.advance(milliseconds: 3_999)
    #expect(bench.events(named: "door.refused").isEmpty)
    bench.advance(milliseconds: 1)
    #expect(bench.events(named: "door.refused").count == 1 && bench.lock == [false])
  }

  /// The same name is not the same caller.
  @Test func aCallIsNotServedByANamesakesKind() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    opens(bench, Caller(kind: Caller.unknownKind, identity: "bot", sid: "PA_other"))
    bench.advance(milliseconds: 5_000)
    #expect(bench.lock == [false])
  }

  @Test func aCodeThatIsTypedTooEarlyCounts() throws {
    let bench = try Bench.withDoor()
    bench.enter()
    for key in "4711#".utf8 {
      let caller = Caller(kind: Caller.unknownKind, identity: "phone", sid: "PA_phone")
      bench.act { device, now in device.perform(device.audience.admit(.key(key, caller), now: now), now: now)
      }
    }
    bench.advance(milliseconds: 2_500)
    let phone = Bench.participant("phone", .sip)
    bench.act { $0.handle(.participantJoined(phone), now: $1) }
    #expect(bench.lock == [false, true])
  }
}
