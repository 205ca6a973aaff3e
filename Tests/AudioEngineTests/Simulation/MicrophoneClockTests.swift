import Foundation
import Testing

@testable import AudioEngine

/// A microphone whose clock is wrong, in virtual time: it hears a tone of 400 Hz by the true clock.
struct WrongMicrophone {
  let partsPerMillion: Double
  let jitterMilliseconds: Int
  private var random = Seeded(11)
  private(set) var samplesCaptured = 0
  private(set) var period = [Int16](repeating: 0, count: 160)
  /// When the period was complete, in samples of the true clock.
  var trueSamples: Double { Double(samplesCaptured) / (1 + partsPerMillion / 1e6) }

  init(_ partsPerMillion: Double, jitterMilliseconds: Int = 0) {
    self.partsPerMillion = partsPerMillion
    self.jitterMilliseconds = jitterMilliseconds
  }

  /// Captures a period and answers when it was read; the clock wraps early.
  mutating func next() -> UInt32 {
    let step = 2 * Double.pi / 40 / (1 + partsPerMillion / 1e6)
    var sine = sin(step * Double(samplesCaptured)) * 8_000
    var cosine = cos(step * Double(samplesCaptured)) * 8_000
    let (turnSine, turnCosine) = (sin(step), cos(step))
    period.withUnsafeMutableBufferPointer {
      for index in 0..<160 {
        $0[index] = Int16(sine.rounded())
        (sine, cosine) = (sine * turnCosine + cosine * turnSine, cosine * turnCosine - sine * turnSine)
      }
    }
    samplesCaptured += 160
    let late = jitterMilliseconds > 0 ? random.below(jitterMilliseconds * 1_000) : 0
    return UInt32(truncatingIfNeeded: 4_000_000_000 + Int(trueSamples * 62.5) + late)
  }

  /// Periods that nobody reads.
  mutating func lose(_ periods: Int) { samplesCaptured += periods * 160 }
}

struct MicrophoneClockTests {
  @Test(arguments: [300, -300, 500, -500], [0, 8])
  func anHourKeepsItsTime(partsPerMillion: Double, jitterMilliseconds: Int) {
    var microphone = WrongMicrophone(partsPerMillion, jitterMilliseconds: jitterMilliseconds)
    var clock = MicrophoneClock()
    var detector = GlitchDetector(frequency: 400)
    var made = 0
    var anchor: Double?
    var settled: Double?
    var last = 0.0
    var worstPosition = 0.0
    var worstRate = 0.0
    var untouched = true
    for index in 0..<360_000 {
      let microseconds = microphone.next()
      microphone.period.withUnsafeBufferPointer {
        let out = clock.correct($0.baseAddress!, 160, isTimed: true)
        made += out.count
        if index > 0 { detector.look(out) }
        if !clock.isLearned {
          untouched = untouched && out.count == 160 && (5..<160).allSatisfy { out[$0] == period($0 - 5) }
        }
        func period(_ place: Int) -> Int16 { microphone.period[place] }
      }
      clock.note(microseconds, waiting: 0)
      guard clock.isLearned else { continue }
      let error = Double(made) - microphone.trueSamples
      if anchor == nil { anchor = error }
      worstPosition = max(worstPosition, abs(error - (anchor ?? 0)))
      worstRate = max(worstRate, abs(Double(clock.driftPartsPerBillion) / 1_000 - partsPerMillion))
      if index == 12_000 { settled = error }
      last = error
    }
    let speed = (last - (settled ?? .infinity)) / (16_000 * 3_480) * 1e6
    #expect(untouched, "nothing is corrected before it is learned")
    #expect(worstRate < 10)
    #expect(worstPosition < 320)
    #expect(abs(speed) < 5)
    #expect(detector.worst < 30)
    print(
      "microphone \(partsPerMillion) ppm, jitter \(jitterMilliseconds) ms: rate within \(worstRate) ppm, position "
        + "within \(worstPosition) samples, speed \(speed) ppm, worst bend \(detector.worst)")
  }

  /// Runs `clock` for a time and answers how fast its output went, in ppm of the true clock.
  private func run(
    _ clock: inout MicrophoneClock, _ microphone: inout WrongMicrophone, seconds: Int
  ) -> (speed: Double, worstRate: Double) {
    let begin = microphone.trueSamples
    var made = 0
    var worstRate = 0.0
    for _ in 0..<(seconds * 100) {
      let microseconds = microphone.next()
      microphone.period.withUnsafeBufferPointer {
        made += clock.correct($0.baseAddress!, 160, isTimed: true).count
      }
      clock.note(microseconds, waiting: 0)
      worstRate = max(
        worstRate, abs(Double(clock.driftPartsPerBillion) / 1_000 - microphone.partsPerMillion))
    }
    return ((Double(made) / (microphone.trueSamples - begin) - 1) * 1e6, worstRate)
  }

  @Test(arguments: [false, true]) func lossesDoNotDisturbIt(areTold: Bool) {
    var clock = MicrophoneClock()
    var microphone = WrongMicrophone(300, jitterMilliseconds: 8)
    _ = run(&clock, &microphone, seconds: 60)
    let isLearned = clock.isLearned
    #expect(isLearned)
    for round in 1...20 {
      // 10 to 50 ms, as an overrun takes, and now and then several seconds.
      microphone.lose(round % 5 == 0 ? 300 : 1 + round % 5)
      if areTold { clock.interrupt() }
      let (speed, worstRate) = run(&clock, &microphone, seconds: 15)
      #expect(worstRate < 10 && abs(speed) < 10)
    }
  }

