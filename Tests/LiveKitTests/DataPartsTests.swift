import Base
import Testing

@testable import LiveKit

/// The pure parts under the data channels.
@Suite struct DataPartsTests {
  final class Filter {
    var filter = ReceiveFilter()

    func isNew(sid: Name, sequence: UInt32, sendersMax: Int) -> Bool {
      filter.isNew(sid: sid, sequence: sequence, sendersMax: sendersMax)
    }
    func isNew(nonce: [UInt8], noncesMax: Int) -> Bool { filter.isNew(nonce: nonce, noncesMax: noncesMax) }
  }

  static func queue(_ sizes: [Int], sent: Int) -> ReliableQueue {
    var queue = ReliableQueue()
    for size in sizes { queue.append([UInt8](repeating: 0, count: size)) }
    for _ in 0..<sent { queue.firstWasSent(keptBytesMax: 1 << 20) }
    return queue
  }

  @Test func numbersGoUpFromOne() {
    let queue = Self.queue([1, 1, 1], sent: 2)
    #expect(queue.sent.map(\.sequence) == [1, 2])
    #expect(queue.waiting.map(\.sequence) == [3])
    #expect(queue.nextSequence == 4)
  }

  @Test func whatSCTPStillHoldsIsKeptAndNoMore() {
    var queue = Self.queue([10, 20, 30], sent: 3)
    queue.trim(bufferedBytes: 60)
    #expect(queue.sentBytes == 60)
    queue.trim(bufferedBytes: 50)
    #expect(queue.sent.map(\.sequence) == [2, 3])
    queue.trim(bufferedBytes: 31)
    #expect(queue.sent.map(\.sequence) == [2, 3])
    queue.trim(bufferedBytes: 30)
    #expect(queue.sent.map(\.sequence) == [3])
    queue.trim(bufferedBytes: 0)
    #expect(queue.sent.isEmpty)
    #expect(queue.sentBytes == 0)
  }

  @Test func aResumeSendsAgainWhatTheServerLacksAndGoesOnCounting() {
    var queue = Self.queue([1, 2, 3, 4], sent: 3)
    queue.resume(lastReceived: 1)
    #expect(queue.waiting.map(\.sequence) == [2, 3, 4])
    #expect(queue.waitingBytes == 9)
    #expect(queue.sent.isEmpty)
    #expect(queue.nextSequence == 5)
  }

  @Test func whatIsKeptIsBounded() {
    var queue = ReliableQueue()
    for _ in 0..<10_000 {
      queue.append([UInt8](repeating: 0, count: 100))
      queue.firstWasSent(keptBytesMax: 1_000)
    }
    #expect(queue.sent.count == 10)
    #expect(queue.sentBytes == 1_000)
    #expect(queue.waitingBytes == 0)
  }

  /// As a server does: after 1, 2 come 2, 1, 5, 4, 0, 6, and 5, 0, 6 are new.
  @Test func repetitionsAndGaps() {
    let filter = Filter()
    let sequence: [UInt32] = [1, 2, 2, 1, 5, 4, 0, 6, 0]
    #expect(
      sequence.map { filter.isNew(sid: "PA", sequence: $0, sendersMax: 9) }
        == [true, true, false, false, true, false, true, true, true])
    #expect(filter.isNew(sid: "PB", sequence: 1, sendersMax: 9))
    #expect(filter.filter.states.map(\.sid) == ["PA", "PB"])
    #expect(filter.filter.states.map(\.sequence) == [6, 1])
  }

  @Test func theSendersAndTheNoncesAreBounded() {
    let filter = Filter()
    for sender in 0..<1_000 { #expect(filter.isNew(sid: "\(sender)", sequence: 3, sendersMax: 5)) }
    #expect(filter.filter.states.count == 5)
    #expect(!filter.isNew(sid: "999", sequence: 3, sendersMax: 5))
    let nonce = { (number: Int) in [UInt8](repeating: UInt8(number), count: 16) }
    for number in 0..<20 { #expect(filter.isNew(nonce: nonce(number), noncesMax: 10)) }
    #expect(!filter.isNew(nonce: nonce(10), noncesMax: 10))
    #expect(filter.isNew(nonce: nonce(9), noncesMax: 10))
    // What is no nonce says nothing.
    for _ in 0..<2 { #expect(filter.isNew(nonce: [1, 2], noncesMax: 10)) }
  }

  @Test(arguments: [
    ("abc", 3, "abc"), ("abc", 2, "ab"), ("aä", 2, "a"), ("aä", 3, "aä"), ("€", 4, "€"), ("a€b", 3, "a"),
    ("a€b", 4, "a€"), ("🚪🚪", 7, "🚪"), ("🚪🚪", 5, "🚪"), ("x🚪", 4, "x"),
  ])
  func cutsAreBetweenCharacters(text: String, max: Int, expected: String) {
    #expect(truncated(text, bytesMax: max) == expected)
  }

  @Test func cutsOfWhatIsNoTextGoOn() {
    let bytes = [UInt8](repeating: 0x80, count: 100)
    #expect(wholeUTF8(bytes, max: 10) == 10)
    #expect(wholeUTF8(bytes, from: 95, max: 10) == 5)
    #expect(wholeUTF8(Array("ääää".utf8), from: 2, max: 5) == 4)
  }

  @Test func uuidsAreOfVersionFourAndDiffer() {
    let random = SeededRandom(seed: 1)
    let first = randomUUID(random).bytes
    #expect(first.count == 36)
    #expect([8, 13, 18, 23].allSatisfy { first[$0] == UInt8(ascii: "-") })
    #expect(first[14] == UInt8(ascii: "4"))
    #expect("89ab".utf8.contains(first[19]))
    #expect(Set((0..<100).map { _ in randomUUID(random) }).count == 100)
  }

  @Test(arguments: [
    ("1.7.9", true), ("1.8.0", false), ("1.13.5", false), ("0.99.1", true), ("2.0", false), ("", false),
    ("main", false),
  ])
  func versions(version: String, older: Bool) {
    #expect(isOlder(version, than: (1, 8)) == older)
  }
}
