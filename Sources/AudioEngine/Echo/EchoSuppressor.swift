/// What a filter leaves of an echo is turned down, by bands of 400 Hz, as far as it is thought to be echo; in its place
/// comes noise as loud as the room's.
///
/// How much is echo: what the filter itself thinks that it does not know (its covariance), more of that while it is
/// young; and a share of the echo that was foreseen, learned while nobody else talks, for quiet and for loud echoes apart,
/// as a loudspeaker bends more the louder it is, and what it bends comes out in other bands.
///
/// Powers are in 16ths of the filter's unit, a whole band.
struct EchoSuppressor: ~Copyable {
  static let bands = EchoFilter.bands
  private let spectrum = EchoSpectrum.allocated()
  private let window: UnsafeMutablePointer<Int32>
  private let block = zeroed(EchoTransform.blockSamples)
  /// The last period that came in, and what of it is still to go out.
  private let before = zeroed(AudioFormat.periodSamples)
  private let overlap = zeroed(AudioFormat.periodSamples)
  private let expected: UnsafeMutablePointer<UInt64>
  private let foreseen: UnsafeMutablePointer<UInt64>
  /// Q16, for quiet and for loud echoes.
  private let shares: UnsafeMutablePointer<UInt64>
  private let gainsQ15: UnsafeMutablePointer<Int32>
  private var noise = BandNoise()
  private var usualForeseen: UInt64 = 0
  private var random: UInt32 = 1
  /// Q15: 1 while nothing was learned, and little after 1 s of a talking far end.
  private var youthQ15: UInt64 = 32_768

  init() {
    window = zeroed(EchoTransform.blockSamples)
    for index in 0..<EchoTransform.blockSamples {
      let turns = UInt32(
        truncatingIfNeeded: (Int64(2 * index + 1) << 30) / Int64(EchoTransform.blockSamples))
      window[index] = FixedMath.sineQ30(turns: turns)
    }
    expected = filled(Self.bands, 0)
    foreseen = filled(Self.bands, 0)
    shares = filled(2 * Self.bands, firstShareQ16)
    gainsQ15 = filled(Self.bands, 32_768)
  }

  deinit {
    spectrum.deallocate()
    window.deallocate()
    block.deallocate()
    before.deallocate()
    overlap.deallocate()
    expected.deallocate()
    foreseen.deallocate()
    shares.deallocate()
    gainsQ15.deallocate()
  }

  mutating func reset() {
    expected.update(repeating: 0, count: Self.bands)
    foreseen.update(repeating: 0, count: Self.bands)
    shares.update(repeating: firstShareQ16, count: 2 * Self.bands)
    youthQ15 = 32_768
  }

  /// The filter begins anew.
  mutating func pathChanged() { youthQ15 = 32_768 }

  var isYoung: Bool { youthQ15 > 9_830 }

  /// The far end was heard for another period.
  mutating func farWasHeard() { youthQ15 = youthQ15 * 95 / 100 }

  /// A period in place; it comes out a period later. `trustQ15` is how much the filter's echo is like the one that is
  /// heard: while it is not, nothing goes through.
  mutating func apply(_ samples: UnsafeMutablePointer<Int32>, _ filter: borrowing EchoFilter, trustQ15: Int32)
  {
    let period = AudioFormat.periodSamples
    for index in 0..<period {
      block[index] = Int32(truncatingIfNeeded: (Int64(before[index]) &* Int64(window[index])) >> 26)
      block[period + index] =
        Int32(truncatingIfNeeded: (Int64(samples[index]) &* Int64(window[period + index])) >> 26)
      before[index] = samples[index]
    }
    filter.transform.forward(block, spectrum)
    weigh(filter, trustQ15)
    shape()
    filter.transform.inverse(spectrum, block)
    for index in 0..<period {
      // The window's Q30 and the round trip, 16 times.
      let first = (Int64(block[index]) &* Int64(window[index])) >> 30
      let second = (Int64(block[period + index]) &* Int64(window[period + index])) >> 30
      samples[index] = Int32(truncatingIfNeeded: ((first &+ Int64(overlap[index])) &* wholeSamples) >> 32)
      overlap[index] = Int32(truncatingIfNeeded: second)
    }
  }

  private func power(_ spectrum: borrowing EchoSpectrum, _ band: Int) -> UInt64 {
    var sum: UInt64 = 0
    for bin in (8 * band)..<(8 * band + 8) {
      let (a, b) = (Int64(spectrum.real[bin] >> 6), Int64(spectrum.imaginary[bin] >> 6))
      sum &+= UInt64(bitPattern: a &* a &+ b &* b)
    }
    return sum >> 5
  }

