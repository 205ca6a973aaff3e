import Foundation
import Testing

@testable import AudioEngine

/// What is heard where packets were lost, against the clean decode: the log-spectral distance, in dB.
struct LossTests {
  private static let seconds = 40

  struct Case: CustomTestStringConvertible {
    var loss: Network.Loss
    var testDescription: String { "\(loss)" }
  }

  @Test(arguments: [Case(loss: .random(0.1)), Case(loss: .bursts(0.05, length: 2.5))])
  func redundancyBeatsTheDecodersConcealment(_ example: Case) throws {
    let payloads = try encoded(speech(seconds: Self.seconds), configure: Self.redundant)
    let clean = try decoded(payloads)
    let call = try Call(payloads, Network(seed: 5, loss: example.loss), fixedDelay(80))
    let heard = hear(call)
    let whole = hear(try Call(payloads, Network(seed: 5), fixedDelay(80)))
    let offset = try #require(Self.offset(of: clean, in: whole))
    let alone = try decoded(payloads.indices.map { call.lost.contains($0) ? nil : payloads[$0] })

    var ours = Distance()
    var theirs = Distance()
    var oursElsewhere = Distance()
    var theirsElsewhere = Distance()
    for frame in call.lost where frame > 50 && frame < payloads.count - 60 {
      let mended =
        !call.lost.contains(frame + 1)
        && payloads[frame + 1].withUnsafeBytes { VoiceDecoder.hasRedundancy($0) }
      let begin = frame * 320
      let reference = clean[begin..<(begin + 320)]
      let left = heard[(begin + offset)..<(begin + offset + 320)]
      let right = alone[begin..<(begin + 320)]
      if mended {
        ours.add(reference, left)
        theirs.add(reference, right)
      } else {
        oursElsewhere.add(reference, left)
        theirsElsewhere.add(reference, right)
      }
    }
    #expect(ours.count > 30)
    #expect(ours.mean < 0.7 * theirs.mean)
    #expect(oursElsewhere.mean < 1.1 * theirsElsewhere.mean)
  }

  @Test func theDelayMakesRoomForRedundancyWhilePacketsAreLost() throws {
    let payloads = try encoded(speech(seconds: Self.seconds), configure: Self.redundant)
    let call = try Call(payloads, Network(seed: 9, loss: .random(0.1)))
    call.run(milliseconds: 8_000)
    let before = call.downlink.statistics
    let lostBefore = call.lost
    #expect(before.targetMilliseconds >= 30)
    call.run(milliseconds: 30_000)
    let mendable = call.lost.subtracting(lostBefore).filter {
      !call.lost.contains($0 + 1)
        && payloads[min($0 + 1, payloads.count - 1)].withUnsafeBytes { VoiceDecoder.hasRedundancy($0) }
    }
    let recovered = call.downlink.statistics.recovered - before.recovered
    #expect(mendable.count > 40)
    #expect(Double(recovered) > 0.9 * Double(mendable.count))
  }

  /// Two lost packets in a row: libopus is down to a sixth after 40 ms, and to nothing after 60.
  @Test func aLostToneGoesOn() throws {
    let packets = try talk(440, frames: 200)
    let player = try Player(fixedDelay())
    player.play(packets.filter { $0.sequence != 200 && $0.sequence != 201 }, periods: 300)
    let tone = rms(Array(player.heard[(180 * 160)..<(200 * 160)]))
    for period in 203..<230 {
      let level = rms(Array(player.heard[(period * 160)..<(period * 160 + 160)]))
      // The decoder's predictor finds back into the tone within a frame.
      let least = period < 208 || period > 211 ? 0.5 : 0.2
      #expect(level > least * tone, "period \(period) has \(level) of \(tone)")
    }
  }

  private static func redundant(_ configuration: inout UplinkConfiguration) {
    configuration.inbandFEC = true
    configuration.expectedLossPercent = 20
    configuration.bitrate = 32_000
  }

  private func hear(_ call: Call) -> [Int16] {
    var heard: [Int16] = []
    call.onPeriod = { period, _ in heard += period }
    call.run(milliseconds: Double(Self.seconds) * 1_000 + 500)
    return heard
  }

  private static func offset(of clean: [Int16], in heard: [Int16]) -> Int? {
    (0..<4_000).first { heard[(16_000 + $0)..<(20_000 + $0)] == clean[16_000..<20_000] }
  }
}

/// The log-spectral distance of pieces of sound, 0 to 8 kHz, in dB; what is 60 dB below full scale is silence.
struct Distance {
  private(set) var count = 0
  private var sum = 0.0
  var mean: Double { sum / Double(max(1, count)) }

  mutating func add(_ reference: ArraySlice<Int16>, _ other: ArraySlice<Int16>) {
    let left = Self.spectrum(reference)
    let right = Self.spectrum(other)
    var squares = 0.0
    for (one, two) in zip(left, right) { squares += pow(10 * log10(one / two), 2) }
    sum += (squares / Double(left.count)).squareRoot()
    count += 1
  }

  private static func spectrum(_ samples: ArraySlice<Int16>) -> [Double] {
    let values = Array(samples)
    return (1..<80).map { bin in
      var real = 0.0
      var imaginary = 0.0
      for (index, value) in values.enumerated() {
        let window = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(values.count))
        let angle = .pi * Double(bin) * Double(index) / 80
        real += Double(value) * window * cos(angle)
        imaginary += Double(value) * window * sin(angle)
      }
      return (real * real + imaginary * imaginary) / Double(values.count) + 1_000
    }
  }
}
