/// Closes the microphone while the speaker plays, for boards that cannot cancel its echo.
struct HalfDuplexGate {
  private var periodsLeft = 0
  private var isClosed = false

  /// What was just given to the speaker; it is heard only after what the card holds, so the gate closes in time.
  mutating func played(_ samples: UnsafeBufferPointer<Int16>) {
    if Level.meanSquare(samples) > audibleMeanSquare { periodsLeft = hangOverPeriods }
  }

  /// One period of the microphone, in place; opening and closing take the whole period.
  mutating func apply(_ samples: UnsafeMutablePointer<Int16>, _ count: Int) {
    let closes = periodsLeft > 0
    periodsLeft = max(0, periodsLeft - 1)
    defer { isClosed = closes }
    guard closes || isClosed else { return }
    for index in 0..<count {
      let rising = closes ? 0 : index
      let factor = closes && !isClosed ? count - index : rising
      samples[index] = Int16(truncatingIfNeeded: Int(samples[index]) * factor / count)
    }
  }
}

/// -50 dBov.
private let audibleMeanSquare: UInt32 = 10_737
/// What the card still plays (40 ms), the pause between two words, and the room's echo: 300 ms.
private let hangOverPeriods = 30
