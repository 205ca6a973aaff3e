import Synchronization

/// The 1 kHz in some samples: one bin of a Fourier transform, 16 samples a turn. In sixteenths of a step, as a faint tone
/// is less than a step of the converter.
struct ToneBin {
  var real: Int64 = 0
  var imaginary: Int64 = 0

  init(_ samples: UnsafeBufferPointer<Int16>) {
    guard samples.count > 0 else { return }
    for (index, sample) in samples.enumerated() {
      real += Int64(sample) * Int64(cosine(index))
      imaginary += Int64(sample) * Int64(cosine(index + 12))
    }
    let scale = Int64(samples.count)
    real = (real >> 10) / scale
    imaginary = (imaginary >> 10) / scale
  }

  var meanSquare: UInt64 { UInt64(2 * (real * real + imaginary * imaginary)) >> 8 }
}

/// Q14.
private func cosine(_ sixteenths: Int) -> Int32 {
  let quarter: InlineArray<5, Int32> = [16_384, 15_137, 11_585, 6_270, 0]
  let turn = sixteenths & 15
  switch turn {
  case 0...4: return quarter[turn]
  case 5...8: return -quarter[8 - turn]
  case 9...12: return -quarter[turn - 8]
  default: return quarter[16 - turn]
  }
}

/// Where the tone stands in its turn in three windows of what is heard of it. From one to the next it goes on by as
/// much as the speaker's clock is faster than the microphone's: a period has ten whole turns for equal clocks.
final class TonePhases: Sendable {
  /// Periods since the tone was heard first; the room has answered by then.
  static let first = 20..<35
  static let middle = 45..<60
  static let last = 70..<85

  private struct Sum: ~Copyable {
    let real = Atomic<Int>(0)
    let imaginary = Atomic<Int>(0)

    func add(_ bin: ToneBin) {
      real.store(real.load(ordering: .relaxed) &+ Int(truncatingIfNeeded: bin.real), ordering: .relaxed)
      imaginary.store(
        imaginary.load(ordering: .relaxed) &+ Int(truncatingIfNeeded: bin.imaginary), ordering: .relaxed)
    }

    func reset() {
      real.store(0, ordering: .relaxed)
      imaginary.store(0, ordering: .relaxed)
    }

    var value: (real: Int64, imaginary: Int64) {
      (Int64(real.load(ordering: .relaxed)), Int64(imaginary.load(ordering: .relaxed)))
    }
  }

  private let firstSum = Sum()
  private let middleSum = Sum()
  private let lastSum = Sum()

  func note(_ bin: ToneBin, at period: Int) {
    if Self.first.contains(period) { firstSum.add(bin) }
    if Self.middle.contains(period) { middleSum.add(bin) }
    if Self.last.contains(period) { lastSum.add(bin) }
  }

  func reset() {
    firstSum.reset()
    middleSum.reset()
    lastSum.reset()
  }

  /// nil if the two steps do not agree, as after samples were lost, or if no clock is as wrong as that.
  var partsPerMillion: Int? {
    let (first, middle, last) = (firstSum.value, middleSum.value, lastSum.value)
    guard let before = Self.step(first, middle), let after = Self.step(middle, last) else { return nil }
    guard (before - after).magnitude <= 60 else { return nil }
    return (before + after) / 2
  }

  /// From one window to the next, 250 turns on, as a frequency; within an eighth of a turn, 500 parts per million.
  private static func step(
    _ one: (real: Int64, imaginary: Int64), _ other: (real: Int64, imaginary: Int64)
  ) -> Int? {
    let along = one.real * other.real + one.imaginary * other.imaginary
    // The bin turns against the tone.
    let across = one.imaginary * other.real - one.real * other.imaginary
    guard along > 0, across.magnitude <= along.magnitude else { return nil }
    let tangent = across * 1024 / along
    // atan(t) is t / (1 + 0.28 t^2), to 0.005; a radian in 250 turns is 636.6 parts per million.
    return Int(tangent * 636_620 / 1024 / (1000 + (280 * tangent * tangent) >> 20))
  }
}
