/// The path from the speaker to the microphone as a Kalman filter over partitions of 10 ms: to each partition and bin
/// belongs a weight, to each partition and band of eight bins how wrong the weights are thought to be (the covariance).
/// A bin learns as fast as its share of the error is more than what else there is at the microphone, so it is quick at
/// first and stands still while somebody talks there.
///
/// Powers are in units of (DFT / 64)^2 / 2 per bin, of which a band has eight.
struct EchoFilter: ~Copyable {
  static let partitions = 24
  /// Without the bin at half of the sampling rate, which would need a band of its own.
  static let bands = 20
  /// An eighth.
  static let covarianceMaxQ30: UInt32 = 1 << 27

  let transform: EchoTransform
  /// What the last `predict` thinks the microphone hears, and what it heard beyond that: 16 times the transform.
  let predicted = EchoSpectrum.allocated()
  let error = EchoSpectrum.allocated()
  let block = zeroed(EchoTransform.blockSamples)
  /// By band, partition and part. The far end's partitions are a ring whose newest is at `head`.
  let far: UnsafeMutablePointer<Lanes>
  let farPower: UnsafeMutablePointer<SIMD8<UInt32>>
  /// Of each period and the one before it.
  let farPairPower: UnsafeMutablePointer<SIMD8<UInt32>>
  let farBandPower: UnsafeMutablePointer<UInt32>
  /// Q27, and the upper half of it.
  let weights: UnsafeMutablePointer<Wide>
  let shortWeights: UnsafeMutablePointer<Lanes>
  /// Q30, and the squares of the weights in the same.
  let covariance: UnsafeMutablePointer<UInt32>
  let pathPower: UnsafeMutablePointer<UInt32>
  /// By bin: the power of the error that the covariance explains, and the power of everything else.
  let expected: UnsafeMutablePointer<UInt32>
  let other: UnsafeMutablePointer<UInt32>
  var head = 0
  var constrained = 0
  var periods = 0

  init() {
    transform = EchoTransform()
    let count = Self.bands * Self.partitions
    far = filled(2 * count, Lanes())
    farPower = filled(count, SIMD8<UInt32>())
    farPairPower = filled(count, SIMD8<UInt32>())
    farBandPower = filled(count, 0)
    weights = filled(2 * count, Wide())
    shortWeights = filled(2 * count, Lanes())
    covariance = filled(count, 0)
    pathPower = filled(count, 0)
    expected = filled(EchoTransform.paddedBins, 0)
    other = filled(EchoTransform.paddedBins, 0)
    expectAnything()
  }

  deinit {
    predicted.deallocate()
    error.deallocate()
    block.deallocate()
    far.deallocate()
    farPower.deallocate()
    farPairPower.deallocate()
    farBandPower.deallocate()
    weights.deallocate()
    shortWeights.deallocate()
    covariance.deallocate()
    pathPower.deallocate()
    expected.deallocate()
    other.deallocate()
  }

  /// Forgets the path and what was played.
  mutating func reset() {
    let count = Self.bands * Self.partitions
    far.update(repeating: Lanes(), count: 2 * count)
    farPower.update(repeating: SIMD8<UInt32>(), count: count)
    farPairPower.update(repeating: SIMD8<UInt32>(), count: count)
    farBandPower.update(repeating: 0, count: count)
    weights.update(repeating: Wide(), count: 2 * count)
    shortWeights.update(repeating: Lanes(), count: 2 * count)
    covariance.update(repeating: 0, count: count)
    pathPower.update(repeating: 0, count: count)
    other.update(repeating: 0, count: EchoTransform.paddedBins)
    expectAnything()
  }

  /// The path has become another one: of the weights `keptQ15` is kept, and all of them may be wrong.
  mutating func pathChanged(keptQ15: Int32) {
    let factor = Wide(repeating: keptQ15)
    for index in 0..<(2 * Self.bands * Self.partitions) {
      weights[index] = (weights[index] &>> Wide(repeating: 15)) &* factor
      shortWeights[index] = Lanes(truncatingIfNeeded: weights[index] &>> Wide(repeating: 16))
    }
    expectAnything()
    expectError()
  }

  /// What is known of a path before it is heard: its energy, and that it fades.
  private mutating func expectAnything() {
    var prior = priorQ30
    for partition in 0..<Self.partitions {
      for band in 0..<Self.bands {
        let index = band * Self.partitions + partition
        covariance[index] = max(covariance[index], prior)
      }
      prior = prior / 100 * 92
    }
  }

