/// The Fourier transform of a block of 320 real samples in whole numbers, and back: 160 complex points, then the split into
/// the two halves of a real spectrum.
///
/// The 160 points are eight transforms of 20 side by side, in the lanes of vectors, and 20 of eight. What is multiplied has
/// 16 bits, of which the loudest point of the block uses all (13 at first), as processors multiply eight of those at once;
/// sums have 32. So errors are about 70 dB below what is in the block.
struct EchoTransform: ~Copyable {
  static let blockSamples = 320
  static let bins = 161
  /// Room for the bins in vectors of eight; what is behind the last bin is 0.
  static let paddedBins = 168
  /// A spectrum and back is multiplied by this.
  static let roundTrip = 320

  /// cos and -sin of n / 320 turns, Q30, in pairs, for the split; and of n k / 160 turns for the lanes n, Q15.
  private let twiddles: UnsafeMutablePointer<Int32>
  private let laneTwiddles: UnsafeMutablePointer<Lanes>
  /// Real and imaginary parts, one after the other.
  private let columns: UnsafeMutablePointer<Wide>
  private let rows: UnsafeMutablePointer<Int32>
  private let points: UnsafeMutablePointer<Int32>

  init() {
    twiddles = zeroed(2 * Self.blockSamples)
    for index in 0..<Self.blockSamples {
      let turns = UInt32(truncatingIfNeeded: (Int64(index) << 32) / Int64(Self.blockSamples))
      twiddles[2 * index] = FixedMath.sineQ30(turns: turns &+ 1 << 30)
      twiddles[2 * index + 1] = -FixedMath.sineQ30(turns: turns)
    }
    laneTwiddles = filled(40, Lanes())
    for row in 0..<20 {
      for lane in 0..<8 {
        let index = 2 * (2 * row * lane % Self.blockSamples)
        laneTwiddles[2 * row][lane] = Int16(clamping: (twiddles[index] + 1 << 14) >> 15)
        laneTwiddles[2 * row + 1][lane] = Int16(clamping: (twiddles[index + 1] + 1 << 14) >> 15)
      }
    }
    columns = filled(40, Wide())
    rows = zeroed(2 * 8 * rowRoom)
    points = zeroed(2 * pointRoom)
  }

  deinit {
    twiddles.deallocate()
    laneTwiddles.deallocate()
    columns.deallocate()
    rows.deallocate()
    points.deallocate()
  }

  func forward(_ samples: UnsafePointer<Int32>, _ spectrum: EchoSpectrum) {
    for index in 0..<half {
      points[index] = samples[2 * index]
      points[pointRoom + index] = samples[2 * index + 1]
    }
    transform()
    let other = points + pointRoom
    points[half] = points[0]
    other[half] = other[0]
    let real = spectrum.real
    let imaginary = spectrum.imaginary
    for bin in 0...half / 2 {
      let mirror = half - bin
      let evenReal = (points[bin] &+ points[mirror]) >> 1
      let evenImaginary = (other[bin] &- other[mirror]) >> 1
      let odd = turned(
        (other[bin] &+ other[mirror]) >> 1, (points[mirror] &- points[bin]) >> 1, twiddles + 2 * bin)
      real[bin] = evenReal &+ odd.real
      imaginary[bin] = evenImaginary &+ odd.imaginary
      real[mirror] = evenReal &- odd.real
      imaginary[mirror] = odd.imaginary &- evenImaginary
    }
  }

