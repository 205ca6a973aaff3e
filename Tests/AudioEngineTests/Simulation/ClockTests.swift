import Foundation
import Testing

@testable import AudioEngine

/// An hour with clocks that disagree. The sound is a tone whose period fits the frames, real Opus from end to end:
/// two seconds are encoded, and the second of them is sent again and again.
struct ClockTests {
  struct Case: CustomTestStringConvertible {
    var sender = 0.0
    var speaker = 0.0
    var jitter = 0.0
    var seed: UInt64 = 4
    var wake = Wake.onTime
    var testDescription: String {
      "sender \(sender) ppm, speaker \(speaker) ppm, jitter \(jitter) ms, seed \(seed), wakes \(wake)"
    }
  }

  /// When the audio thread asks for its periods.
  enum Wake {
    case onTime
    /// Up to 9 ms late, each time anew.
    case late
    /// Every 20 ms, for two at once.
    case inPairs
  }

  @Test(arguments: [
    Case(sender: 300), Case(sender: -300), Case(speaker: 300), Case(speaker: -300),
    Case(sender: -300, jitter: 8), Case(sender: 300, jitter: 8, seed: 1),
    Case(sender: 300, jitter: 8, seed: 3),
    Case(speaker: 300, jitter: 8), Case(speaker: -300, jitter: 8, seed: 7),
    Case(sender: 300, jitter: 8, seed: 5), Case(sender: -300, jitter: 8, seed: 6),
    Case(sender: -300, jitter: 15, seed: 1), Case(sender: 300, jitter: 15, seed: 2),
    Case(sender: 300, jitter: 30, seed: 2), Case(sender: -300, jitter: 30, seed: 3),
    Case(speaker: -300, jitter: 30, seed: 5),
    Case(sender: 300, jitter: 15, wake: .late), Case(speaker: 300, jitter: 15, wake: .late),
    Case(sender: -300, jitter: 15, wake: .inPairs), Case(speaker: -300, jitter: 15, wake: .inPairs),
  ])
  func anHourWithoutAGlitch(_ example: Case) throws {
    let payloads = try encoded(sine(400, from: 0, count: 32_000, amplitude: 8_000))
    let looped = payloads + (0..<4).flatMap { _ in payloads[50..<100] }
    // The codec's own noise, the seam of the loop included, says what no glitch looks like.
    var clean = GlitchDetector(frequency: 400)
    try decoded(looped)[24_000...].withUnsafeBufferPointer { clean.look($0) }
    // A fractional delay rounds once more.
    let limit = clean.worst * 1.5 + 20

    let call = try Call(payloads, Network(seed: example.seed, jitter: .uniform(milliseconds: example.jitter)))
    call.loopTo = 50
    call.senderClock = example.sender
    call.speakerClock = example.speaker
    var random = SplitMix(state: example.seed)
    call.wakeDelay =
      switch example.wake {
      case .onTime: { _ in 0 }
      case .late: { _ in Double(random.next() % 9_000) / 1_000 }
      case .inPairs: { 10 - Double($0 % 2) * 10 }
      }
    var detector = GlitchDetector(frequency: 400)
    var quietest = Double.infinity
    var longest = 0
    var worstDrift = 0.0
    call.onPeriod = { period, now in
      guard now > 3_000 else { return }
      detector.look(period)
      quietest = min(quietest, power(period))
      guard now > 600_000 else { return }
      let statistics = call.downlink.statistics
      longest = max(longest, statistics.delayMilliseconds)
      let drift = Double(statistics.driftPartsPerMillion)
      worstDrift = max(worstDrift, abs(drift - (example.sender - example.speaker)))
    }
    call.run(milliseconds: 3_600_000)
    let statistics = call.downlink.statistics
    #expect(detector.worst <= limit)
    #expect(quietest.squareRoot() > 8_000 / 2.0.squareRoot() * 0.85)
    #expect(statistics.lost == 0)
    #expect(statistics.concealedMilliseconds == 0)
    #expect(worstDrift < 5)
    #expect(longest < 70)
  }

  @Test func theDetectorSeesWhatItIsFor() throws {
    let tone = sine(400, from: 0, count: 16_000, amplitude: 8_000)
    func worst(_ samples: [Int16]) -> Double {
      var detector = GlitchDetector(frequency: 400)
      samples.withUnsafeBufferPointer { detector.look($0) }
      return detector.worst
    }
    #expect(worst(tone) < 10)
    // One sample left out, one played twice.
    #expect(worst(Array(tone[..<5_000] + tone[5_001...])) > 300)
    #expect(worst(Array(tone[..<5_000] + tone[4_999...])) > 300)
  }
}

private func power(_ samples: UnsafeBufferPointer<Int16>) -> Double {
  var sum = 0
  for sample in samples { sum += Int(sample) * Int(sample) }
  return Double(sum) / Double(samples.count)
}

/// What is left of a tone when the tone itself is taken away, by the recursion that every sine obeys: a step, a
/// gap or a bend stands out.
struct GlitchDetector {
  private let factor: Double
  private var before = 0.0
  private var beforeThat = 0.0
  private var count = 0
  private(set) var worst = 0.0

  init(frequency: Double) { factor = 2 * cos(2 * .pi * frequency / 16_000) }

  mutating func look(_ samples: UnsafeBufferPointer<Int16>) {
    for sample in samples {
      let now = Double(sample)
      count += 1
      if count > 2 { worst = max(worst, abs(now - factor * before + beforeThat)) }
      beforeThat = before
      before = now
    }
  }
}
