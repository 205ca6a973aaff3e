/// What one track's packets say by when they come: how late the network may be (`wanted`), and how fast the
/// sender's clock runs (`drift`). Delays are the speaker's time line at the moment of arrival, in ticks of 48 kHz of
/// the sender as the resampler consumes them, less the packet's timestamp: only their differences mean something.
struct ArrivalDelay: ~Copyable {
  private let configuration: DownlinkConfiguration
  private var histogram = ArrivalHistogram()
  private(set) var drift = ClockDrift()
  private var packets = 0
  /// The delay that the time line is to have: what the wanted share of the packets needs, within floor and ceiling.
  private(set) var wanted: UInt32 = 0
  /// From the fastest packet to `wanted`.
  private(set) var spreadTicks = 0
  /// Set while losses are mended from the packet that follows: that one has to be there too.
  var redundancyTicks = 0
  /// Whether packets begin where the engine looks for them (`Downlink.samplesNext`); elsewhere one is needed up to a
  /// period before it is heard.
  var isFollowed = false {
    didSet { if isFollowed != oldValue && !histogram.isEmpty { decide() } }
  }
  /// What is believed of the network while few packets came.
  private var priorTicks = 0

  /// The line when the last packet came, and the longest delay that is believed there.
  private var lineBefore: UInt32 = 0
  private var latest: UInt32 = 0

  // The block of packets that is being looked at.
  private var blockPackets = 0
  private var blockBegin: UInt32 = 0
  private var blockLeast: UInt32 = 0
  private var blockMost: UInt32 = 0
  private var fastestBefore: UInt32 = 0
  /// What lags are counted from: the delay itself wraps, after half a day and in no particular place.
  private var lagOrigin: UInt32 = 0

  /// 100 packets of ordinary speech are 2 s.
  private static let blockLength = 100
  /// These are waited for where they hardly take longer than the wanted share.
  private static let nearlyAllPermille = 998
  /// By so much the line may be off while the sender's clock is followed: 1 ms.
  private static let clockTicks = 48
  /// So far before it is heard a packet is needed at most where the looks follow it.
  private static let followedTicks = Playout.aheadMax * AudioFormat.rtpTicksPerSample
  /// The histogram is believed when it holds half a second of speech: until then its share of packets is all of them.
  private static let packetsToTrust = 25
  /// What a spread gets on top, as a share of it and at most: where packets vary more they are known less well.
  private static let doubtShare = 16
  private static let doubtTicksMax = 60

  init(_ configuration: DownlinkConfiguration) {
    self.configuration = configuration
    restartStream()
  }

  /// Another sender.
  mutating func restart() {
    restartStream()
    drift = ClockDrift()
  }

  /// The same sender, another stream: its clock stays.
  mutating func restartStream() {
    restartLine()
    spreadTicks = Self.ticks(configuration.playoutDelayMilliseconds)
    priorTicks = spreadTicks
  }

  /// The sender slept, and its delays begin anew: its clock and its network stay.
  mutating func restartLine() {
    histogram.clear()
    packets = 0
    priorTicks = spreadTicks
    blockPackets = 0
    redundancyTicks = 0
    drift.forgetLag()
  }

  /// The engine looks for the same packets so much later (or, negative, earlier): it finds them with this less delay.
  mutating func looksMoved(byTicks later: Int) {
    let ticks = UInt32(truncatingIfNeeded: later)
    histogram.move(by: 0 &- ticks)
    wanted &-= ticks
    latest &-= ticks
    blockLeast &-= ticks
    blockMost &-= ticks
    fastestBefore &-= ticks
    lagOrigin &-= ticks
  }

  /// How far a packet with this delay is from what was seen until now, in ticks; 0 for a first one.
  func surprise(_ delay: UInt32) -> Int {
    histogram.isEmpty ? 0 : distance(delay, from: histogram.fastest)
  }

  /// A packet with `delay` was found at `now` on the line.
  mutating func note(delay: UInt32, now: UInt32) {
    if histogram.isEmpty { lagOrigin = delay }
    if now != lineBefore {
      lineBefore = now
      latest = wanted &+ UInt32(Self.stepTicks)
    }
    // One interruption delivers many late packets together: they say no more than that the delay was too short.
    let isOutlier = packets > 0 && distance(delay, from: latest) > 0
    histogram.note(delay: isOutlier ? latest : delay)
    packets = min(packets + 1, 1_000_000)
    noteInBlock(delay, now)
    // Every packet while there are few, then one in four: the scan costs more than the packet's own part.
    if packets < Self.packetsToTrust || packets & 3 == 0 { decide() }
  }

  private mutating func decide() {
    let fastest = histogram.fastest
    let late = histogram.quantile(
      permille: configuration.quantilePercent * 10, orNearly: Self.nearlyAllPermille)
    // Nobody looks for a packet more often than once a period, and what it is needed for begins anywhere in one,
    // unless the looks follow it.
    let look = isFollowed ? Self.followedTicks : Self.ticks(AudioFormat.periodMilliseconds)
    let seen = distance(late, from: fastest)
    var spread = seen + min(seen / Self.doubtShare, Self.doubtTicksMax) + look + Self.clockTicks
    if packets < Self.packetsToTrust {
      spread = max(spread, priorTicks * (Self.packetsToTrust - packets) / Self.packetsToTrust)
    } else {
      spread += redundancyTicks
    }
    spread = max(spread, Self.ticks(configuration.playoutDelayMillisecondsMin))
    spreadTicks = min(spread, Self.ticks(configuration.playoutDelayMillisecondsMax))
    wanted = fastest &+ UInt32(truncatingIfNeeded: spreadTicks)
  }

  // MARK: The clock

  private mutating func noteInBlock(_ delay: UInt32, _ now: UInt32) {
    if blockPackets == 0 {
      blockBegin = now
      blockLeast = delay
      blockMost = delay
      fastestBefore = histogram.fastest
    }
    blockPackets += 1
    if distance(delay, from: blockLeast) < 0 { blockLeast = delay }
    if distance(delay, from: blockMost) > 0 { blockMost = delay }
    let time = distance(now, from: blockBegin) / 48
    guard blockPackets >= Self.blockLength, time >= 1_000 else { return }
    blockPackets = 0
    let lag = Int32(truncatingIfNeeded: distance(blockLeast, from: lagOrigin) / 3)
    // The whole block above what nearly all were below, or below what all were above: the line has moved.
    let step = distance(blockLeast, from: fastestBefore)
    let moved =
      distance(blockLeast, from: wanted) > Self.slack || distance(fastestBefore, from: blockMost) > Self.slack
    if moved {
      // The old delays say nothing any more; what they were spread over stays until the new ones are trusted.
      histogram.clear()
      histogram.note(delay: blockLeast)
      packets = 1
      priorTicks = spreadTicks
      decide()
      drift.step(bySamples: Int32(truncatingIfNeeded: step / 3))
    } else {
      drift.note(
        lagSamples: lag, milliseconds: Int32(truncatingIfNeeded: time), noiseSamples: Self.noiseSamples)
    }
  }

  /// The fastest of 100 packets is this much off at 50 ms of jitter, now and then: 1 ms.
  private static let noiseSamples: Int32 = 16
  private static let slack = 480
  /// How far beyond the wanted delay a packet may be and still be taken at its word: 40 ms.
  private static let stepTicks = 1920

  private static func ticks(_ milliseconds: Int) -> Int { milliseconds * 48 }
}
