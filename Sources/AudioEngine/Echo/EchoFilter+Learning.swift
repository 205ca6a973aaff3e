/// How the filter learns from what it did not foresee.
extension EchoFilter {
  /// `samples` are what the microphone heard beyond the echo of the last `predict`, a period.
  mutating func adapt(_ samples: UnsafePointer<Int32>) {
    let half = EchoTransform.blockSamples / 2
    for index in 0..<half {
      block[index] = 0
      block[half + index] = samples[index] << 4
    }
    transform.forward(block, error)
    for band in 0..<Self.bands { adapt(band: band) }
    // A weight is the transform of 10 ms of the path, but what is learned is not: one partition in turn is led back.
    periods &+= 1
    if periods & 3 == 0 { constrain() }
  }

  private func adapt(band: Int) {
    var most: UInt32 = 0
    var power: UInt64 = 0
    for bin in (8 * band)..<(8 * band + 8) {
      let real = error.real[bin]
      let imaginary = error.imaginary[bin]
      let (a, b) = (Int64(real >> 6), Int64(imaginary >> 6))
      let heard = UInt64(bitPattern: a &* a &+ b &* b) >> 9
      // Smoothed over three periods, and quick enough to follow the beginning of a word.
      let others = (UInt64(other[bin]) &* 11 &+ heard &* 5) >> 4
      other[bin] = UInt32(clamping: others)
      let all = UInt64(expected[bin]) &+ others &+ 1
      power &+= all
      let denominator = Reciprocal(all)
      // In the place of the error, which is no longer needed.
      error.real[bin] = denominator.divided(real)
      error.imaginary[bin] = denominator.divided(imaginary)
      most |= error.real[bin].magnitude | error.imaginary[bin].magnitude
    }
    guard most > 0 else { return }
    let exponent = max(0, 17 - most.leadingZeroBitCount)
    learn(
      band, Wide(truncatingIfNeeded: short(error.wideReal[band], exponent)),
      Wide(truncatingIfNeeded: short(error.wideImaginary[band], exponent)), exponent,
      Reciprocal((power >> 2) &+ 1))
  }

  /// Adds far end times error, times the covariance rounded down to a power of two.
  private func learn(
    _ band: Int, _ errorReal: Wide, _ errorImaginary: Wide, _ exponent: Int, _ denominator: Reciprocal
  ) {
    let first = band * Self.partitions
    var slot = first + head
    for index in first..<(first + Self.partitions) {
      defer { slot = slot == first + Self.partitions - 1 ? first : slot + 1 }
      let fraction = covariance[index].leadingZeroBitCount - 1
      let isTurn = (index ^ periods) & 1 == 0
      guard isTurn || fraction < wellKnown else { continue }
      let farReal = Wide(truncatingIfNeeded: far[2 * slot])
      let farImaginary = Wide(truncatingIfNeeded: far[2 * slot + 1])
      var real = farReal &* errorReal &+ farImaginary &* errorImaginary
      var imaginary = farReal &* errorImaginary &- farImaginary &* errorReal
      let shift = fraction - exponent
      if shift >= 0 {
        real = real &>> Wide(repeating: Int32(truncatingIfNeeded: shift))
        imaginary = imaginary &>> Wide(repeating: Int32(truncatingIfNeeded: shift))
      } else {
        real = real &<< Wide(repeating: Int32(truncatingIfNeeded: -shift))
        imaginary = imaginary &<< Wide(repeating: Int32(truncatingIfNeeded: -shift))
      }
      real = real &+ weights[2 * index]
      imaginary = imaginary &+ weights[2 * index + 1]
      weights[2 * index] = real
      weights[2 * index + 1] = imaginary
      shortWeights[2 * index] = Lanes(truncatingIfNeeded: real &>> Wide(repeating: 16))
      shortWeights[2 * index + 1] = Lanes(truncatingIfNeeded: imaginary &>> Wide(repeating: 16))
      guard isTurn else { continue }
      let learned = denominator.shareQ15(
        farBandPower[slot], shiftedBy: fraction < wellKnown ? fraction - 1 : fraction)
      covariance[index] = followed(covariance[index], learned, pathPower[index])
    }
  }