  @Test func aCardThatIsOpenedAgainIsTheSameOrIsLearnedAnew() {
    var clock = MicrophoneClock()
    var microphone = WrongMicrophone(300, jitterMilliseconds: 8)
    _ = run(&clock, &microphone, seconds: 60)
    var silence = [Int16](repeating: 0, count: 160)
    for _ in 0..<5 {
      microphone.lose(100)
      // Meanwhile silence is counted by the true clock: not one sample more or less.
      for _ in 0..<100 {
        let count = silence.withUnsafeMutableBufferPointer {
          clock.correct($0.baseAddress!, 160, isTimed: false).count
        }
        #expect(count == 160)
      }
      clock.reopened()
      let (speed, worstRate) = run(&clock, &microphone, seconds: 60)
      #expect(worstRate < 10 && abs(speed) < 10)
    }
    var other = WrongMicrophone(-200, jitterMilliseconds: 8)
    clock.reopened()
    _ = run(&clock, &other, seconds: 300)
    let (speed, worstRate) = run(&clock, &other, seconds: 300)
    #expect(worstRate < 10 && abs(speed) < 5)
  }

  @Test func aReaderThatIsLateForSecondsIsNoClock() {
    var clock = MicrophoneClock()
    var microphone = WrongMicrophone(-300)
    _ = run(&clock, &microphone, seconds: 60)
    let samples = [Int16](repeating: 0, count: 160)
    var worst = 0.0
    for index in 0..<30_000 {
      // Every other 5 s each period is read 30 ms late.
      let microseconds = microphone.next() &+ (index / 500 % 2 == 0 ? 30_000 : 0)
      samples.withUnsafeBufferPointer { _ = clock.correct($0.baseAddress!, 160, isTimed: true) }
      clock.note(microseconds, waiting: 0)
      worst = max(worst, abs(Double(clock.driftPartsPerBillion) / 1_000 + 300))
    }
    #expect(worst < 10)
  }

  /// The time line of the whole uplink, and what the pre-connect buffer holds of it.
  @Test(arguments: [500.0, -500]) func positionsAreCountedAfterTheCorrection(partsPerMillion: Double) throws {
    var configuration = UplinkConfiguration()
    configuration.complexity = 0
    configuration.blocksOffset = false
    configuration.preConnectMilliseconds = 300
    let uplink = try Uplink(configuration)
    var microphone = WrongMicrophone(partsPerMillion, jitterMilliseconds: 8)
    var heard: [Int16] = []
    var next: UInt32 = 0
    var isWhole = true
    uplink.onEncoderInput = { position, samples in
      isWhole = isWhole && position == next
      next = position &+ UInt32(samples.count)
      heard += samples
    }
    var payload: [UInt8] = []
    func capture(_ periods: Int) {
      for _ in 0..<periods {
        let microseconds = microphone.next()
        _ = microphone.period.withUnsafeBufferPointer { uplink.capture($0, microseconds: microseconds) }
        while uplink.pop(into: &payload) != nil {}
      }
    }
    capture(6_000)
    #expect(uplink.statistics.driftPartsPerMillion.distance(to: Int(partsPerMillion)).magnitude < 10)
    let begin = (Double(next), microphone.trueSamples)
    var random = Seeded(5)
    var room = [Int16](repeating: 0, count: 5_000)
    for _ in 0..<1_000 {
      uplink.start(preRollMilliseconds: random.below(50))
      capture(random.below(12))
      uplink.handOver()
      while uplink.preConnectRecording == nil { capture(1) }
      let recording = try #require(uplink.preConnectRecording)
      let count = room.withUnsafeMutableBufferPointer {
        uplink.readPreConnect(from: recording.first, into: $0)
      }
      #expect(count == recording.count && recording.handOver % 320 == 0)
      // The encoder was given every sample: the recording is the same samples at the same positions.
      while next < recording.handOver { capture(1) }
      #expect(heard[Int(recording.first)..<Int(recording.handOver)] == room[..<count])
      uplink.endPreConnect()
      capture(1)
    }
    #expect(isWhole)
    let speed = ((Double(next) - begin.0) / (microphone.trueSamples - begin.1) - 1) * 1e6
    // A frame that is not full is 320 samples of these.
    #expect(abs(speed) < 5 + 480 / (microphone.trueSamples - begin.1) * 1e6)
  }

  @Test func whatWasMutedIsNotInTheResampler() throws {
    var configuration = UplinkConfiguration()
    configuration.blocksOffset = false
    let uplink = try Uplink(configuration)
    var heard: [Int16] = []
    uplink.onEncoderInput = { heard += $1 }
    func capture(_ value: Int16, at microseconds: UInt32) {
      let period = [Int16](repeating: value, count: 160)
      _ = period.withUnsafeBufferPointer { uplink.capture($0, microseconds: microseconds) }
    }
    uplink.muted = true
    for index in 0..<10 { capture(9_000, at: UInt32(index) * 10_000) }
    uplink.muted = false
    for index in 10..<20 { capture(0, at: UInt32(index) * 10_000) }
    #expect(heard.count > 1_000 && heard.allSatisfy { $0 == 0 })
  }
}
