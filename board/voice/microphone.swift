// voice microphone NEAR FAR OUT [key=value ...]: what is done to the microphone. Both files are 16-bit mono at 16 kHz:
// what the microphone heard, and what was given to the speaker, by the speaker card's clock.
import CVoice
import Glibc

/// What stands after the three files.
struct FrontOptions {
  /// What is written and not heard yet, in samples, when a period of the microphone is read.
  var ahead = 640
  /// What the cards say about that.
  var delay = 640
  /// By how much each of their words may be wrong, either way.
  var jitter = 32
  /// How much faster the speaker's card runs than the microphone's.
  var partsPerMillion = 0
  var configuration = UplinkConfiguration()

  init(_ words: [String]) {
    configuration.echoCancellation = true
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let value = Int(parts[1]) else { fail("what is \(word)?") }
      switch parts[0] {
      case "ahead": ahead = max(160, value)
      case "delay": delay = value
      case "jitter": jitter = max(0, value)
      case "ppm": partsPerMillion = value
      case "aec": configuration.echoCancellation = value != 0
      case "ns": configuration.noiseSuppression = value != 0
      case "agc": configuration.automaticGain = value != 0
      case "half": configuration.halfDuplex = value != 0
      case "gain": configuration.gainDecibels = value
      default: fail("what is \(word)?")
      }
    }
  }
}

func heapBytes() -> Int {
  let now = mallinfo2()
  return Int(now.uordblks) + Int(now.hblkhd)
}

/// What callgrind counts: it begins and ends to collect where this is entered and left.
@inline(never)
func voicePeriod(
  _ front: UnsafeMutableRawPointer, _ period: UnsafeMutablePointer<Int16>, _ far: UnsafePointer<Int16>?,
  _ farCount: Int,
  _ delay: Int
) {
  let front = front.assumingMemoryBound(to: MicrophoneFront.self)
  front.pointee.played(UnsafeBufferPointer(start: far, count: farCount))
  front.pointee.apply(period, echoDelay: delay)
}

func microphone(_ words: [String]) {
  guard words.count >= 3 else { fail("usage: voice microphone NEAR FAR OUT [key=value ...]") }
  let options = FrontOptions(Array(words[3...]))
  var near = samples(of: words[0])
  let far = samples(of: words[1])
  let before = heapBytes()
  let front = UnsafeMutablePointer<MicrophoneFront>.allocate(capacity: 1)
  front.initialize(to: MicrophoneFront(options.configuration, EchoStateCell()))
  let memory = heapBytes() - before
  let periods = near.count / AudioFormat.periodSamples
  run(front, &near, far, options, periods)
  write(near, to: words[2])
  print("periods \(periods)\nbytes_heap \(memory)")
}

/// In virtual time, on one thread, as the audio thread does it: it writes what the speaker wants, and reads a period.
private func run(
  _ front: UnsafeMutablePointer<MicrophoneFront>, _ near: inout [Int16], _ far: [Int16],
  _ options: FrontOptions,
  _ periods: Int
) {
  var given = min(options.ahead, far.count)
  far[..<given].withUnsafeBufferPointer { front.pointee.played($0) }
  var random: UInt64 = 99
  for index in 0..<periods {
    // The microphone's clock counts; the speaker's has asked for so many by now.
    let captured = (index + 1) * AudioFormat.periodSamples
    let due = min(far.count, options.ahead + captured + captured * options.partsPerMillion / 1_000_000)
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let wrong = options.jitter == 0 ? 0 : Int(random >> 33) % (2 * options.jitter + 1) - options.jitter
    far.withUnsafeBufferPointer { far in
      near.withUnsafeMutableBufferPointer { near in
        guard let period = near.baseAddress, let start = far.baseAddress else { return }
        voicePeriod(
          front, period + index * AudioFormat.periodSamples, start + given, max(0, due - given),
          options.delay + wrong)
      }
    }
    given = max(given, due)
  }
}
