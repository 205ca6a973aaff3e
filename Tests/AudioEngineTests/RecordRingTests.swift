import Foundation
import Testing

@testable import AudioEngine

struct RecordRingTests {
  private struct Header: BitwiseCopyable { var number: UInt32 }

  private func push(_ ring: RecordRing<Header>, _ number: Int, _ length: Int) -> Bool {
    let payload = (0..<length).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
    return payload.withUnsafeBytes { ring.push(Header(number: UInt32(number)), $0) }
  }

  @Test func recordsComeOutAsTheyWentInAcrossManyWraps() {
    let ring = RecordRing<Header>(bytes: 512)
    var next = 0
    var expected = 0
    for round in 0..<2_000 {
      while push(ring, next, (next * 7) % 180) { next += 1 }
      for _ in 0...(round % 3) {
        _ = ring.pop { header, payload in
          #expect(header.number == UInt32(expected))
          #expect(payload.count == (expected * 7) % 180)
          #expect(payload.enumerated().allSatisfy { $1 == UInt8(truncatingIfNeeded: expected &* 31 &+ $0) })
          expected += 1
        }
      }
    }
    #expect(expected > 2_000)
  }

  @Test func emptyGivesNothingAndTooLongIsRefused() {
    let ring = RecordRing<Header>(bytes: 256)
    #expect(!ring.pop { _, _ in })
    #expect(!push(ring, 1, 200))
    #expect(push(ring, 1, 0))
    var popped = false
    _ = ring.pop { header, payload in popped = header.number == 1 && payload.isEmpty }
    #expect(popped)
  }

  @Test func twoThreadsAtFullSpeedLoseNothing() {
    let ring = RecordRing<Header>(bytes: 4_096)
    let records = 200_000
    let producer = Thread {
      var number = 0
      while number < records {
        let length = number % 97
        let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
        if payload.withUnsafeBytes({ ring.push(Header(number: UInt32(number)), $0) }) { number += 1 }
      }
    }
    producer.start()
    var expected = 0
    var wrong = 0
    let end = Date().addingTimeInterval(60)
    while expected < records, Date() < end {
      for _ in 0..<1_000 {
        _ = ring.pop { header, payload in
          let byte = UInt8(truncatingIfNeeded: expected)
          if header.number != UInt32(expected) || payload.count != expected % 97
            || !payload.allSatisfy({ $0 == byte })
          {
            wrong += 1
          }
          expected += 1
        }
      }
    }
    #expect(expected == records)
    #expect(wrong == 0)
  }
}
