/// The Fourier transform of a block of 320 real samples in whole numbers, and back: 160 complex points by radices 4, 4, 2
/// and 5, then the split into the two halves of a real spectrum. Nothing is scaled on the way, as 32 bits hold it all.
struct EchoTransform: ~Copyable {
  static let blockSamples = 320
  static let bins = 161
  /// Room for the bins in vectors of eight; what is behind the last bin is 0.
  static let paddedBins = 168
  /// A spectrum and back is multiplied by this.
  static let roundTrip = 320

  /// cos and -sin of n / 320 turns, Q30, in pairs.
  private let twiddles: UnsafeMutablePointer<Int32>
  private let work: UnsafeMutablePointer<Int32>
  private let spare: UnsafeMutablePointer<Int32>

  init() {
    twiddles = .allocate(capacity: 2 * Self.blockSamples)
    for index in 0..<Self.blockSamples {
      let turns = UInt32(truncatingIfNeeded: (Int64(index) << 32) / Int64(Self.blockSamples))
      twiddles[2 * index] = FixedMath.sineQ30(turns: turns &+ 1 << 30)
      twiddles[2 * index + 1] = -FixedMath.sineQ30(turns: turns)
    }
    work = zeroed(Self.blockSamples)
    spare = zeroed(Self.blockSamples)
  }

  deinit {
    twiddles.deallocate()
    work.deallocate()
    spare.deallocate()
  }

  func forward(_ samples: UnsafePointer<Int32>, _ spectrum: EchoSpectrum) {
    work.update(from: samples, count: Self.blockSamples)
    transform()
    let real = spectrum.real
    let imaginary = spectrum.imaginary
    for bin in 0...half / 2 {
      let one = 2 * (bin == half ? 0 : bin)
      let other = 2 * (bin == 0 ? 0 : half - bin)
      let evenReal = (work[one] &+ work[other]) >> 1
      let evenImaginary = (work[one + 1] &- work[other + 1]) >> 1
      let odd = turned(
        (work[one + 1] &+ work[other + 1]) >> 1, (work[other] &- work[one]) >> 1, twiddles + 2 * bin)
      real[bin] = evenReal &+ odd.real
      imaginary[bin] = evenImaginary &+ odd.imaginary
      real[half - bin] = evenReal &- odd.real
      imaginary[half - bin] = odd.imaginary &- evenImaginary
    }
  }

  /// `roundTrip` times the samples.
  func inverse(_ spectrum: EchoSpectrum, _ samples: UnsafeMutablePointer<Int32>) {
    let real = spectrum.real
    let imaginary = spectrum.imaginary
    for bin in 0...half / 2 {
      let other = half - bin
      let evenReal = real[bin] &+ real[other]
      let evenImaginary = imaginary[bin] &- imaginary[other]
      // Turned back, which is forward with the signs of the imaginary parts changed.
      let odd = turned(
        real[bin] &- real[other], 0 &- (imaginary[bin] &+ imaginary[other]), twiddles + 2 * bin)
      // Real and imaginary parts change places, which makes the transform go back.
      if other < half {
        work[2 * other + 1] = evenReal &- odd.imaginary
        work[2 * other] = odd.real &- evenImaginary
      }
      work[2 * bin + 1] = evenReal &+ odd.imaginary
      work[2 * bin] = evenImaginary &+ odd.real
    }
    transform()
    for index in 0..<half {
      samples[2 * index] = work[2 * index + 1]
      samples[2 * index + 1] = work[2 * index]
    }
  }

  /// `work` to `work`.
  private func transform() {
    fours(work, spare, length: 160, stride: 1)
    fours(spare, work, length: 40, stride: 4)
    twos(work, spare)
    fives(spare, work)
  }

  private func fours(
    _ from: UnsafePointer<Int32>, _ into: UnsafeMutablePointer<Int32>, length: Int, stride: Int
  ) {
    let quarter = length / 4
    let step = 2 * Self.blockSamples / length
    for part in 0..<quarter {
      let first = twiddles + part * step
      let second = twiddles + 2 * part * step
      let third = twiddles + 3 * part * step
      for lane in 0..<stride {
        let source = from + 2 * (lane + stride * part)
        let apart = 2 * stride * quarter
        let target = into + 2 * (lane + stride * 4 * part)
        let sumReal = source[0] &+ source[2 * apart]
        let sumImaginary = source[1] &+ source[2 * apart + 1]
        let gapReal = source[0] &- source[2 * apart]
        let gapImaginary = source[1] &- source[2 * apart + 1]
        let otherReal = source[apart] &+ source[3 * apart]
        let otherImaginary = source[apart + 1] &+ source[3 * apart + 1]
        let crossReal = source[apart] &- source[3 * apart]
        let crossImaginary = source[apart + 1] &- source[3 * apart + 1]
        target[0] = sumReal &+ otherReal
        target[1] = sumImaginary &+ otherImaginary
        store(turned(gapReal &+ crossImaginary, gapImaginary &- crossReal, first), target + 2 * stride)
        store(turned(sumReal &- otherReal, sumImaginary &- otherImaginary, second), target + 4 * stride)
        store(turned(gapReal &- crossImaginary, gapImaginary &+ crossReal, third), target + 6 * stride)
      }
    }
  }

