/// Takes the speaker's echo out of the microphone: a filter that learns the path, what watches over it, and a suppressor
/// of what it leaves. All in a spectrum that was made flatter, and all memory is taken at start.
struct EchoPath: ~Copyable {
  private var filter = EchoFilter()
  private var suppressor = EchoSuppressor()
  private let far = zeroed(EchoTransform.blockSamples)
  private let near = zeroed(AudioFormat.periodSamples)
  private let echo = zeroed(AudioFormat.periodSamples)
  private let rest = zeroed(AudioFormat.periodSamples)
  private var farEmphasis = Emphasis()
  private var nearEmphasis = Emphasis()
  private var likeness = EchoLikeness()
  private(set) var reduction = EchoReduction()
  private var shareQ15: Int32 = 0

  /// Since the speaker was heard.
  private var quietPeriods = Self.tailPeriods
  /// In which a room still sounds.
  private static let tailPeriods = 40

  init() {}

  /// There may be an echo in what comes out.
  var hasEcho: Bool { quietPeriods < Self.tailPeriods }

  deinit {
    far.deallocate()
    near.deallocate()
    echo.deallocate()
    rest.deallocate()
  }

  mutating func reset() {
    filter.reset()
    suppressor.reset()
    likeness = EchoLikeness()
    reduction = EchoReduction()
    far.update(repeating: 0, count: EchoTransform.blockSamples)
    shareQ15 = 0
  }

  /// One period in place; it comes out 10 ms later.
  mutating func process(_ microphone: UnsafeMutablePointer<Int16>, _ reference: UnsafePointer<Int16>) {
    let period = AudioFormat.periodSamples
    var played: Int64 = 0
    far.update(from: far + period, count: period)
    for index in 0..<period {
      let sample = farEmphasis.add(Int32(reference[index]))
      far[period + index] = sample << 4
      played &+= Int64(sample) &* Int64(sample)
      near[index] = nearEmphasis.add(Int32(microphone[index]))
    }
    filter.predict(far, echo)
    likeness.take(near, echo, filter.expected)
    if played > audibleEnergy {
      suppressor.farWasHeard()
      quietPeriods = 0
    } else {
      quietPeriods = min(quietPeriods + 1, Self.tailPeriods)
    }
    if likeness.isLost {
      filter.pathChanged(keptQ15: max(0, likeness.valueQ15))
      suppressor.pathChanged()
      likeness.restart()
    }
    if suppressor.isYoung && likeness.isLouderThanExpected {
      filter.expectMore()
      likeness.restartLevel()
    }
    for index in 0..<period { rest[index] = near[index] &- echo[index] }
    filter.adapt(rest)
    subtract()
    suppressor.apply(rest, filter, trustQ15: likeness.trustQ15)
    if quietPeriods == 0 { reduction.note(near, echo, rest) }
    for index in 0..<period {
      microphone[index] = Int16(clamping: nearEmphasis.remove(rest[index]))
    }
  }

  /// Only as much of the predicted echo is taken away as is there, so a filter that is wrong makes nothing louder.
  private mutating func subtract() {
    // Q22, so that a step of the 160 is whole.
    var share = shareQ15 << 7
    let step = ((likeness.shareQ15 &- shareQ15) << 7) / Int32(AudioFormat.periodSamples)
    shareQ15 = likeness.shareQ15
    for index in 0..<AudioFormat.periodSamples {
      share = share &+ step
      rest[index] = near[index] &- Int32(truncatingIfNeeded: (Int64(echo[index]) &* Int64(share)) >> 22)
    }
  }
}

/// Speech has less treble than bass, and a filter learns faster what is equally loud everywhere.
struct Emphasis {
  private var last: Int32 = 0
  private var sumQ4: Int32 = 0

  mutating func add(_ sample: Int32) -> Int32 {
    let emphasised = sample &- (last &* 29_491 &+ 16_384) >> 15
    last = sample
    return emphasised
  }

  mutating func remove(_ sample: Int32) -> Int32 {
    sumQ4 = max(
      -(1 << 20),
      min(1 << 20, sample << 4 &+ Int32(truncatingIfNeeded: (Int64(sumQ4) &* 29_491 &+ 16_384) >> 15)))
    return (sumQ4 &+ 8) >> 4
  }
}
