import Foundation
import Testing

@testable import AudioEngine

struct PreConnectTests {
  private func uplink(milliseconds: Int, frame: Int = 20) throws -> Uplink {
    var configuration = UplinkConfiguration()
    configuration.complexity = 0
    configuration.frameMilliseconds = frame
    configuration.preConnectMilliseconds = milliseconds
    // Nothing may change the numbers that are counted.
    configuration.blocksOffset = false
    return try Uplink(configuration)
  }

  /// Sample number n is n, as far as 16 bits reach.
  private func count(_ uplink: Uplink, from position: inout UInt32, samples: Int) {
    let block = (0..<samples).map { Int16(truncatingIfNeeded: Int(position) + $0) }
    _ = block.withUnsafeBufferPointer { uplink.capture($0) }
    position &+= UInt32(samples)
  }

  private func read(_ uplink: Uplink, _ recording: PreConnectRecording, chunk: Int = 777) -> [Int16] {
    var room = [Int16](repeating: 0, count: chunk)
    var all: [Int16] = []
    while true {
      let count = room.withUnsafeMutableBufferPointer {
        uplink.readPreConnect(from: recording.first &+ UInt32(all.count), into: $0)
      }
      if count == 0 { return all }
      all += room[..<count]
    }
  }

  /// The recording, then the live encoder input from the hand-over on, is one run of numbers without a break.
  @Test(arguments: [10, 20, 40, 60]) func noSampleIsMissingOrDoubled(frame: Int) throws {
    let uplink = try uplink(milliseconds: 300, frame: frame)
    var live: [(UInt32, [Int16])] = []
    uplink.onEncoderInput = { live.append(($0, Array($1))) }
    var position: UInt32 = 0
    var random = SystemRandomNumberGenerator()
    // 1000 moments, shared among the frame lengths.
    for _ in 0..<250 {
      count(uplink, from: &position, samples: Int(random.next() % 2_000) + 1)
      uplink.start(preRollMilliseconds: Int(random.next() % 50))
      let pressed = position
      for _ in 0..<(random.next() % 60) {
        count(uplink, from: &position, samples: Int(random.next() % 200) + 1)
      }
      uplink.handOver()
      #expect(uplink.preConnectRecording == nil)
      live.removeAll()
      while uplink.preConnectRecording == nil {
        count(uplink, from: &position, samples: Int(random.next() % 200) + 1)
      }
      let recording = try #require(uplink.preConnectRecording)
      // What goes on while it is read must not touch it.
      count(uplink, from: &position, samples: 4_000)
      let recorded = read(uplink, recording)
      #expect(recorded.count == recording.count && recording.count <= 4_800)
      #expect(recording.first <= pressed || recording.count == 4_800)
      #expect(recording.handOver &+ 160 > pressed)
      let after = live.filter { Int32(bitPattern: $0.0 &- recording.handOver) >= 0 }
      #expect(after.first?.0 == recording.handOver, "a frame begins at the hand-over")
      let all = recorded + after.flatMap(\.1)
      #expect(all == (0..<all.count).map { Int16(truncatingIfNeeded: Int(recording.first) + $0) })
      uplink.endPreConnect()
      #expect(uplink.preConnectRecording == nil)
      var payload: [UInt8] = []
      while uplink.pop(into: &payload) != nil {}
    }
  }

  @Test func theSameWithTheMicrophoneOnItsOwnThread() throws {
    final class Shared: @unchecked Sendable {
      var live: [(UInt32, [Int16])] = []
      var stop = false
      let lock = NSLock()
    }
    let uplink = try uplink(milliseconds: 100)
    let shared = Shared()
    uplink.onEncoderInput = { position, samples in
      shared.lock.withLock {
        shared.live.append((position, Array(samples)))
        if shared.live.count > 400 { shared.live.removeFirst(200) }
      }
    }
    let thread = Thread {
      var position: UInt32 = 0
      while !shared.lock.withLock({ shared.stop }) {
        let block = (0..<160).map { Int16(truncatingIfNeeded: Int(position) + $0) }
        _ = block.withUnsafeBufferPointer { uplink.capture($0) }
        position &+= 160
        usleep(50)
      }
    }
    thread.start()
    defer { shared.lock.withLock { shared.stop = true } }
    var payload: [UInt8] = []
    for round in 0..<100 {
      uplink.start(preRollMilliseconds: round % 30)
      usleep(UInt32.random(in: 0...3_000))
      uplink.handOver()
      while uplink.preConnectRecording == nil { usleep(20) }
      let recording = try #require(uplink.preConnectRecording)
      let recorded = read(uplink, recording)
      #expect(recorded == (0..<recording.count).map { Int16(truncatingIfNeeded: Int(recording.first) + $0) })
      while !shared.lock.withLock({ shared.live.contains { $0.0 == recording.handOver } }) { usleep(20) }
      let first = shared.lock.withLock { shared.live.first { $0.0 == recording.handOver } }
      #expect(first?.1.first == Int16(truncatingIfNeeded: recording.handOver))
      uplink.endPreConnect()
      while uplink.pop(into: &payload) != nil {}
    }
  }