  /// What was learned is no longer wrong, and with time anything may become so again, by as much as there is of it.
  @inline(__always)
  private func followed(_ covariance: UInt32, _ learnedQ15: UInt32, _ path: UInt32) -> UInt32 {
    let kept =
      covariance &- (((covariance >> 16) &* learnedQ15) &+ (((covariance & 65_535) &* learnedQ15) >> 16))
    return max(16, min(Self.covarianceMaxQ30 << 2, kept &- ((kept &* 3) >> 10) &+ ((path &* 3) >> 10)))
  }

  private mutating func constrain() {
    constrained = constrained == Self.partitions - 1 ? 0 : constrained + 1
    for band in 0..<Self.bands {
      let index = 2 * (band * Self.partitions + constrained)
      for lane in 0..<8 {
        error.real[8 * band + lane] = weights[index][lane] >> 8
        error.imaginary[8 * band + lane] = weights[index + 1][lane] >> 8
      }
    }
    error.clearLast()
    transform.inverse(error, block)
    let half = EchoTransform.blockSamples / 2
    for index in 0..<half {
      block[index] = Int32(truncatingIfNeeded: (Int64(block[index]) &* roundTripBack) >> 29)
      block[half + index] = 0
    }
    transform.forward(block, error)
    for band in 0..<Self.bands {
      let index = band * Self.partitions + constrained
      var real = Wide()
      var imaginary = Wide()
      var power: UInt64 = 0
      for lane in 0..<8 {
        let (a, b) = (weight(error.real[8 * band + lane]), weight(error.imaginary[8 * band + lane]))
        real[lane] = a
        imaginary[lane] = b
        let (c, d) = (Int64(a >> 12), Int64(b >> 12))
        power &+= UInt64(bitPattern: c &* c &+ d &* d)
      }
      weights[2 * index] = real
      weights[2 * index + 1] = imaginary
      shortWeights[2 * index] = Lanes(truncatingIfNeeded: real &>> Wide(repeating: 16))
      shortWeights[2 * index + 1] = Lanes(truncatingIfNeeded: imaginary &>> Wide(repeating: 16))
      pathPower[index] = UInt32(min(power >> 3, 1 << 30))
    }
  }

  /// From Q22 to Q27, and at most 8.
  @inline(__always)
  private func weight(_ value: Int32) -> Int32 { max(-(1 << 25), min(1 << 25, value)) << 5 }
}

/// One over a power, as a mantissa and an exponent, made with a single division of 32 bits.
private struct Reciprocal {
  /// 2^31 over a mantissa of 2^15 to 2^16.
  private let inverse: UInt32
  private let exponent: Int

  @inline(__always)
  init(_ value: UInt64) {
    exponent = 48 - value.leadingZeroBitCount
    let mantissa = exponent >= 0 ? value >> UInt64(exponent) : value << UInt64(-exponent)
    inverse = (1 << 31) / UInt32(truncatingIfNeeded: max(1 << 15, mantissa))
  }

  /// A 16th of DFT over a power, as the part of a weight's step (Q27) that far end and covariance are to be multiplied by.
  @inline(__always)
  func divided(_ value: Int32) -> Int32 {
    // Fits, as a power that is divided by contains that of the value itself.
    Int32(truncatingIfNeeded: (Int64(value) &* Int64(inverse)) &>> Int64(15 &+ exponent))
  }

  /// Which part of the error a partition's covariance of 2^-fraction explains, Q15; at most all of it.
  @inline(__always)
  func shareQ15(_ power: UInt32, shiftedBy fraction: Int) -> UInt32 {
    let share = (UInt64(power) &* UInt64(inverse)) >> UInt64(min(63, 16 + exponent + fraction))
    return UInt32(truncatingIfNeeded: min(share, 32_768))
  }
}

/// A covariance of less than 2^-11: such weights are looked after every second period.
private let wellKnown = 12
/// 2^32 over the round trip.
private let roundTripBack: Int64 = 13_421_773