  /// More comes back than was thought possible.
  mutating func expectMore() {
    for index in 0..<(Self.bands * Self.partitions) {
      covariance[index] = min(Self.covarianceMaxQ30, covariance[index]) << 2
    }
    expectError()
  }

  /// `samples` are the last two periods of the far end, 16 times. Writes the echo of the second one, in single samples.
  mutating func predict(_ samples: UnsafePointer<Int32>, _ echo: UnsafeMutablePointer<Int32>) {
    head = head == 0 ? Self.partitions - 1 : head - 1
    transform.forward(samples, predicted)
    takeFar()
    for band in 0..<Self.bands { convolve(band) }
    predicted.clearLast()
    expectError()
    transform.inverse(predicted, block)
    let half = EchoTransform.blockSamples / 2
    for index in 0..<half {
      echo[index] = Int32(truncatingIfNeeded: (Int64(block[half + index]) &* wholeSamples) >> 32)
    }
  }

  private func takeFar() {
    let least = Wide(repeating: -32_768)
    let most = Wide(repeating: 32_767)
    for band in 0..<Self.bands {
      let index = band * Self.partitions + head
      let real = (predicted.wideReal[band] &>> Wide(repeating: 10)).clamped(
        lowerBound: least, upperBound: most)
      let imaginary = (predicted.wideImaginary[band] &>> Wide(repeating: 10)).clamped(
        lowerBound: least, upperBound: most)
      far[2 * index] = Lanes(truncatingIfNeeded: real)
      far[2 * index + 1] = Lanes(truncatingIfNeeded: imaginary)
      let a = Wide(truncatingIfNeeded: far[2 * index])
      let b = Wide(truncatingIfNeeded: far[2 * index + 1])
      let powers = SIMD8<UInt32>(truncatingIfNeeded: a &* a) &+ SIMD8<UInt32>(truncatingIfNeeded: b &* b)
      let before = band * Self.partitions + (head == Self.partitions - 1 ? 0 : head + 1)
      farPower[index] = powers
      farPairPower[index] = powers &+ farPower[before]
      farBandPower[index] = (powers &>> SIMD8<UInt32>(repeating: 3)).wrappedSum()
    }
  }

  private func convolve(_ band: Int) {
    var real = Wide()
    var imaginary = Wide()
    let far = far + 2 * band * Self.partitions
    let weights = shortWeights + 2 * band * Self.partitions
    var slot = head
    for partition in 0..<Self.partitions {
      let farReal = Wide(truncatingIfNeeded: far[2 * slot])
      let farImaginary = Wide(truncatingIfNeeded: far[2 * slot + 1])
      let weightReal = Wide(truncatingIfNeeded: weights[2 * partition])
      let weightImaginary = Wide(truncatingIfNeeded: weights[2 * partition + 1])
      // Sums that do not fit come right again, as long as the last one does.
      real = real &+ (farReal &* weightReal &- farImaginary &* weightImaginary)
      imaginary = imaginary &+ (farReal &* weightImaginary &+ farImaginary &* weightReal)
      slot = slot == Self.partitions - 1 ? 0 : slot + 1
    }
    // From Q11 of a 64th to 16 times.
    predicted.wideReal[band] = real &>> Wide(repeating: 1)
    predicted.wideImaginary[band] = imaginary &>> Wide(repeating: 1)
  }

  /// Two partitions at a time, with the greater covariance of the two.
  func expectError() {
    for band in 0..<Self.bands {
      var sum = SIMD8<UInt64>()
      let powers = farPairPower + band * Self.partitions
      let covariance = covariance + band * Self.partitions
      var slot = head
      for pair in 0..<(Self.partitions / 2) {
        let factor = SIMD8<UInt64>(repeating: UInt64(max(covariance[2 * pair], covariance[2 * pair + 1])))
        sum = sum &+ SIMD8<UInt64>(truncatingIfNeeded: powers[slot]) &* factor
        slot = slot >= Self.partitions - 2 ? slot + 2 - Self.partitions : slot + 2
      }
      for lane in 0..<8 { expected[8 * band + lane] = UInt32(clamping: sum[lane] >> 32) }
    }
  }
}

/// 0.1: with what follows a path that returns up to as much as it is given.
private let priorQ30: UInt32 = 107_374_182
/// 2^32 over 16 times and the round trip.
private let wholeSamples: Int64 = 838_861