  @Test func theNewestIsKept() throws {
    let uplink = try uplink(milliseconds: 100)
    var position: UInt32 = 0
    uplink.start(preRollMilliseconds: 0)
    for _ in 0..<100 { count(uplink, from: &position, samples: 160) }
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    let recording = try #require(uplink.preConnectRecording)
    #expect(recording == PreConnectRecording(first: 14_400, handOver: 16_000))
    #expect(read(uplink, recording).first == 14_400)
  }

  @Test func thePreRollReachesBackBeforeThePressAndNoFurther() throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 0
    for _ in 0..<50 { count(uplink, from: &position, samples: 160) }
    uplink.start(preRollMilliseconds: 200)
    for _ in 0..<10 { count(uplink, from: &position, samples: 160) }
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    #expect(uplink.preConnectRecording == PreConnectRecording(first: 4_800, handOver: 9_600))
  }

  @Test func samplesThatTheCardLostAreSilenceInTheirPlace() throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 1
    count(uplink, from: &position, samples: 320)
    uplink.start(preRollMilliseconds: 10)
    count(uplink, from: &position, samples: 480)
    uplink.skip(100)
    position &+= 100
    count(uplink, from: &position, samples: 320)
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    let recording = try #require(uplink.preConnectRecording)
    #expect(recording == PreConnectRecording(first: 160, handOver: 1_220))
    let expected = (160..<1_220).map { (800..<900).contains($0) ? Int16(0) : Int16($0 + 1) }
    #expect(read(uplink, recording) == expected)
  }

  @Test func whatWasSaidBeforeAMuteIsNotTold() throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 0
    uplink.start(preRollMilliseconds: 0)
    count(uplink, from: &position, samples: 1_600)
    uplink.muted = true
    count(uplink, from: &position, samples: 1_600)
    uplink.muted = false
    count(uplink, from: &position, samples: 1_600)
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    #expect(uplink.preConnectRecording == PreConnectRecording(first: 3_200, handOver: 4_800))
    uplink.muted = true
    #expect(uplink.preConnectRecording?.count == 0)
  }

  /// The samples are asked for, and the audio thread has not given them away: nobody's, for up to a frame.
  @Test(arguments: [0, 160]) func whatWasSaidBeforeAMuteWithinTheHandOverIsNotTold(lead: Int) throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 0
    uplink.start(preRollMilliseconds: 0)
    count(uplink, from: &position, samples: 1_600 + lead)
    uplink.handOver()
    uplink.muted = true
    #expect(uplink.preConnectRecording == nil)
    uplink.muted = false
    count(uplink, from: &position, samples: 640)
    let recording = try #require(uplink.preConnectRecording)
    // What was said after it, and no more than the rest of a frame.
    #expect(Int(recording.first) >= 1_600 + lead && recording.count <= 320 - lead)
    #expect(read(uplink, recording).allSatisfy { $0 >= 1_600 + lead })
  }

  /// A mute, and in the same moment somebody listens.
  @Test func whatWasSaidBeforeAMuteRightBeforeTheHandOverIsNotTold() throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 0
    uplink.start(preRollMilliseconds: 0)
    count(uplink, from: &position, samples: 1_600)
    uplink.muted = true
    uplink.handOver()
    count(uplink, from: &position, samples: 640)
    #expect(uplink.preConnectRecording?.count == 0)
  }

  @Test func norIsThePreRollFromBeforeAMute() throws {
    let uplink = try uplink(milliseconds: 1_000)
    var position: UInt32 = 0
    count(uplink, from: &position, samples: 1_600)
    uplink.muted = true
    uplink.muted = false
    uplink.start(preRollMilliseconds: 100)
    uplink.handOver()
    count(uplink, from: &position, samples: 640)
    #expect(uplink.preConnectRecording?.count == 0)
  }

  @Test func withoutABufferTheHandOverIsAllThatThereIs() throws {
    let uplink = try uplink(milliseconds: 0)
    var position: UInt32 = 0
    uplink.start(preRollMilliseconds: 500)
    count(uplink, from: &position, samples: 640)
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    let recording = try #require(uplink.preConnectRecording)
    #expect(recording == PreConnectRecording(first: 640, handOver: 640))
    #expect(read(uplink, recording).isEmpty)
  }

  @Test func readingOutsideOfTheRecordingGivesNothing() throws {
    let uplink = try uplink(milliseconds: 100)
    var position: UInt32 = 0
    var room = [Int16](repeating: 0, count: 10)
    func read(_ position: UInt32) -> Int {
      room.withUnsafeMutableBufferPointer { uplink.readPreConnect(from: position, into: $0) }
    }
    #expect(read(0) == 0)
    uplink.start(preRollMilliseconds: 0)
    for _ in 0..<20 { count(uplink, from: &position, samples: 160) }
    #expect(read(3_000) == 0, "it is not handed over yet")
    uplink.handOver()
    count(uplink, from: &position, samples: 320)
    #expect(read(1_599) == 0 && read(3_200) == 0 && read(4_000_000_000) == 0)
    #expect(read(1_600) == 10 && read(3_195) == 5)
  }
}
