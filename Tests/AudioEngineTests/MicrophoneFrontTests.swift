import Foundation
import Testing

@testable import AudioEngine

struct MicrophoneFrontTests {
  private func run(_ samples: [Int16], _ body: (UnsafeMutablePointer<Int16>, Int) -> Void) -> [Int16] {
    var samples = samples
    samples.withUnsafeMutableBufferPointer { buffer in
      for begin in stride(from: 0, to: buffer.count, by: 160) { body(buffer.baseAddress! + begin, 160) }
    }
    return samples
  }

  @Test func aConstantOffsetIsGoneAndSpeechStays() {
    var block = DCBlock()
    let offset = (0..<16_000).map { Int16(8_000 + 4_000 * sin(2 * .pi * 300 * Double($0) / 16_000)) }
    let heard = run(offset) { block.apply($0, $1) }
    let late = Array(heard[8_000...])
    #expect(abs(late.map(Int.init).reduce(0, +) / late.count) <= 1)
    #expect(abs(20 * log10(rms(late) / (4_000 / 2.0.squareRoot()))) < 0.1)
  }

  @Test func theCornerLiesAtTwentyHertz() {
    var block = DCBlock()
    let heard = run(sine(20, count: 64_000)) { block.apply($0, $1) }
    let loss = 20 * log10(rms(Array(heard[32_000...])) / (12_000 / 2.0.squareRoot()))
    #expect(abs(loss + 3) < 0.2)
  }

  @Test(arguments: [-20, -6, 6, 12, 30]) func gainIsTrueForQuietSamples(decibels: Int) {
    var gain = Gain(decibels: decibels)
    let quiet = sine(1_000, count: 16_000, amplitude: 800)
    let heard = run(quiet) { gain.apply($0, $1) }
    #expect(abs(20 * log10(rms(heard) / rms(quiet)) - Double(decibels)) < 0.1)
  }

  @Test func noGainChangesNoBit() {
    var gain = Gain(decibels: 0)
    let full = (0..<1_600).map { Int16(truncatingIfNeeded: $0 * 41 - 32_768) }
    #expect(run(full) { gain.apply($0, $1) } == full)
  }

  @Test(arguments: [6, 12, 30]) func theLimiterNeitherClipsNorTears(decibels: Int) {
    var gain = Gain(decibels: decibels)
    let loud = sine(440, count: 16_000, amplitude: 30_000)
    let heard = run(loud) { gain.apply($0, $1) }
    #expect(heard.allSatisfy { abs(Int($0)) < 32_767 })
    // A clipped sine of +6 dB holds more than 5 % of its power in harmonics.
    #expect(share(Array(heard[3_200...]), at: 440) > 0.995)
  }

  @Test func afterALoudWordTheGainComesBack() {
    var gain = Gain(decibels: 20)
    _ = run(sine(440, count: 1_600, amplitude: 30_000)) { gain.apply($0, $1) }
    let quiet = sine(440, count: 16_000, amplitude: 1_000)
    let heard = run(quiet) { gain.apply($0, $1) }
    #expect(rms(Array(heard[..<160])) < 3_000)
    #expect(abs(20 * log10(rms(Array(heard[8_000...])) / rms(quiet)) - 20) < 0.2)
  }

  @Test func theWorstSamplesOverflowNothing() {
    var gain = Gain(decibels: 30)
    var block = DCBlock()
    let square = (0..<3_200).map { $0 / 3 % 2 == 0 ? Int16.min : Int16.max }
    let heard = run(square) {
      block.apply($0, $1)
      gain.apply($0, $1)
    }
    #expect(heard.allSatisfy { abs(Int($0)) < 32_767 })
  }

  @Test(arguments: [10, 20, 40, 60]) func framesOfEveryLength(milliseconds: Int) throws {
    var configuration = UplinkConfiguration()
    configuration.frameMilliseconds = milliseconds
    let uplink = try Uplink(configuration)
    let samples = sine(440, count: 16_000)
    for begin in stride(from: 0, to: 16_000, by: 160) {
      _ = samples[begin..<(begin + 160)].withUnsafeBufferPointer { uplink.capture($0) }
    }
    var payload: [UInt8] = []
    var positions: [UInt32] = []
    while let frame = uplink.pop(into: &payload) {
      positions.append(frame.position)
      #expect(frame.level == 12)
    }
    #expect(positions == (0..<(1_000 / milliseconds)).map { UInt32($0 * milliseconds * 16) })
  }

  @Test func impossibleConfigurationsAreRefused() {
    for change: (inout UplinkConfiguration) -> Void in [
      { $0.frameMilliseconds = 30 }, { $0.gainDecibels = 31 }, { $0.gainDecibels = -21 },
      { $0.preConnectMilliseconds = 30_001 }, { $0.preConnectMilliseconds = -1 }, { $0.bitrate = 5_999 },
    ] {
      var configuration = UplinkConfiguration()
      change(&configuration)
      #expect(throws: AudioFailure.self) { try Uplink(configuration) }
    }
  }
}