  /// `roundTrip` times the samples.
  func inverse(_ spectrum: EchoSpectrum, _ samples: UnsafeMutablePointer<Int32>) {
    let real = spectrum.real
    let imaginary = spectrum.imaginary
    let other = points + pointRoom
    for bin in 0...half / 2 {
      let mirror = half - bin
      let evenReal = real[bin] &+ real[mirror]
      let evenImaginary = imaginary[bin] &- imaginary[mirror]
      // Turned back, which is forward with the signs of the imaginary parts changed.
      let odd = turned(
        real[bin] &- real[mirror], 0 &- (imaginary[bin] &+ imaginary[mirror]), twiddles + 2 * bin)
      // Real and imaginary parts change places, which makes the transform go back.
      other[mirror] = evenReal &- odd.imaginary
      points[mirror] = odd.real &- evenImaginary
      other[bin] = evenReal &+ odd.imaginary
      points[bin] = evenImaginary &+ odd.real
    }
    transform()
    for index in 0..<half {
      samples[2 * index] = other[index]
      samples[2 * index + 1] = points[index]
    }
  }

  /// `points` to `points`.
  private func transform() {
    var peak = SIMD8<UInt32>()
    let vectors = UnsafeMutableRawPointer(points).assumingMemoryBound(to: Wide.self)
    let others = UnsafeMutableRawPointer(points + pointRoom).assumingMemoryBound(to: Wide.self)
    for index in 0..<20 { peak |= magnitudes(vectors[index]) | magnitudes(others[index]) }
    // 12 bits and a sign, which leave room for the sum of eight.
    let first = 20 - bits(peak)
    twenties(vectors, others, first)
    peak = SIMD8<UInt32>()
    for index in 0..<40 { peak |= magnitudes(columns[index]) }
    let second = 17 - bits(peak)
    turnLanes(second)
    let scale = 25 - first - second
    for block in 0..<3 {
      // The last block reaches into the rows that the first one then writes.
      eights(2 - block, scale)
    }
  }

  /// Eight transforms of 20, as four by five, which have no common factor and so need no twiddles.
  private func twenties(_ real: UnsafePointer<Wide>, _ imaginary: UnsafePointer<Wide>, _ shift: Int) {
    var sums = InlineArray<40, Lanes>(repeating: Lanes())
    for five in 0..<5 {
      let places: InlineArray<4, Int> = [
        4 * five, (4 * five + 5) % 20, (4 * five + 10) % 20, (4 * five + 15) % 20,
      ]
      let (a, e) = (short(real[places[0]], shift), short(imaginary[places[0]], shift))
      let (b, f) = (short(real[places[1]], shift), short(imaginary[places[1]], shift))
      let (c, g) = (short(real[places[2]], shift), short(imaginary[places[2]], shift))
      let (d, h) = (short(real[places[3]], shift), short(imaginary[places[3]], shift))
      let (sumReal, sumImaginary, gapReal, gapImaginary) = (a &+ c, e &+ g, a &- c, e &- g)
      let (otherReal, otherImaginary, crossReal, crossImaginary) = (b &+ d, f &+ h, b &- d, f &- h)
      sums[five] = sumReal &+ otherReal
      sums[20 + five] = sumImaginary &+ otherImaginary
      sums[5 + five] = gapReal &+ crossImaginary
      sums[25 + five] = gapImaginary &- crossReal
      sums[10 + five] = sumReal &- otherReal
      sums[30 + five] = sumImaginary &- otherImaginary
      sums[15 + five] = gapReal &- crossImaginary
      sums[35 + five] = gapImaginary &+ crossReal
    }
    for four in 0..<4 {
      let at = 5 * four
      let real = five(sums[at], sums[at + 1], sums[at + 2], sums[at + 3], sums[at + 4])
      let imaginary = five(sums[at + 20], sums[at + 21], sums[at + 22], sums[at + 23], sums[at + 24])
      put(at, real.sum, imaginary.sum)
      put(at + 16, real.first &+ imaginary.firstCross, imaginary.first &- real.firstCross)
      put(at + 32, real.second &+ imaginary.secondCross, imaginary.second &- real.secondCross)
      put(at + 48, real.second &- imaginary.secondCross, imaginary.second &+ real.secondCross)
      put(at + 64, real.first &- imaginary.firstCross, imaginary.first &+ real.firstCross)
    }
  }

  @inline(__always)
  private func put(_ index: Int, _ real: Wide, _ imaginary: Wide) {
    columns[2 * (index % 20)] = real
    columns[2 * (index % 20) + 1] = imaginary
  }

