/// Turns down what a canceller leaves of an echo, by how much it took away: where it removed almost everything
/// nobody spoke here, and the rest is echo too; where most is left somebody did, and nothing is touched.
struct ResidualGate {
  private var before: UInt32 = 0
  private var after: UInt32 = 0
  private var factorQ15: Int32 = 32_768

  /// `microphone` and `residue` are the mean squares of the period before and after cancelling; the rest of the
  /// residue is in `samples`.
  mutating func apply(
    microphone: UInt32, residue: UInt32, _ samples: UnsafeMutablePointer<Int16>, _ count: Int
  ) {
    before = before - before / 4 + microphone / 4
    after = after - after / 4 + residue / 4
    let target = target()
    let step = (target - factorQ15) / (target > factorQ15 ? 2 : 4)
    for index in 0..<count {
      let factor = factorQ15 + step * Int32(truncatingIfNeeded: index) / Int32(truncatingIfNeeded: count)
      samples[index] = Int16(truncatingIfNeeded: (Int32(samples[index]) * factor) >> 15)
    }
    factorQ15 += step
  }

  /// From -18 dB where 12 dB or more went, to nothing where 6 dB or less did.
  private func target() -> Int32 {
    let low = before / 16
    let high = before / 4
    if after >= high || before < quietMeanSquare { return 32_768 }
    if after <= low { return 4_096 }
    let share = UInt64(after - low) * 28_672 / UInt64(high - low)
    return 4_096 + Int32(share)
  }
}

/// -70 dBov: nothing worth turning down.
private let quietMeanSquare: UInt32 = 107
