import Foundation
import Testing

@testable import AudioEngine
@testable import Board

/// The whole audio thread on the simulated card, in real time.
@Suite(
  .serialized, .measuredAgain,
  .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct AudioThreadTests {
  /// Decodes what the uplink produced, as a peer would.
  private func decode(_ payloads: [[UInt8]]) throws -> [Int16] {
    var decoder = try VoiceDecoder()
    var samples: [Int16] = []
    var room = [Int16](repeating: 0, count: 1_920)
    for payload in payloads {
      let count = payload.withUnsafeBytes { bytes in
        room.withUnsafeMutableBufferPointer { out in
          out.baseAddress.flatMap { decoder.decode(bytes, into: $0, room: 1_920) }
        }
      }
      samples += room.prefix(count ?? 0)
    }
    return samples
  }

  @Test func threeSecondsOfToneLeaveWithoutAGapAndTheEchoIsPlayed() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    let begin = monotonicMicroseconds()
    try rig.echo(seconds: 10) { $0.frames.count >= 150 }
    let took = monotonicMicroseconds() - begin
    #expect(rig.listener.opened(.capture) == 1 && rig.listener.opened(.playback) == 1)
    #expect(rig.listener.frames.map(\.position) == (0..<rig.listener.frames.count).map { UInt32($0 * 320) })
    #expect(rig.listener.frames.count >= 150 && took > 2_900_000, "the card's time, and no faster")
    let heard = try decode(rig.listener.payloads)
    #expect(rms(Array(heard.dropFirst(800))) > 8_000)
    for block in stride(from: 800, to: heard.count - 160, by: 160) {
      #expect(rms(Array(heard[block..<(block + 160)])) > 6_000)
    }
    let spoken = try rig.workshop.read("spk.wav")
    let start = try #require(spoken.firstIndex { abs($0) > 4_000 })
    for block in stride(from: start, to: spoken.count - 800, by: 160) {
      #expect(rms(Array(spoken[block..<(block + 160)])) > 5_000)
    }
  }

  @Test func unplugAndReplugOneAfterTheOther() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    try rig.listener.thread.start(priority: 20)
    let listener = rig.listener
    #expect(listener.run(seconds: 2) { $0.opened(.capture) == 1 && $0.opened(.playback) == 1 })

    try rig.workshop.fault("mic.ctl", 1)
    #expect(listener.run(seconds: 2) { $0.lost(.capture) == 1 })
    let before = listener.frames.count
    // The uplink goes on with silence, and the other device did not notice.
    #expect(listener.run(seconds: 5) { $0.frames.count - before >= 22 })
    #expect(listener.frames.last?.level == 127)
    #expect(listener.lost(.playback) == 0)
    try rig.workshop.fault("mic.ctl", 0)
    #expect(listener.run(seconds: 2) { $0.opened(.capture) == 2 })
    let after = listener.frames.count
    #expect(listener.run(seconds: 2) { $0.frames.count > after + 10 && $0.frames.last?.level ?? 127 < 20 })

    try rig.workshop.fault("spk.ctl", 1)
    #expect(listener.run(seconds: 2) { $0.lost(.playback) == 1 })
    try rig.workshop.fault("spk.ctl", 0)
    #expect(listener.run(seconds: 2) { $0.opened(.playback) == 2 })
    listener.run(seconds: 0.2)
    listener.thread.stop()
    // The time line of the uplink held through all of it, in steps of 20 ms.
    let steps = zip(listener.frames, listener.frames.dropFirst()).map { $1.position &- $0.position }
    #expect(steps.filter { $0 != 320 }.count <= 2)
  }

  /// What a card takes to be opened is not taken from the other one.
  @Test func whileOneCardIsOpenedTheOtherMissesNothing() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    let listener = rig.listener
    try listener.thread.start(priority: 20)
    #expect(listener.run(seconds: 5) { $0.opened(.capture) == 1 && $0.opened(.playback) == 1 })
    for round in 1...5 {
      try rig.workshop.fault("mic.ctl", 1)
      #expect(listener.run(seconds: 5) { $0.lost(.capture) == round })
      try rig.workshop.fault("mic.ctl", 6)
      #expect(listener.run(seconds: 5) { $0.opened(.capture) == round + 1 })
    }
    listener.thread.stop()
    #expect(listener.opened(.playback) == 1)
    #expect(try rig.workshop.counter("spk.ctl", at: 20) == 0, "underruns")
    // 300 ms of each opening are on the time line, too.
    let steps = zip(listener.frames, listener.frames.dropFirst()).map { $1.position &- $0.position }
    #expect(steps.filter { $0 != 320 }.count <= 10 && steps.allSatisfy { $0 <= 960 }, "\(steps)")
  }

  /// A driver that never comes back keeps the program from nothing, and not from ending.
  @Test func aCardThatHangsWhileItIsOpenedStopsNobody() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    let listener = rig.listener
    try listener.thread.start(priority: 20)
    #expect(listener.run(seconds: 5) { $0.opened(.capture) == 1 && $0.opened(.playback) == 1 })
    try rig.workshop.fault("mic.ctl", 1)
    #expect(listener.run(seconds: 5) { $0.lost(.capture) == 1 })
    try rig.workshop.fault("mic.ctl", 5)
    let (frames, moved) = (listener.frames.count, try rig.workshop.counter("spk.ctl", at: 24))
    #expect(listener.run(seconds: 5) { $0.frames.count > frames + 50 })
    #expect(try rig.workshop.counter("spk.ctl", at: 24) > moved + 14_000)
    #expect(try rig.workshop.counter("spk.ctl", at: 20) == 0 && listener.lost(.playback) == 0)
    let begin = monotonicMicroseconds()
    listener.thread.stop()
    #expect(monotonicMicroseconds() - begin < 4_000_000)
    try rig.workshop.fault("mic.ctl", 0)
  }

  @Test func anXrunIsRecoveredAndTold() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    try rig.listener.thread.start(priority: 20)
    #expect(rig.listener.run(seconds: 2) { $0.frames.count > 10 })
    try rig.workshop.fault("mic.ctl", 3)
    try rig.workshop.fault("spk.ctl", 3)
    #expect(
      rig.listener.run(seconds: 3) { listener in
        listener.events.contains { if case .dropouts(.capture, let total) = $0 { total >= 1 } else { false } }
          && listener.events.contains {
            if case .dropouts(.playback, let total) = $0 { total >= 1 } else { false }
          }
      })
    let count = rig.listener.frames.count
    #expect(rig.listener.run(seconds: 2) { $0.frames.count > count + 20 })
    rig.listener.thread.stop()
    #expect(rig.listener.lost(.capture) == 0 && rig.listener.lost(.playback) == 0)
  }

  @Test func aStalledCardIsClosedAndOpenedAgain() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    try rig.listener.thread.start(priority: 20)
    #expect(rig.listener.run(seconds: 2) { $0.frames.count > 5 })
    try rig.workshop.fault("mic.ctl", 2)
    #expect(rig.listener.run(seconds: 3) { $0.lost(.capture) >= 1 })
    try rig.workshop.fault("mic.ctl", 0)
    let opened = rig.listener.opened(.capture)
    let ready = rig.listener.run(seconds: 4) {
      ($0.opened(.capture) > opened || opened > 1) && $0.frames.last?.level ?? 127 < 20
    }
    #expect(ready)
    rig.listener.thread.stop()
  }

  @Test(.timeLimit(.minutes(1)), arguments: [Int32(100), -100])
  func tenSecondsAtADriftingClockHaveNoGap(ppm: Int32) throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    try rig.workshop.fault("spk.ctl", 0, ppm: ppm)
    try rig.workshop.fault("mic.ctl", 0, ppm: -ppm)
    try rig.echo(seconds: 10)
    let spoken = try rig.workshop.read("spk.wav")
    let start = try #require(spoken.firstIndex { abs($0) > 4_000 })
    var quiet = 0
    for block in stride(from: start, to: spoken.count - 800, by: 160)
    where rms(Array(spoken[block..<(block + 160)])) < 5_000 { quiet += 1 }
    #expect(quiet == 0, "\(rig.listener.events) \(rig.downlink.statistics) \(rig.uplink.statistics)")
    #expect(spoken.count > 150_000)
  }

  @Test func withoutAnyDeviceTheThreadStillPacesAndSaysWhy() throws {
    let uplink = try Uplink()
    let downlink = try Downlink()
    let thread = try AudioThread(
      LinuxBoard(capture: "hw:31,7", playback: "hw:31,7"), uplink: uplink, downlink: downlink)
    let listener = Listener(thread, uplink)
    try thread.start(priority: 20)
    #expect(listener.run(seconds: 5) { $0.frames.count >= 25 })
    thread.stop()
    #expect(thread.turnCount >= 20)
    let reasons = listener.events.filter { if case .unavailable = $0 { true } else { false } }
    #expect(reasons.count == 2)
    #expect(reasons.first?.description.contains("sound device 'hw:31,7' is not there; ") == true)
  }
}

func rms(_ samples: [Int16]) -> Double {
  guard !samples.isEmpty else { return 0 }
  return (samples.map { Double($0) * Double($0) }.reduce(0, +) / Double(samples.count)).squareRoot()
}
