import Base
import Testing

@testable import LiveKit

@Suite struct DTMFTests {
  static func received(_ bench: Bench) -> String {
    String(
      decoding: bench.events.compactMap {
        if case .dtmfReceived(let digit, .participant(sid: "PA_phone", identity: "phone")) = $0 {
          digit
        } else {
          nil
        }
      }, as: UTF8.self)
  }

  /// RFC 4733 §3.2, in lower case on the wire.
  static let codes: [(key: String, wire: String, code: UInt32)] = [
    ("0", "0", 0), ("1", "1", 1), ("2", "2", 2), ("3", "3", 3), ("4", "4", 4), ("5", "5", 5), ("6", "6", 6),
    ("7", "7", 7), ("8", "8", 8), ("9", "9", 9), ("*", "*", 10), ("#", "#", 11), ("A", "a", 12),
    ("B", "b", 13), ("C", "c", 14), ("D", "d", 15),
  ]

  @Test func everyKeyBothWays() throws {
    let bench = try Bench.withData()
    try bench.room.sendDTMF(Self.codes.map(\.key).joined(), to: ["phone"], now: bench.now)
    #expect(bench.sentPackets.map(\.value) == Self.codes.map { .dtmf(code: $0.code, digit: $0.wire) })
    #expect(bench.sentPackets.allSatisfy { $0.destinations == ["phone"] })
    #expect(bench.sentPackets.map(\.sequence) == Array(1...16))
    for row in Self.codes { bench.deliver(.dtmf(code: row.code, digit: row.wire), from: "phone") }
    #expect(Self.received(bench) == "0123456789*#ABCD")
    #expect(bench.data.contradictoryDigits == 0)
  }

  @Test func oneThatIsNoneSendsNothing() throws {
    let bench = try Bench.withData()
    #expect(throws: DataFailure.badDigit("x")) {
      try bench.room.sendDTMF("12x", to: [], now: bench.now)
    }
    #expect(throws: DataFailure.badDigit("")) { try bench.room.sendDTMF("", to: [], now: bench.now) }
    #expect(throws: DataFailure.self) {
      try bench.room.sendDTMF(String(repeating: "1", count: 65), to: [], now: bench.now)
    }
    #expect(bench.sentPackets.isEmpty)
  }

  @Test func theDigitCounts() throws {
    let bench = try Bench.withData()
    bench.deliver(.dtmf(code: 3, digit: "7"), from: "phone")
    bench.deliver(.dtmf(code: 4_000_000_000, digit: "#"), from: "phone")
    #expect(Self.received(bench) == "7#")
    #expect(bench.data.contradictoryDigits == 2)
  }

  @Test func severalInOnePacketAsBridgesTakeThem() throws {
    let bench = try Bench.withData()
    bench.deliver(.dtmf(code: 1, digit: "1w2Dd"), from: "phone")
    #expect(Self.received(bench) == "12DD")
  }

  @Test(arguments: ["", "w", "x", "1x", "٣", "1 2", String(repeating: "1", count: 33)])
  func whatIsNoKeyIsDropped(digit: String) throws {
    let bench = try Bench.withData()
    bench.deliver(.dtmf(code: 1, digit: digit), from: "phone")
    #expect(Self.received(bench).isEmpty)
    #expect(bench.data.malformed == 1)
  }
}
