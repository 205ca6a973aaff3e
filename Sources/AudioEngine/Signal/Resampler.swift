/// From one fixed rate to another, exactly: a polyphase low pass in 16-bit fixed point. 10 ms in give 10 ms out,
/// to the sample, for rates that are whole numbers of samples in 10 ms; other lengths work too, and nothing is
/// lost between calls.
///
/// With the lower of the two rates as r: flat within 0.1 dB up to 0.4375 r (7 kHz of 16), and more than 65 dB down
/// from 0.5625 r on. The delay is `delaySamples`.
public final class Resampler: @unchecked Sendable {
  /// The rates' ratio in lowest terms: `raise` samples out for `lower` samples in.
  private let raise: Int
  private let lower: Int
  private let taps: Int
  private let inputMax: Int
  /// `raise` filters of `taps` coefficients in Q14, the oldest sample's first.
  private let coefficients: UnsafeMutablePointer<Int16>
  /// The last `taps - 1` samples, and after them those of the present call.
  private let line: UnsafeMutablePointer<Int16>
  /// Where in `line` the newest sample of the next output lies, and its phase.
  private var newest: Int
  private var phase = 0

  /// `inputMax` is the most samples that `process` takes at once. Rates in Hz, 8000...192 000.
  public init(from inputRate: Int, to outputRate: Int, inputMax: Int) {
    let divisor = greatestCommonDivisor(inputRate, outputRate)
    raise = outputRate / divisor
    lower = inputRate / divisor
    taps = ResamplerDesign.taps(raise: raise, lower: lower)
    self.inputMax = inputMax
    coefficients = .allocate(capacity: raise * taps)
    coefficients.initialize(repeating: 0, count: raise * taps)
    ResamplerDesign.fill(coefficients, raise: raise, lower: lower, taps: taps)
    line = .allocate(capacity: taps + inputMax)
    line.initialize(repeating: 0, count: taps + inputMax)
    newest = taps - 1
  }

  deinit {
    coefficients.deallocate()
    line.deallocate()
  }

  /// Samples of the input by which the output is late.
  public var delaySamples: Int { taps / 2 }

  /// The most samples that `count` samples in can give.
  public func outputMax(_ count: Int) -> Int { count * raise / lower + 1 }

  /// Forgets what it heard.
  public func reset() {
    line.update(repeating: 0, count: taps)
    newest = taps - 1
    phase = 0
  }

  /// Takes all of `input` (at most `inputMax`) and answers how many samples it wrote to `output`, which must
  /// have room for `outputMax(input.count)`.
  public func process(_ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutablePointer<Int16>) -> Int {
    guard let start = input.baseAddress, input.count > 0, input.count <= inputMax else { return 0 }
    let history = taps - 1
    (line + history).copy(from: start, count: input.count)
    let end = history + input.count
    var written = 0
    while newest < end {
      output[written] = filter(line + (newest - history), coefficients + phase * taps)
      written += 1
      phase += lower
      while phase >= raise {
        phase -= raise
        newest += 1
      }
    }
    line.copy(from: line + input.count, count: history)
    newest -= input.count
    return written
  }

  private func filter(_ samples: UnsafePointer<Int16>, _ coefficients: UnsafePointer<Int16>) -> Int16 {
    // The coefficients' magnitudes add up to less than 4, so the sum stays within 32 bits.
    var sum: Int32 = 1 << 13
    for tap in 0..<taps { sum &+= Int32(samples[tap]) &* Int32(coefficients[tap]) }
    return Int16(clamping: sum >> 14)
  }
}

private func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
  var (a, b) = (max(1, first), max(1, second))
  while b != 0 { (a, b) = (b, a % b) }
  return a
}