  /// Turns each lane by its twiddle, and writes the columns as rows.
  private func turnLanes(_ shift: Int) {
    for column in 0..<20 {
      let real = Wide(truncatingIfNeeded: short(columns[2 * column], shift))
      let imaginary = Wide(truncatingIfNeeded: short(columns[2 * column + 1], shift))
      let cosine = Wide(truncatingIfNeeded: laneTwiddles[2 * column])
      let sine = Wide(truncatingIfNeeded: laneTwiddles[2 * column + 1])
      let four = Wide(repeating: 4)
      let a = (real &* cosine &- imaginary &* sine) &>> four
      let b = (real &* sine &+ imaginary &* cosine) &>> four
      for lane in 0..<8 {
        rows[lane * rowRoom + column] = a[lane]
        rows[(8 + lane) * rowRoom + column] = b[lane]
      }
    }
  }

  /// Eight transforms of eight, side by side.
  private func eights(_ block: Int, _ scale: Int) {
    let real = UnsafeRawPointer(rows + 8 * block)
    let imaginary = UnsafeRawPointer(rows + 8 * rowRoom + 8 * block)
    @inline(__always)
    func pair(_ row: Int) -> (Wide, Wide) {
      (
        real.load(fromByteOffset: row * rowRoom * 4, as: Wide.self),
        imaginary.load(fromByteOffset: row * rowRoom * 4, as: Wide.self)
      )
    }
    let (a, b, c, d) = (pair(0), pair(1), pair(2), pair(3))
    let (e, f, g, h) = (pair(4), pair(5), pair(6), pair(7))
    let even = fours(sum(a, e), sum(b, f), sum(c, g), sum(d, h))
    let (one, three) = (gap(b, f), gap(d, h))
    let third = gap(c, g)
    let odd = fours(
      gap(a, e), (rootHalf(one.0 &+ one.1), rootHalf(one.1 &- one.0)), (third.1, Wide() &- third.0),
      (rootHalf(three.1 &- three.0), Wide() &- rootHalf(three.0 &+ three.1)))
    save(block, 0, even.0, scale)
    save(block, 1, odd.0, scale)
    save(block, 2, even.1, scale)
    save(block, 3, odd.1, scale)
    save(block, 4, even.2, scale)
    save(block, 5, odd.2, scale)
    save(block, 6, even.3, scale)
    save(block, 7, odd.3, scale)
  }

  @inline(__always)
  private func save(_ block: Int, _ part: Int, _ value: (Wide, Wide), _ scale: Int) {
    let at = 8 * block + 20 * part
    let target = UnsafeMutableRawPointer(points + at)
    let other = UnsafeMutableRawPointer(points + pointRoom + at)
    target.storeBytes(of: shifted(value.0, scale), as: Wide.self)
    other.storeBytes(of: shifted(value.1, scale), as: Wide.self)
  }
}

/// A half spectrum in two arrays of `EchoTransform.paddedBins`.
struct EchoSpectrum {
  let real: UnsafeMutablePointer<Int32>
  let imaginary: UnsafeMutablePointer<Int32>

  /// By bands of eight bins.
  var wideReal: UnsafeMutablePointer<Wide> {
    UnsafeMutableRawPointer(real).assumingMemoryBound(to: Wide.self)
  }
  var wideImaginary: UnsafeMutablePointer<Wide> {
    UnsafeMutableRawPointer(imaginary).assumingMemoryBound(to: Wide.self)
  }

  /// Takes out what is beyond the last whole band.
  func clearLast() {
    real[EchoTransform.bins - 1] = 0
    imaginary[EchoTransform.bins - 1] = 0
  }

  static func allocated() -> EchoSpectrum {
    EchoSpectrum(real: zeroed(EchoTransform.paddedBins), imaginary: zeroed(EchoTransform.paddedBins))
  }

  func deallocate() {
    real.deallocate()
    imaginary.deallocate()
  }
}
