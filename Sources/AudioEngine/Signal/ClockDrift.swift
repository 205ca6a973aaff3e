/// How fast another clock runs against ours, from how far it lags behind: a phase-locked loop of the second
/// order, whose answer goes to a `ClockResampler` that closes the loop. The same for the far sender's clock
/// against the speaker's (lag: samples that the speaker took, less the sender's timestamps) and for the
/// microphone's against the speaker's (lag: samples played, less samples captured).
///
/// The lag may be noisy (it is the least of a block, so that what the network adds is mostly gone) and may step by
/// a period: the loop starts fast and ends slow, with a time constant of about a minute.
public struct ClockDrift: Equatable, Sendable {
  /// The rate that the resampler is to run at: the drift, and what brings the phase back.
  public private(set) var ratePartsPerBillion: Int32 = 0
  /// The other clock's speed less ours, as far as it was learned.
  public private(set) var driftPartsPerBillion: Int32 = 0
  /// The lag that is kept; nil before the first block.
  private var anchor: Int32?
  private var elapsedMilliseconds: Int32 = 0

  public init() {}

  /// Starts from a drift that is known: at most 500 parts per million, and clamped to that. What is left to learn is
  /// learned in moderate steps.
  public init(driftPartsPerBillion: Int32) {
    self.driftPartsPerBillion = Self.clamp(Int64(driftPartsPerBillion))
    ratePartsPerBillion = self.driftPartsPerBillion
    elapsedMilliseconds = Self.roughMilliseconds
  }

  /// `lagSamples` was the least lag of the last `milliseconds` (1000...10 000). `noiseSamples` to either side of the
  /// lag that is kept are taken for noise: clocks that agree stay as they are, and nothing has to be resampled.
  public mutating func note(lagSamples: Int32, milliseconds: Int32, noiseSamples: Int32 = 0) {
    // Nothing that clocks do adds up to 100 ms between two blocks: the sender or the network has jumped.
    guard let anchor, (anchor &- lagSamples).magnitude < Self.jumpSamples else {
      anchor = lagSamples
      ratePartsPerBillion = driftPartsPerBillion
      return
    }
    let time = max(1, min(10_000, milliseconds))
    elapsedMilliseconds = min(1_000_000, elapsedMilliseconds &+ time)
    let distance = anchor &- lagSamples
    let error = distance - max(-noiseSamples, min(noiseSamples, distance))
    let gear: Int32 =
      switch elapsedMilliseconds {
      case ..<Self.roughMilliseconds: 10
      case ..<80_000: 4
      case ..<200_000: 2
      default: 1
      }
    // Critically damped: the integral gain per second is a quarter of the proportional gain's square.
    let gain = 1250 &* gear
    let integral = (Int64(error) * Int64(6 * gear * gear) * Int64(time) / 1000)
    driftPartsPerBillion = Self.clamp(Int64(driftPartsPerBillion) + integral)
    ratePartsPerBillion = Self.clamp(Int64(driftPartsPerBillion) + Int64(error) * Int64(gain))
  }

  /// The lag stepped (another route, a sender that slept): no fault of the clocks.
  public mutating func step(bySamples step: Int32) {
    if let anchor { self.anchor = anchor &+ step }
  }

  /// The stream restarts and its lag is no longer comparable; the clocks are the same.
  public mutating func forgetLag() {
    anchor = nil
    ratePartsPerBillion = driftPartsPerBillion
  }

  private static let jumpSamples: UInt32 = 1_600
  private static let roughMilliseconds: Int32 = 40_000

  private static func clamp(_ rate: Int64) -> Int32 {
    Int32(truncatingIfNeeded: max(-500_000, min(500_000, rate)))
  }
}
