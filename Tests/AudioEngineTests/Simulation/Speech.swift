import Foundation

@testable import AudioEngine

/// Sound with what matters of speech: a pitch that wanders, vowels and consonants in turn, syllables and short
/// breaths, and no piece twice.
func speech(seconds: Int, seed: UInt64 = 3) -> [Int16] {
  var random = SplitMix(state: seed)
  func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }
  var samples: [Int16] = []
  samples.reserveCapacity(seconds * 16_000)
  var phase = 0.0
  var pitch = 130.0
  var noise = 0.0
  while samples.count < seconds * 16_000 {
    let length = 1_600 + Int(unit() * 3_200)
    let kind = unit()
    let goal = 90 + unit() * 130
    let brightness = 0.3 + unit() * 0.6
    let loudness = 3_000 + unit() * 5_000
    for index in 0..<length {
      pitch += (goal - pitch) / 2_000
      phase += pitch / 16_000
      let envelope = sin(.pi * Double(index) / Double(length))
      let hiss = unit() * 2 - 1
      noise = 0.3 * noise + hiss
      var value = 0.0
      if kind < 0.75 {
        var weight = 1.0
        for harmonic in 1...12 {
          value += weight * sin(2 * .pi * phase * Double(harmonic) + Double(harmonic * harmonic))
          weight *= brightness
        }
        value = value * 0.7 + 0.03 * noise
      } else if kind < 0.92 {
        value = 0.5 * (hiss - 0.5 * noise)
      }
      samples.append(Int16(max(-32_000, min(32_000, value * envelope * loudness))))
    }
  }
  return Array(samples.prefix(seconds * 16_000))
}

/// `samples` as a sender would packet them, one payload for each 20 ms.
func encoded(_ samples: [Int16], configure: (inout UplinkConfiguration) -> Void = { _ in }) throws
  -> [[UInt8]]
{
  var configuration = UplinkConfiguration()
  configure(&configuration)
  let uplink = try Uplink(configuration)
  var payloads: [[UInt8]] = []
  var payload: [UInt8] = []
  samples.withUnsafeBufferPointer { all in
    for start in stride(from: 0, to: all.count - 319, by: 320) {
      _ = uplink.capture(UnsafeBufferPointer(rebasing: all[start..<(start + 320)]))
      while uplink.pop(into: &payload) != nil { payloads.append(payload) }
    }
  }
  return payloads
}

/// What an undisturbed decoder makes of `payloads`; nil stands for a lost one, which libopus conceals.
func decoded(_ payloads: [[UInt8]?]) throws -> [Int16] {
  var decoder = try VoiceDecoder()
  var samples: [Int16] = []
  var room = [Int16](repeating: 0, count: AudioLimits.decodedSamplesMax)
  for payload in payloads {
    let made = room.withUnsafeMutableBufferPointer { buffer -> Int in
      guard let start = buffer.baseAddress else { return 0 }
      guard let payload else { return decoder.conceal(count: 320, into: start) ?? 0 }
      return payload.withUnsafeBytes { decoder.decode($0, into: start, room: buffer.count) } ?? 0
    }
    samples += room.prefix(made)
  }
  return samples
}
