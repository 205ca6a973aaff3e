import Foundation
import Testing

@testable import AudioEngine

/// The level in -dBov (RFC 6464) against the same computed in floating point.
struct LevelTests {
  private func measure(_ samples: [Int16]) -> UInt8 {
    samples.withUnsafeBufferPointer { Level.decibels(meanSquare: Level.meanSquare($0)) }
  }

  @Test func fullScaleSquareIsZero() {
    #expect(measure((0..<320).map { $0 % 2 == 0 ? Int16.min : Int16.max }) == 0)
  }

  @Test func silenceIs127() {
    #expect(measure([Int16](repeating: 0, count: 320)) == 127)
    #expect(measure([]) == 127)
  }

  @Test func fullScaleSineIsThree() { #expect(measure(sine(1_000, count: 320, amplitude: 32_767)) == 3) }

  @Test(arguments: stride(from: 1, through: 32_767, by: 97).map { $0 })
  func agreesWithFloatingPoint(amplitude: Int) {
    let samples = sine(1_000, count: 320, amplitude: Double(amplitude))
    let mean = samples.map { Double($0) * Double($0) }.reduce(0, +) / 320
    guard mean >= 1 else { return }
    let exact = -10 * log10(mean / (32_768 * 32_768))
    // The engine cuts the mean to whole units, which matters below -80 dBov only.
    #expect(abs(Double(measure(samples)) - exact) <= (exact > 80 ? 1.6 : 0.55))
  }
}

/// A sine of `frequency` Hz at 16 kHz.
func sine(_ frequency: Double, from start: Int = 0, count: Int, amplitude: Double = 12_000) -> [Int16] {
  (start..<(start + count)).map { Int16(amplitude * sin(2 * .pi * frequency * Double($0) / 16_000)) }
}
