/// What the speaker was given, kept long enough to meet its echo: a ring of the last second, and the rule that
/// finds in it what could be heard while a period of the microphone was captured.
///
/// Both directions are counted in samples at 16 kHz. A sample that the card says will be heard in `d` samples and
/// one that was captured that long ago belong together; the answer is ahead of that by `leadSamples`, because the
/// canceller can find an echo that comes later than it was told to expect, and none that comes earlier.
struct EchoReference: ~Copyable {
  private let ring: UnsafeMutablePointer<Int16>
  private var played: UInt32 = 0
  private var captured: UInt32 = 0
  /// Position of the speaker minus that of the microphone, for what is fed together; nil before the first.
  private var alignment: Int32?
  private var lead: Int32 = 0
  private var smoothErrorQ6: Int32 = 0
  /// Periods in a row that were far off on one side, and by how much altogether.
  private var farOff: (periods: Int32, sum: Int32) = (0, 0)

  init() {
    ring = .allocate(capacity: ringSamples)
    ring.initialize(repeating: 0, count: ringSamples)
  }

  deinit { ring.deallocate() }

  /// Adds what was just given to the speaker.
  mutating func append(_ samples: UnsafeBufferPointer<Int16>) {
    for sample in samples {
      ring[Int(played & ringMask)] = sample
      played &+= 1
    }
  }

  /// Samples of the microphone went by without coming here.
  mutating func skip(_ count: Int) { captured &+= UInt32(truncatingIfNeeded: count) }

  /// There is no reference for now; the next one is aligned anew.
  mutating func forget() { alignment = nil }

  /// For the next period of the microphone: writes what belongs to it into `reference`. `delay` is the time of both
  /// cards together. What the speaker was not given yet is silence. True if the alignment is the first one.
  mutating func take(_ reference: UnsafeMutablePointer<Int16>, delay: Int) -> Bool {
    captured &+= UInt32(AudioFormat.periodSamples)
    let jumped = follow(Int32(max(0, min(delay, Int(delayMax)))))
    var end = captured &+ UInt32(bitPattern: alignment ?? 0)
    // The speaker's queue is shorter than it ever was. What was not given to it yet is no reference: the lead shrinks.
    let missing = min(lead, Int32(bitPattern: end &- played))
    if missing > 0, let aligned = alignment {
      lead -= missing
      alignment = aligned &- missing
      end = end &- UInt32(missing)
    }
    for index in 0..<AudioFormat.periodSamples {
      let position = end &- UInt32(AudioFormat.periodSamples - index)
      let age = Int32(bitPattern: played &- position)
      reference[index] = age > 0 && age <= Int32(ringSamples) ? ring[Int(position & ringMask)] : 0
    }
    return jumped
  }

  /// A card's word about its delay jitters by a period; the path that the canceller has learned must not. So small
  /// differences are followed on average and a sample at a time, as two clocks drift. What is larger, and stays on one
  /// side, as after an underrun, is followed at once: a path that moves for seconds can be learned by nobody.
  private mutating func follow(_ delay: Int32) -> Bool {
    let measured = Int32(bitPattern: played &- captured) &- delay
    guard let aligned = alignment else {
      lead = max(0, min(leadSamples, delay - queueSamples))
      alignment = measured &+ lead
      smoothErrorQ6 = 0
      farOff = (0, 0)
      return true
    }
    let error = max(-delayMax, min(delayMax, measured &+ lead &- aligned))
    if abs(error) > farSamples {
      let isSameSide = farOff.periods == 0 || (error > 0) == (farOff.sum > 0)
      farOff = isSameSide ? (farOff.periods + 1, farOff.sum + error) : (1, error)
      guard farOff.periods == farPeriods else { return false }
      alignment = aligned &+ farOff.sum / farPeriods
      smoothErrorQ6 = 0
      farOff = (0, 0)
      // The way from the speaker's cone is the same as before, so what was learned of it holds.
      return false
    }
    farOff = (0, 0)
    smoothErrorQ6 += error - (smoothErrorQ6 >> 6)
    if abs(smoothErrorQ6) > slackSamples << 6 {
      let step: Int32 = smoothErrorQ6 > 0 ? 1 : -1
      alignment = aligned &+ step
      smoothErrorQ6 -= step << 6
    }
    return false
  }
}

private let ringSamples = 16_384
private let ringMask: UInt32 = 16_383
private let delayMax: Int32 = 8_000
/// 40 ms: cards have been seen to be wrong by that much.
private let leadSamples: Int32 = 640
/// So much of a delay may be samples in the cards that are there now and not a moment later: a queue that starts with
/// 20 ms and comes down to 3, and a period of the microphone.
private let queueSamples: Int32 = 480
/// 6 ms, more than half a period, by which a word may be off either way.
private let farSamples: Int32 = 96
/// Before the canceller takes it for another room.
private let farPeriods: Int32 = 6
/// 2 ms of error are not worth moving for.
private let slackSamples: Int32 = 32
