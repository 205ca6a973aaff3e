import Foundation
import Testing

@testable import AudioEngine

struct ClockResamplerTests {
  @Test func withoutARateItCopies() {
    var resampler = ClockResampler()
    let input = sine(1_000, from: 0, count: 1_600)
    let output = pull(&resampler, input, outputs: 1_440)
    #expect(output[5...] == input[..<1_435])
  }

  @Test(arguments: [500_000, 300_000, -300_000, -500_000], [400.0, 1_000, 3_000])
  func aToneStaysATone(rate: Int32, frequency: Double) {
    var resampler = ClockResampler()
    resampler.ratePartsPerBillion = rate
    let input = sine(frequency, from: 0, count: 80_000, amplitude: 16_000)
    let output = pull(&resampler, input, outputs: 72_000)
    let step = 2 * .pi * frequency / 16_000
    var noise = 0.0
    for index in 100..<72_000 {
      let place = Double(index) * (1 + Double(rate) / 1e9) - 5
      noise += pow(Double(output[index]) - 16_000 * sin(step * place), 2)
    }
    let ratio = 10 * log10(16_000 * 16_000 / 2 / (noise / 71_900))
    #expect(ratio > (frequency < 2_000 ? 55 : 45), "\(ratio) dB")
  }

  @Test func ratesAreClamped() {
    var resampler = ClockResampler()
    resampler.ratePartsPerBillion = 2_000_000_000
    let most = resampler.inputs(for: 512)
    resampler.ratePartsPerBillion = -2_000_000_000
    #expect(most == 512 && resampler.inputs(for: 512) == 511)
  }

  @Test(arguments: [400_000, -400_000])
  func fixedInputsGiveWhatFixedOutputsTake(rate: Int32) {
    var resampler = ClockResampler()
    resampler.ratePartsPerBillion = rate
    let input = sine(1_000, from: 0, count: 160_000)
    var output = [Int16](repeating: 0, count: 170)
    var made = 0
    for block in 0..<1_000 {
      for index in 0..<160 { resampler.room[index] = input[block * 160 + index] }
      let count = resampler.outputs(of: 160)
      #expect(resampler.inputs(for: count) == 160)
      output.withUnsafeMutableBufferPointer { buffer in
        if let start = buffer.baseAddress { resampler.run(into: start, count: count) }
      }
      made += count
    }
    #expect(abs(Double(made) - 160_000 / (1 + Double(rate) / 1e9)) < 2)
  }

  private func pull(_ resampler: inout ClockResampler, _ input: [Int16], outputs: Int) -> [Int16] {
    var taken = 0
    var all: [Int16] = []
    var output = [Int16](repeating: 0, count: 160)
    while all.count < outputs {
      let count = resampler.inputs(for: 160)
      for index in 0..<count { resampler.room[index] = input[taken + index] }
      taken += count
      output.withUnsafeMutableBufferPointer { buffer in
        if let start = buffer.baseAddress { resampler.run(into: start, count: 160) }
      }
      all += output
    }
    return all
  }
}
