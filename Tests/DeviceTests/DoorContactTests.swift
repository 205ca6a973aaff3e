import Base
import Configuration
import Control
import Testing

@testable import Device

/// The door's contact: its table, and what the device makes of it.
@Suite struct DoorContactTests {
  private let start = Instant(microseconds: 1_000_000_000)

  private struct Row: CustomTestStringConvertible {
    var isFirst = false
    var wasReleased = false
    var tellsForced = true
    var secondsOpen = 0
    var told: [String]
    var alarm: DoorContact.Alarm?
    var testDescription: String { "\(told)" }
  }

  private static let rows = [
    Row(wasReleased: true, told: []),
    Row(told: ["door.forced"], alarm: .forced),
    Row(tellsForced: false, told: []),
    Row(isFirst: true, told: []),
    Row(isFirst: true, secondsOpen: 60, told: ["door.left_open"], alarm: .leftOpen),
    Row(wasReleased: true, secondsOpen: 59, told: []),
    Row(wasReleased: true, secondsOpen: 60, told: ["door.left_open"], alarm: .leftOpen),
    Row(secondsOpen: 60, told: ["door.forced", "door.left_open"], alarm: .forced),
    Row(tellsForced: false, secondsOpen: 61, told: ["door.left_open"], alarm: .leftOpen),
  ]

  @Test(arguments: rows) private func table(row: Row) {
    var settings = DoorSettings()
    settings.tellsForced = row.tellsForced
    var contact = DoorContact()
    if !row.isFirst { #expect(stand(&contact, false, settings).isEmpty) }
    var told = contact.stands(
      open: true, isFirst: row.isFirst, wasReleased: row.wasReleased, settings, now: start)
    let now = start.advanced(byMilliseconds: row.secondsOpen * 1000)
    for _ in 0..<3 { told += contact.passTime(settings, now: now) }
    #expect(names(told) == row.told)
    #expect(contact.alarm == row.alarm && contact.isOpen == true)
    // Its end is one line where there was an alarm, and a door that opens anew is a new one.
    let shut = stand(&contact, false, settings)
    #expect(shut.count == (row.alarm == nil ? 0 : 1) && names(shut).isEmpty)
    #expect(contact.alarm == nil && contact.isOpen == false && contact.due(settings) == nil)
  }

  private func stand(_ contact: inout DoorContact, _ isOpen: Bool?, _ settings: DoorSettings) -> [Effect] {
    contact.stands(open: isOpen, isFirst: false, wasReleased: true, settings, now: start)
  }

  private func names(_ effects: [Effect]) -> [String] {
    effects.compactMap { if case .tell(let event) = $0 { event.name } else { nil } }
  }

  @Test func aContactThatCannotBeReadTellsNothing() {
    var contact = DoorContact()
    let settings = DoorSettings()
    _ = contact.stands(open: true, isFirst: false, wasReleased: false, settings, now: start)
    #expect(contact.alarm == .forced)
    #expect(stand(&contact, nil, settings).isEmpty)
    #expect(contact == DoorContact() && contact.due(settings) == nil)
  }

  @Test func forEverIsNeverTooLong() {
    var contact = DoorContact()
    var settings = DoorSettings()
    settings.openSecondsMax = 0
    _ = stand(&contact, true, settings)
    #expect(contact.due(settings) == nil)
    #expect(contact.passTime(settings, now: start.advanced(byMilliseconds: 1 << 40)).isEmpty)
  }

  // MARK: - In the device

  private func put(_ bench: Bench, _ isOpen: Bool, isFirst: Bool = false) {
    bench.handle(.board(.input(.contact, isOn: isOpen, isFirst: isFirst)))
  }

  @Test func whoeverIsLetInComesThroughInTime() throws {
    // The pulse is 3 s, and the time after it 5 s.
    for (milliseconds, isForced) in [(0, false), (2_999, false), (7_999, false), (8_000, true)] {
      let bench = try Bench.withDoor()
      put(bench, false, isFirst: true)
      #expect(bench.status["door"]["contact"].string == "shut")
      bench.ask(.doorOpen)
      bench.advance(milliseconds: milliseconds)
      put(bench, true)
      #expect(bench.events(named: "door.forced").count == (isForced ? 1 : 0), "\(milliseconds)")
      #expect(bench.status["door"]["contact"].string == "open")
      #expect(bench.status["door"]["alarm"].string == (isForced ? "forced" : nil))
    }
  }

  @Test func leftOpenIsToldOnceCountedAndLogged() throws {
    let bench = try Bench.withDoor { $0.door.openSecondsMax = 20 }
    put(bench, false, isFirst: true)
    bench.ask(.doorOpen)
    put(bench, true)
    bench.advance(milliseconds: 19_999)
    #expect(bench.events(named: "door.left_open").isEmpty)
    bench.advance(milliseconds: 1)
    bench.advance(milliseconds: 100_000)
    #expect(bench.events(named: "door.left_open").map { $0["for_s"].integer } == [20])
    #expect(bench.status["door"]["alarm"].string == "left-open")
    #expect(
      bench.log.contains { $0.text == "the door has been open for 20 s" && $0.event == "door.left_open" })
    let figures = try #require(bench.device).openMetrics(now: bench.now)
    #expect(figures.contains("lintel_door_ajar 1\n") && figures.contains("lintel_door_left_open_total 1\n"))
    #expect(figures.contains("lintel_door_forced_total 0\n"))
    put(bench, false)
    #expect(bench.log.last?.text == "the door is shut again")
    #expect(bench.status["door"]["alarm"].isNull && bench.deadline == nil)
  }

  @Test func aLostContactIsUnknownAndFoundAgain() throws {
    let bench = try Bench.withDoor()
    put(bench, true, isFirst: true)
    #expect(bench.events(named: "door.forced").isEmpty && bench.deadline != nil)
    bench.handle(
      .board(.part(BoardPart(name: "contact", place: "GPIO line 5", problem: "GPIO line 5 is gone"))))
    #expect(bench.status["door"]["contact"].isNull && bench.deadline == nil)
    bench.handle(.board(.part(BoardPart(name: "contact", place: "GPIO line 5", problem: nil))))
    put(bench, true, isFirst: true)
    #expect(bench.status["door"]["contact"].string == "open" && bench.deadline != nil)
    put(bench, false)
    put(bench, true)
    #expect(bench.events(named: "door.forced").count == 1)
  }

  @Test func withoutALockOfOursNobodyKnowsWhoMay() throws {
    let bench = try Bench { $0.door.output = nil }
    put(bench, false, isFirst: true)
    put(bench, true)
    #expect(bench.events(named: "door.forced").isEmpty)
    bench.advance(milliseconds: 60_000)
    #expect(bench.events(named: "door.left_open").count == 1)
  }
}
