import Foundation
import Testing

@testable import AudioEngine

struct ResamplerTests {
  static let rates = [
    (8_000, 16_000), (44_100, 16_000), (48_000, 16_000), (16_000, 8_000), (16_000, 44_100), (16_000, 48_000),
  ]

  private func convert(_ samples: [Int16], _ from: Int, _ to: Int, chunks: () -> Int) -> [Int16] {
    let resampler = Resampler(from: from, to: to, inputMax: 480)
    var out: [Int16] = []
    var begin = 0
    var room = [Int16](repeating: 0, count: resampler.outputMax(480))
    while begin < samples.count {
      let count = min(chunks(), samples.count - begin)
      let written = samples[begin..<(begin + count)].withUnsafeBufferPointer { input in
        room.withUnsafeMutableBufferPointer { resampler.process(input, into: $0.baseAddress!) }
      }
      out += room[..<written]
      begin += count
    }
    return out
  }

  private func wave(_ frequency: Double, rate: Int, count: Int, amplitude: Double = 16_000) -> [Int16] {
    (0..<count).map { Int16((amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))).rounded()) }
  }

  @Test(arguments: rates) func tenMillisecondsInAreTenMillisecondsOut(from: Int, to: Int) {
    let resampler = Resampler(from: from, to: to, inputMax: 480)
    var room = [Int16](repeating: 0, count: 1_000)
    let period = wave(300, rate: from, count: from / 100)
    for _ in 0..<1_000 {
      let written = period.withUnsafeBufferPointer { input in
        room.withUnsafeMutableBufferPointer { resampler.process(input, into: $0.baseAddress!) }
      }
      #expect(written == to / 100)
    }
  }

  @Test(arguments: rates) func theCutIntoPeriodsIsNotHeard(from: Int, to: Int) {
    let samples = wave(997, rate: from, count: from)
    let whole = convert(samples, from, to) { from / 100 }
    var generator = SystemRandomNumberGenerator()
    let ragged = convert(samples, from, to) { Int(generator.next() % 480) + 1 }
    #expect(whole == ragged && whole.count == to)
  }

  /// Level at the output over level at the input, in dB, after the filter has settled.
  private func gain(_ frequency: Double, _ from: Int, _ to: Int) -> Double {
    let samples = wave(frequency, rate: from, count: from / 2)
    let out = convert(samples, from, to) { from / 100 }
    return 20 * log10(max(rms(Array(out[(to / 20)...])), 0.01) / rms(samples))
  }

  @Test(arguments: rates) func thePassbandIsFlat(from: Int, to: Int) {
    let edge = 0.4375 * Double(min(from, to))
    for step in 1...12 {
      let frequency = edge * Double(step) / 12
      #expect(abs(gain(frequency, from, to)) < 0.1, "\(frequency) Hz")
    }
  }

  /// What lies above the stopband's edge is an alias if it comes through.
  @Test(arguments: rates.filter { $0.0 > $0.1 }) func aliasesAreGone(from: Int, to: Int) {
    let edge = 0.5625 * Double(to)
    for step in 0..<12 {
      let frequency = edge + (0.49 * Double(from) - edge) * Double(step) / 11
      #expect(gain(frequency, from, to) < -65, "\(frequency) Hz")
    }
  }

  /// A tone of the lower rate must have no image above it.
  @Test(arguments: rates.filter { $0.0 < $0.1 }) func imagesAreGone(from: Int, to: Int) {
    for frequency in [400.0, 1_500, 0.4375 * Double(from)] {
      let out = convert(wave(frequency, rate: from, count: from), from, to) { from / 100 }
      let settled = Array(out[(to / 10)...])
      var residue = 0.0
      var (real, imaginary) = (0.0, 0.0)
      for (index, sample) in settled.enumerated() {
        let angle = 2 * .pi * frequency * Double(index) / Double(to)
        real += Double(sample) * cos(angle)
        imaginary += Double(sample) * sin(angle)
        residue += Double(sample) * Double(sample)
      }
      residue -= 2 * (real * real + imaginary * imaginary) / Double(settled.count)
      let tone = rms(settled)
      let level = 10 * log10(max(1e-9, residue / Double(settled.count)) / (tone * tone))
      #expect(level < -65, "\(frequency) Hz: \(level) dB")
    }
  }

  @Test(arguments: rates) func aConstantStaysConstantAndFullScaleDoesNotWrap(from: Int, to: Int) {
    let constant = convert([Int16](repeating: 12_345, count: from / 2), from, to) { from / 100 }
    #expect(constant[(to / 10)...].allSatisfy { $0 == 12_345 })
    let square = (0..<(from / 2)).map { $0 / 40 % 2 == 0 ? Int16.max : Int16.min }
    let out = convert(square, from, to) { from / 100 }
    // In the middle of each half wave the sign is that of the input, so nothing has wrapped.
    #expect(out.contains { $0 == Int16.max } && out.contains { $0 == Int16.min })
    let settled = out[(to / 10)...]
    #expect(zip(settled, settled.dropFirst()).filter { ($0 < 0) != ($1 < 0) }.count < from / 2 / 40 + 2)
  }

  @Test func aChunkThatIsTooLongIsRefused() {
    let resampler = Resampler(from: 48_000, to: 16_000, inputMax: 480)
    var room = [Int16](repeating: 7, count: 400)
    let long = [Int16](repeating: 1, count: 481)
    let written = long.withUnsafeBufferPointer { input in
      room.withUnsafeMutableBufferPointer { resampler.process(input, into: $0.baseAddress!) }
    }
    #expect(written == 0 && room.allSatisfy { $0 == 7 })
  }
}