  /// Finds the gains.
  private mutating func weigh(_ filter: borrowing EchoFilter, _ trustQ15: Int32) {
    var heard = InlineArray<20, UInt64>(repeating: 0)
    var echo = InlineArray<20, UInt64>(repeating: 0)
    var allForeseen: UInt64 = 0
    for band in 0..<Self.bands {
      heard[band] = power(spectrum, band)
      echo[band] = power(filter.predicted, band) >> 1
      allForeseen &+= echo[band]
    }
    if allForeseen > audible {
      usualForeseen = usualForeseen &- usualForeseen / 50 &+ allForeseen / 50
    }
    let shares = shares + (allForeseen > usualForeseen ? Self.bands : 0)
    let spread = allForeseen / (5 * UInt64(Self.bands))
    var allHeard: UInt64 = 0
    var explained: UInt64 = 0
    for band in 0..<Self.bands {
      foreseen[band] = max(echo[band] &+ spread, foreseen[band] &* 7 / 10)
      var wrong: UInt64 = 0
      for bin in (8 * band)..<(8 * band + 8) { wrong &+= UInt64(filter.expected[bin]) }
      expected[band] = max(wrong << 4, expected[band] &* 6 / 10)
      let room = noise.follow(band, heard[band])
      allHeard &+= heard[band]
      explained &+= expected[band] &+ bent(band, shares) &+ room
    }
    noise.periodEnded()
    let isSomebodyElse = allHeard > 6 &* explained && trustQ15 == 32_768
    let learns = !isSomebodyElse && trustQ15 > 16_384
    for band in 0..<Self.bands {
      if learns { learn(band, heard[band], shares) }
      // Beyond an eighth of what is foreseen only as long as nothing is known.
      let most = ((foreseen[band] >> 3) &* ((1 << 15) &+ 60 &* youthQ15)) >> 15
      let wrong = min(expected[band], most) >> 3
      let rest = ((((4 << 15) &+ 30 &* youthQ15) &* wrong) >> 12) &+ bent(band, shares)
      var gain: Int32 = 0
      if rest < heard[band] { gain = 32_768 - Int32(truncatingIfNeeded: (rest << 15) / heard[band]) }
      gain = max(leastGainQ15, (gain &* (trustQ15 >> 1)) >> 14)
      gainsQ15[band] = gain < gainsQ15[band] ? gain : (gainsQ15[band] + gain) / 2
    }
  }

  /// What the loudspeaker makes of the foreseen echo that no filter foresees.
  private func bent(_ band: Int, _ shares: UnsafeMutablePointer<UInt64>) -> UInt64 {
    ((foreseen[band] &* shares[band]) >> 14) &* 3
  }

  /// The share follows a third of its values from below, so a word of the near talker moves it little.
  private func learn(_ band: Int, _ heard: UInt64, _ shares: UnsafeMutablePointer<UInt64>) {
    let room = noise.level(band)
    guard foreseen[band] > 8 &* room else { return }
    let rest = heard > room ? heard &- room : 0
    let share = shares[band]
    let isMore = rest << 16 > share &* foreseen[band]
    shares[band] = isMore ? min(19_661, share &+ max(1, share >> 6)) : max(7, share &- share >> 5)
  }

  /// Applies the gains, and fills up with noise.
  private mutating func shape() {
    for band in 0..<Self.bands {
      let gain = gainsQ15[band]
      let real = spectrum.real + 8 * band
      let imaginary = spectrum.imaginary + 8 * band
      guard gain < 32_700 else { continue }
      // A little less than the room's, as more would be heard.
      let lost = UInt64(24_576 - ((gain &* gain) >> 15) * 3 / 4)
      let amplitude = Int64(root(((noise.level(band) &* lost) >> 15) << 14))
      for lane in 0..<8 {
        random ^= random << 13
        random ^= random >> 17
        random ^= random << 5
        let (a, b) = (Int64(Int16(truncatingIfNeeded: random)), Int64(Int32(bitPattern: random) >> 16))
        real[lane] = Int32(truncatingIfNeeded: (Int64(real[lane]) &* Int64(gain) &+ amplitude &* a) >> 15)
        imaginary[lane] = Int32(
          truncatingIfNeeded: (Int64(imaginary[lane]) &* Int64(gain) &+ amplitude &* b) >> 15)
      }
    }
    spectrum.clearLast()
  }
}

/// The square root of a power below 2^62, rounded down to eleven bits.
private func root(_ square: UInt64) -> UInt64 {
  guard square > 0 else { return 0 }
  let shift = max(0, 42 - square.leadingZeroBitCount + 1) & ~1
  let small = UInt32(truncatingIfNeeded: square >> UInt64(shift))
  var found: UInt32 = 0
  var bit: UInt32 = 1 << 10
  while bit > 0 {
    let candidate = found | bit
    if candidate &* candidate <= small { found = candidate }
    bit >>= 1
  }
  return UInt64(found) << UInt64(shift / 2)
}

/// -20 dB.
private let firstShareQ16: UInt64 = 655
/// -40 dB.
private let leastGainQ15: Int32 = 328
/// An echo of about -60 dBov.
private let audible: UInt64 = 53_760
/// 2^32 over 16 times and the round trip.
private let wholeSamples: Int64 = 838_861
