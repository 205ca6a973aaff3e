import Synchronization

/// What the uplink did since start. Counters wrap with the word.
public struct UplinkStatistics: Equatable, Sendable {
  /// Frames handed to the ring.
  public var frames = 0
  /// Frames lost because nobody popped.
  public var ringFull = 0
  /// Frames that libopus refused.
  public var refused = 0
  /// Level of the last frame in dBov: 0 (full scale) ... -127 (silence); nil while the microphone is closed, and
  /// before the first frame.
  public var levelDecibels: Int?
  /// How fast the microphone's clock runs against the monotonic one, in parts per million; 0 until it is learned.
  public var driftPartsPerMillion = 0

  public init() {}
}

/// What the downlink did since start, all tracks together. Counters wrap with the word.
public struct DownlinkStatistics: Equatable, Sendable {
  /// RTP packets taken from the ring for an open track.
  public var packets = 0
  /// Packets that were not there when their time came.
  public var lost = 0
  /// Packets that came after their time, and those that came twice.
  public var late = 0
  public var duplicates = 0
  /// Packets that are no Opus, are empty or too long.
  public var undecodable = 0
  /// Packets thrown away to get back to the wanted delay, or because their stream restarted.
  public var discarded = 0
  /// Packets lost because the audio thread did not drain the ring.
  public var ringFull = 0
  /// Losses mended from the redundancy in the next packet.
  public var recovered = 0
  /// Sound invented for lost or late packets, and of it what the next packet's redundancy gave.
  public var concealedMilliseconds = 0
  /// Times a track ran dry and its packets came after all.
  public var underruns = 0
  /// Sound shortened and lengthened at its pitch, to move the delay.
  public var trimmedMilliseconds = 0
  public var stretchedMilliseconds = 0
  /// From arrival to the card, for the open track that waits longest.
  public var delayMilliseconds = 0
  /// From arrival to the card as the network asks for it, the same track's.
  public var targetMilliseconds = 0
  /// How fast its sender's clock runs against the speaker's, in parts per million.
  public var driftPartsPerMillion = 0
  /// Level of the last period played in dBov: 0 (full scale) ... -127 (silence).
  public var levelDecibels = -127

  public init() {}
}

/// A counter that one thread writes and any thread reads.
struct Counter: ~Copyable {
  private let value = Atomic<Int>(0)

  func add(_ amount: Int) {
    value.store(value.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }
  var current: Int { value.load(ordering: .relaxed) }
}

final class UplinkCounters: Sendable {
  let frames = Counter()
  let ringFull = Counter()
  let refused = Counter()
  let driftPartsPerMillion = Atomic<Int>(0)
  private let level = Atomic<Int>(unknownLevel)

  /// In -dBov, of a frame that was heard.
  func note(level: UInt8) { self.level.store(Int(level), ordering: .relaxed) }

  func forgetLevel() { level.store(unknownLevel, ordering: .relaxed) }

  var snapshot: UplinkStatistics {
    var snapshot = UplinkStatistics()
    snapshot.frames = frames.current
    snapshot.ringFull = ringFull.current
    snapshot.refused = refused.current
    let level = level.load(ordering: .relaxed)
    snapshot.levelDecibels = level == unknownLevel ? nil : -level
    snapshot.driftPartsPerMillion = driftPartsPerMillion.load(ordering: .relaxed)
    return snapshot
  }
}

private let unknownLevel = -1

final class DownlinkCounters: Sendable {
  let packets = Counter()
  let lost = Counter()
  let late = Counter()
  let duplicates = Counter()
  let undecodable = Counter()
  let discarded = Counter()
  /// The reactor thread's; every other counter is the audio thread's.
  let ringFull = Counter()
  let recovered = Counter()
  let concealedSamples = Counter()
  let underruns = Counter()
  let trimmedSamples = Counter()
  let stretchedSamples = Counter()
  let delayMilliseconds = Atomic<Int>(0)
  let targetMilliseconds = Atomic<Int>(0)
  let driftPartsPerMillion = Atomic<Int>(0)
  let level = Atomic<Int>(127)

  var snapshot: DownlinkStatistics {
    var snapshot = DownlinkStatistics()
    snapshot.packets = packets.current
    snapshot.lost = lost.current
    snapshot.late = late.current
    snapshot.duplicates = duplicates.current
    snapshot.undecodable = undecodable.current
    snapshot.discarded = discarded.current
    snapshot.ringFull = ringFull.current
    snapshot.recovered = recovered.current
    snapshot.concealedMilliseconds = concealedSamples.current / AudioFormat.samplesPerMillisecond
    snapshot.underruns = underruns.current
    snapshot.trimmedMilliseconds = trimmedSamples.current / AudioFormat.samplesPerMillisecond
    snapshot.stretchedMilliseconds = stretchedSamples.current / AudioFormat.samplesPerMillisecond
    snapshot.delayMilliseconds = delayMilliseconds.load(ordering: .relaxed)
    snapshot.targetMilliseconds = targetMilliseconds.load(ordering: .relaxed)
    snapshot.driftPartsPerMillion = driftPartsPerMillion.load(ordering: .relaxed)
    snapshot.levelDecibels = -level.load(ordering: .relaxed)
    return snapshot
  }
}