  private func twos(_ from: UnsafePointer<Int32>, _ into: UnsafeMutablePointer<Int32>) {
    for part in 0..<5 {
      for lane in 0..<16 {
        let source = from + 2 * (lane + 16 * part)
        let target = into + 2 * (lane + 32 * part)
        target[0] = source[0] &+ source[160]
        target[1] = source[1] &+ source[161]
        store(
          turned(source[0] &- source[160], source[1] &- source[161], twiddles + 64 * part), target + 32)
      }
    }
  }

  private func fives(_ from: UnsafePointer<Int32>, _ into: UnsafeMutablePointer<Int32>) {
    for lane in 0..<32 {
      let source = from + 2 * lane
      let target = into + 2 * lane
      let real = five(source[0], source[64], source[128], source[192], source[256])
      let imaginary = five(source[1], source[65], source[129], source[193], source[257])
      target[0] = real.sum
      target[1] = imaginary.sum
      target[64] = real.first &+ imaginary.firstCross
      target[65] = imaginary.first &- real.firstCross
      target[128] = real.second &+ imaginary.secondCross
      target[129] = imaginary.second &- real.secondCross
      target[192] = real.second &- imaginary.secondCross
      target[193] = imaginary.second &+ real.secondCross
      target[256] = real.first &- imaginary.firstCross
      target[257] = imaginary.first &+ real.firstCross
    }
  }
}

/// A half spectrum in two arrays of `EchoTransform.paddedBins`.
struct EchoSpectrum {
  let real: UnsafeMutablePointer<Int32>
  let imaginary: UnsafeMutablePointer<Int32>

  static func allocated() -> EchoSpectrum {
    EchoSpectrum(real: zeroed(EchoTransform.paddedBins), imaginary: zeroed(EchoTransform.paddedBins))
  }

  func deallocate() {
    real.deallocate()
    imaginary.deallocate()
  }
}

func zeroed(_ count: Int) -> UnsafeMutablePointer<Int32> {
  let memory = UnsafeMutablePointer<Int32>.allocate(capacity: count)
  memory.initialize(repeating: 0, count: count)
  return memory
}

private let half = 160

@inline(__always)
private func turned(_ real: Int32, _ imaginary: Int32, _ twiddle: UnsafePointer<Int32>) -> (
  real: Int32, imaginary: Int32
) {
  let cosine = Int64(twiddle[0])
  let sine = Int64(twiddle[1])
  let real = Int64(real)
  let imaginary = Int64(imaginary)
  return (
    Int32(truncatingIfNeeded: (real &* cosine &- imaginary &* sine) >> 30),
    Int32(truncatingIfNeeded: (real &* sine &+ imaginary &* cosine) >> 30)
  )
}

@inline(__always)
private func store(_ value: (real: Int32, imaginary: Int32), _ target: UnsafeMutablePointer<Int32>) {
  target[0] = value.real
  target[1] = value.imaginary
}

/// What the real or the imaginary parts of five points give to those of their transform.
@inline(__always)
private func five(_ a: Int32, _ b: Int32, _ c: Int32, _ d: Int32, _ e: Int32) -> (
  sum: Int32, first: Int32, second: Int32, firstCross: Int32, secondCross: Int32
) {
  let outer = Int64(b &+ e)
  let inner = Int64(c &+ d)
  let outerGap = Int64(b &- e)
  let innerGap = Int64(c &- d)
  // cos and sin of a fifth and two fifths of a turn, Q30.
  let (cosineOne, cosineTwo): (Int64, Int64) = (331_804_471, -868_675_383)
  let (sineOne, sineTwo): (Int64, Int64) = (1_021_189_159, 631_129_609)
  return (
    a &+ b &+ c &+ d &+ e,
    a &+ Int32(truncatingIfNeeded: (outer &* cosineOne &+ inner &* cosineTwo) >> 30),
    a &+ Int32(truncatingIfNeeded: (outer &* cosineTwo &+ inner &* cosineOne) >> 30),
    Int32(truncatingIfNeeded: (outerGap &* sineOne &+ innerGap &* sineTwo) >> 30),
    Int32(truncatingIfNeeded: (outerGap &* sineTwo &- innerGap &* sineOne) >> 30)
  )
}
