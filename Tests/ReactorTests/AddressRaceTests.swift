import Base
import Testing

@testable import Reactor

/// The table of `AddressRace`, and of what is remembered of names.
@Suite struct AddressRaceTests {
  private let start = Instant(microseconds: 5_000_000)

  private func at(_ milliseconds: Int) -> Instant { start.advanced(byMilliseconds: milliseconds) }
  private func v4(_ last: UInt32) -> IPAddress { IPAddress(v4: 0xC000_0200 | last) }
  private func v6(_ last: UInt64) -> IPAddress { IPAddress(v6High: 0x2001_0DB8_0000_0000, low: last) }

  private func order(_ addresses: [IPAddress]) -> [IPAddress] {
    var race = AddressRace()
    race.add(addresses, now: start)
    var order: [IPAddress] = []
    while let due = race.due, let next = race.next(now: due), !order.contains(next) { order.append(next) }
    return order
  }

  @Test func familiesTakeTurnsBeginningWithTheFirst() {
    #expect(order([v6(1), v6(2), v6(3), v4(1)]) == [v6(1), v4(1), v6(2), v6(3)])
    #expect(order([v4(1), v4(2), v6(1), v6(2)]) == [v4(1), v6(1), v4(2), v6(2)])
    #expect(order([v4(1), v4(2)]) == [v4(1), v4(2)])
    #expect(order([]) == [])
  }

  @Test func theNextOneIsDueAfterAQuarterOfASecondAndAtOnceAfterAFailure() {
    var race = AddressRace()
    #expect(race.isLost && race.due == nil)
    race.add([v6(1), v4(1), v6(2), v4(2)], now: at(0))
    #expect(race.next(now: at(0)) == v6(1))
    #expect(race.due == at(250))
    #expect(race.next(now: at(249)) == nil)
    #expect(race.next(now: at(250)) == v4(1))
    #expect(race.next(now: at(250)) == nil)
    race.failed(v6(1), now: at(300))
    #expect(race.due == at(300))
    #expect(race.next(now: at(300)) == v6(2))
    #expect(race.next(now: at(301)) == nil && race.due == at(550))
    #expect(race.next(now: at(550)) == v4(2))
    #expect(!race.isLost)
  }

  @Test func itIsLostWithTheLastOneAndNotBefore() {
    var race = AddressRace()
    race.add([v4(1), v4(2)], now: at(0))
    _ = race.next(now: at(0))
    race.failed(v4(1), now: at(1))
    #expect(!race.isLost)
    #expect(race.next(now: at(1)) == v4(2))
    race.failed(v4(2), now: at(2))
    #expect(race.isLost && race.due == nil)
    race.failed(v4(2), now: at(3))
    #expect(race.isLost && race.due == nil)
  }

  @Test func whoIsSilentIsDialledOnceMoreEachTimeAfterALongerPause() {
    var race = AddressRace()
    race.add([v4(1), v6(1)], now: at(0))
    #expect(race.next(now: at(0)) == v4(1))
    #expect(race.next(now: at(250)) == v6(1))
    #expect(race.due == at(500))
    #expect(race.next(now: at(499)) == nil)
    #expect(race.next(now: at(500)) == v4(1))
    #expect(race.due == at(1_000))
    #expect(race.next(now: at(1_000)) == v6(1))
    // What has failed is not dialled again, and its failure hurries nobody.
    race.failed(v6(1), now: at(1_100))
    race.failed(v6(1), now: at(1_100))
    #expect(race.due == at(2_000))
    #expect(race.next(now: at(2_000)) == v4(1))
    #expect(race.next(now: at(4_000)) == v4(1))
    #expect(race.due == nil && !race.isLost)
    for _ in 0..<4 { race.failed(v4(1), now: at(9_000)) }
    #expect(race.isLost)
  }

  @Test func anAddressThatComesLateGoesBeforeARepetition() {
    var race = AddressRace()
    race.add([v4(1)], now: at(0))
    _ = race.next(now: at(0))
    race.add([v4(2)], now: at(100))
    #expect(race.next(now: at(250)) == v4(2))
    #expect(race.next(now: at(500)) == v4(1))
  }

  @Test func whatComesLaterWaitsAndNothingIsDialledTwice() {
    var race = AddressRace()
    race.add([v4(1)], now: at(0))
    #expect(race.next(now: at(0)) == v4(1))
    race.add([v4(1), v6(1)], now: at(100))
    #expect(race.due == at(250))
    #expect(race.next(now: at(250)) == v6(1))
    race.failed(v4(1), now: at(260))
    race.failed(v6(1), now: at(270))
    #expect(race.isLost)
    race.add([v4(1), v4(2)], now: at(900))
    #expect(race.next(now: at(900)) == v4(2))
  }

  @Test func namesAreRememberedForADayAndTheOldestGoes() {
    var memory = NameMemory()
    memory.remember("a.example", v4(1), now: at(0))
    #expect(memory.address(of: "A.Example", now: at(86_399_999)) == v4(1))
    #expect(memory.address(of: "a.example", now: at(86_400_000)) == nil)
    memory.remember("a.example", v4(2), now: at(1))
    #expect(memory.address(of: "a.example", now: at(86_400_000)) == v4(2))
    for index in 0..<ReactorLimits.rememberedNamesMax {
      memory.remember("\(index).example", v4(3), now: at(2))
    }
    #expect(memory.address(of: "a.example", now: at(3)) == nil)
    #expect(memory.address(of: "0.example", now: at(3)) == v4(3))
  }
}
