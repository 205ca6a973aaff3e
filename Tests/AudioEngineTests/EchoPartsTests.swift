import Foundation
import Testing

@testable import AudioEngine

/// The pieces of the echo canceller, each by itself.
struct EchoPartsTests {
  /// Noise of that many bits.
  static func noise(_ seed: UInt64, _ count: Int, amplitude: Int) -> [Int32] {
    var random = Seeded(seed)
    return (0..<count).map { _ in Int32(random.below(2 * amplitude + 1)) - Int32(amplitude) }
  }

  @Test(arguments: [10, 1_000, 60_000]) func aTransformIsWhatItIsByDefinition(amplitude: Int) {
    let samples: [Int32] = Self.noise(3, 320, amplitude: amplitude).map { $0 << 4 }
    let transform = EchoTransform()
    let spectrum = EchoSpectrum.allocated()
    defer { spectrum.deallocate() }
    transform.forward(samples, spectrum)
    var wrong = 0.0
    var all = 0.0
    for bin in 0...160 {
      var real = 0.0
      var imaginary = 0.0
      for (index, sample) in samples.enumerated() {
        let angle = -2 * Double.pi * Double(bin * index % 320) / 320
        real += Double(sample) * cos(angle)
        imaginary += Double(sample) * sin(angle)
      }
      all += real * real + imaginary * imaginary
      let realGap = real - Double(spectrum.real[bin])
      let imaginaryGap = imaginary - Double(spectrum.imaginary[bin])
      wrong += realGap * realGap + imaginaryGap * imaginaryGap
    }
    let likeness = 10 * log10(all / wrong)
    #expect(likeness > 58)
  }

  @Test func aTransformAndBackIsTheSameTimesTheRoundTrip() {
    let samples: [Int32] = Self.noise(4, 320, amplitude: 3_000).map { $0 << 4 }
    let transform = EchoTransform()
    let spectrum = EchoSpectrum.allocated()
    defer { spectrum.deallocate() }
    transform.forward(samples, spectrum)
    var back = [Int32](repeating: 0, count: 320)
    transform.inverse(spectrum, &back)
    var wrong = 0.0
    for (one, other) in zip(samples, back) {
      let gap = Double(one) - Double(other) / Double(EchoTransform.roundTrip)
      wrong += gap * gap
    }
    let likeness = 10 * log10(power(samples) / wrong)
    #expect(likeness > 60)
  }

  @Test func silenceAndTheLoudestToneStayWhatTheyAre() {
    let transform = EchoTransform()
    let spectrum = EchoSpectrum.allocated()
    defer { spectrum.deallocate() }
    transform.forward([Int32](repeating: 0, count: 320), spectrum)
    #expect((0...160).allSatisfy { spectrum.real[$0] == 0 && spectrum.imaginary[$0] == 0 })
    let tone = (0..<320).map { index -> Int32 in
      let angle = 2 * Double.pi * 20 * Double(index) / 320
      return Int32(62_000 * cos(angle)) << 4
    }
    transform.forward(tone, spectrum)
    let ratio = Double(spectrum.real[20]) / (62_000 * 160 * 16)
    #expect(abs(ratio - 1) < 0.001)
  }

  /// A far end that is heard `delay` samples later at half its level.
  private func learned(delay: Int, periods: Int, also disturbance: (Int) -> [Int32]) -> [Double] {
    var filter = EchoFilter()
    let far = Self.noise(5, (periods + 1) * 160, amplitude: 4_000)
    var echo = [Int32](repeating: 0, count: 160)
    var left: [Double] = []
    for period in 1...periods {
      let start = (period - 1) * 160
      let block: [Int32] = far[start..<(start + 320)].map { $0 << 4 }
      filter.predict(block, &echo)
      let real = (0..<160).map { index -> Int32 in
        let at = period * 160 + index - delay
        return at >= 0 ? far[at] / 2 : 0
      }
      let rest = zip(real, echo).map { $0 - $1 }
      left.append(power(rest) / max(1, power(real)))
      filter.adapt(zip(rest, disturbance(period)).map { $0 + $1 })
    }
    return left
  }

  private func power(_ samples: [Int32]) -> Double {
    var sum = 0.0
    for sample in samples { sum += Double(sample) * Double(sample) }
    return sum
  }

  @Test(arguments: [0, 37, 800, 2_200]) func theFilterFindsAnEchoThatIsUpTo230MillisecondsLate(delay: Int) {
    let left = learned(delay: delay, periods: 150) { _ in [Int32](repeating: 0, count: 160) }
    let gone = -10 * log10(left[140...].reduce(0, +) / 10)
    #expect(gone > 12)
  }

  @Test func theFilterIsNotShakenBySomebodyWhoTalksLouderThanTheEcho() {
    let left = learned(delay: 100, periods: 200) {
      $0 < 120 ? [Int32](repeating: 0, count: 160) : Self.noise(UInt64($0), 160, amplitude: 6_000)
    }
    let gone = -10 * log10(left[190...].reduce(0, +) / 10)
    #expect(gone > 11)
  }

  @Test func emphasisIsTakenBack() {
    var emphasis = Emphasis()
    let samples = Self.noise(6, 2_000, amplitude: 20_000)
    let back = samples.map { emphasis.remove(emphasis.add($0)) }
    #expect(zip(samples, back).allSatisfy { abs($0 - $1) <= 3 })
  }

  @Test func aPathThatIsAnotherOneIsNoticedAndATalkerIsNot() {
    let sure = [UInt32](repeating: 0, count: EchoTransform.paddedBins)
    var likeness = EchoLikeness()
    for period in 0..<40 {
      let echo = Self.noise(UInt64(period), 160, amplitude: 3_000)
      let talker = Self.noise(UInt64(1_000 + period), 160, amplitude: 5_000)
      likeness.take(zip(echo, talker).map { $0 + $1 }, echo, sure)
      #expect(!likeness.isLost)
    }
    #expect(likeness.trustQ15 > 30_000)
    var lostAfter: Int?
    for period in 40..<60 where lostAfter == nil {
      let other = Self.noise(UInt64(2_000 + period), 160, amplitude: 3_000)
      likeness.take(other, Self.noise(UInt64(period), 160, amplitude: 3_000), sure)
      #expect(likeness.trustQ15 < 16_000, "at once")
      if likeness.isLost { lostAfter = period - 40 }
    }
    #expect((lostAfter ?? 100) < 12)
  }

  @Test func theLeastOfAWhileIsTheRoomsNoise() {
    var noise = BandNoise()
    for period in 0..<400 {
      _ = noise.follow(3, period % 80 < 40 ? 1_000_000 : 2_000)
      noise.periodEnded()
    }
    #expect((2_000...3_200).contains(noise.level(3)))
  }

  @Test func aTalkerAloneComesThroughAPeriodLaterAsHeIs() {
    var path = EchoPath()
    let said = sine(700, count: 16_000)
    let silence = [Int16](repeating: 0, count: 160)
    var heard: [Int16] = []
    for period in 0..<100 {
      var samples = Array(said[(period * 160)..<(period * 160 + 160)])
      path.process(&samples, silence)
      heard += samples
    }
    var wrong = 0.0
    for index in 8_000..<15_000 {
      let gap = Double(heard[index + 160]) - Double(said[index])
      wrong += gap * gap
    }
    let level = rms(said)
    let distortion = 10 * log10(wrong / 7_000 / (level * level))
    #expect(distortion < -50)
  }
}
