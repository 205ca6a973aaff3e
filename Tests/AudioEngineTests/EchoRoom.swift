import Foundation

@testable import AudioEngine

/// Speech at 16 kHz: espeak-ng's where it is installed, otherwise noise with the rhythm and the spectrum of it.
func speech(_ words: String, voice: String, seconds: Int) -> [Int16] {
  let spoken = espeak(words, voice: voice) ?? babble(seconds: 6, seed: UInt64(voice.utf8.count))
  return (0..<(seconds * 16_000)).map { spoken[$0 % spoken.count] }
}

private func espeak(_ words: String, voice: String) -> [Int16]? {
  let program = "/usr/bin/espeak-ng"
  guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = ["-v", voice, "-s", "160", "--stdout", words]
  process.standardOutput = pipe
  guard (try? process.run()) != nil else { return nil }
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard data.count > 44_000 else { return nil }
  // espeak-ng speaks at 22 050 Hz.
  let samples = data.dropFirst(44).withUnsafeBytes { bytes in
    (0..<(bytes.count / 2)).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self) / 2 }
  }
  let resampler = Resampler(from: 22_050, to: 16_000, inputMax: samples.count)
  var out = [Int16](repeating: 0, count: resampler.outputMax(samples.count))
  let written = samples.withUnsafeBufferPointer { input in
    out.withUnsafeMutableBufferPointer { resampler.process(input, into: $0.baseAddress!) }
  }
  return Array(out[..<written])
}

/// Syllables of 120 to 240 ms with pauses, of a buzz and noise through two wandering resonances.
private func babble(seconds: Int, seed: UInt64) -> [Int16] {
  var random = Seeded(seed)
  var out: [Int16] = []
  while out.count < seconds * 16_000 {
    let length = 1_920 + random.below(1_920)
    let pitch = 100 + random.below(60)
    let formants = [300 + Double(random.below(500)), 900 + Double(random.below(1_500))]
    var state = [(0.0, 0.0), (0.0, 0.0)]
    for index in 0..<length {
      let voiced = index % (16_000 / pitch) == 0 ? 8_000.0 : 0
      let input = voiced + Double(random.below(801) - 400)
      var sum = 0.0
      for (which, formant) in formants.enumerated() {
        let pole = 0.96
        let next =
          input + 2 * pole * cos(2 * .pi * formant / 16_000) * state[which].0 - pole * pole * state[which].1
        state[which] = (next, state[which].0)
        sum += next
      }
      let rise = min(1, Double(min(index, length - index)) / 400)
      out.append(Int16(max(-12_000, min(12_000, sum * 0.2 * rise))))
    }
    out += [Int16](repeating: 0, count: random.below(2_400))
  }
  return out
}

struct Seeded {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 2 &+ 1 }
  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
}

/// A way from the speaker to the microphone: the direct sound, and reflections that fade by 60 dB in the length.
struct Room {
  var taps: [(delay: Int, gain: Double)]

  init(milliseconds: Int, seed: UInt64, echo: Double = 0.5) {
    var random = Seeded(seed)
    let direct = 60 + random.below(60)
    taps = [(direct, 1)]
    for _ in 0..<60 {
      let delay = random.below(milliseconds * 16)
      let gain =
        Double(random.below(2_001) - 1_000) / 1_500 * exp(-6.9 * Double(delay) / Double(milliseconds * 16))
      taps.append((direct + delay, gain))
    }
    let power = taps.map { $0.gain * $0.gain }.reduce(0, +).squareRoot()
    for index in taps.indices { taps[index].gain *= echo / power }
  }

  func echo(_ far: [Int16], at position: Int) -> Double {
    var sum = 0.0
    for tap in taps where position >= tap.delay { sum += tap.gain * Double(far[position - tap.delay]) }
    return sum
  }
}

/// A board with one room, in virtual time: the speaker's card holds 40 ms, the microphone's none.
final class EchoBench {
  let uplink: Uplink
  private(set) var cleaned: [Int16] = []
  private(set) var microphone: [Double] = []
  /// What the cards say about their delay, less what is true.
  var delayError = 0
  private let far: [Int16]
  private var time = 0
  private var random = Seeded(99)
  private let ahead = 640

  init(_ far: [Int16], configure: (inout UplinkConfiguration) -> Void = { _ in }) throws {
    var configuration = UplinkConfiguration()
    configuration.complexity = 0
    configuration.preConnectMilliseconds = 0
    configuration.echoCancellation = true
    configure(&configuration)
    self.far = far
    uplink = try Uplink(configuration)
    uplink.onEncoderInput = { [unowned self] in self.cleaned += $1 }
    Array(far[..<ahead]).withUnsafeBufferPointer { uplink.played($0) }
  }

  func run(seconds: Double, room: Room, near: (Int) -> Int16 = { _ in 0 }) {
    var payload: [UInt8] = []
    let end = time + Int(seconds * 16_000)
    while time < end {
      let given = far[(time + ahead)..<(time + ahead + 160)]
      given.withUnsafeBufferPointer { uplink.played($0) }
      let period = (time..<(time + 160)).map { position in
        let sum = room.echo(far, at: position) + Double(near(position)) + Double(random.below(17) - 8)
        microphone.append(sum)
        return Int16(max(-32_768, min(32_767, sum)))
      }
      let said = ahead + delayError + random.below(65) - 32
      _ = period.withUnsafeBufferPointer { uplink.capture($0, echoDelay: said) }
      while uplink.pop(into: &payload) != nil {}
      time += 160
    }
  }

  /// How much of the microphone's power is gone between two moments, in dB.
  func enhancement(_ from: Double, _ to: Double) -> Double {
    let range = Int(from * 16_000)..<Int(to * 16_000)
    let before = microphone[range].map { $0 * $0 }.reduce(0, +)
    return 10 * log10(before / max(1, power(range)))
  }

  func power(_ range: Range<Int>) -> Double { cleaned[range].map { Double($0) * Double($0) }.reduce(0, +) }
}
