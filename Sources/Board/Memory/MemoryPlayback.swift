import AudioEngine
import Base

/// A speaker in memory. It starts when two periods are there, and is filled as `CardQueue` says.
public final class MemoryPlayback: MemoryStream, AudioPlayback {
  /// Gets everything that is played, in order.
  public var onPlay: ((UnsafeBufferPointer<Int16>) -> Void)?
  /// Samples that were given to it, and of them what it had at its last start.
  private var written = 0
  private(set) var startedAt: Int?
  private var writtenAtStart = 0
  private var queue: CardQueue
  private var openings = 0
  /// Whether it says where it stands whenever it is asked, or only when a period was played.
  public var isCoarse = false

  init(_ clock: MemoryClock, bufferSamples: Int) {
    queue = CardQueue(Self.parameters(bufferSamples))
    super.init("the speaker in memory", clock, bufferSamples: bufferSamples)
  }

  private static func parameters(_ bufferSamples: Int) -> AlsaParameters {
    AlsaParameters(
      channels: 1, rate: AudioFormat.sampleRate, cardPeriodFrames: AudioFormat.periodSamples,
      bufferFrames: bufferSamples, line: "")
  }

  public private(set) var isResting = false

  public func rest() { isResting = true }

  public var isThere: Bool { isOpen && trouble != .missing }

  public var dueAt: Instant? { isOpen && trouble != .endless ? queue.dueAt : nil }

  public var reserveSamples: Int { queue.reserve }

  public var delaySamples: Int? { isOpen ? max(0, waiting) : nil }

  public func writable() throws(BoardFailure) -> Int {
    guard isOpen else { return 0 }
    if isResting {
      isResting = false
      begin()
      queue.stoodStill()
    }
    if try recover(isLate: waiting < 0) {
      _ = queue.ranDry(clock.now)
      return 0
    }
    return trouble == .endless ? bufferSamples : queue.room(available: bufferSamples - told, clock.now)
  }

  public func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure) {
    guard isOpen else { return }
    onPlay?(samples)
    written += samples.count
    if startedAt == nil, written - writtenAtStart >= startSamples { startedAt = position }
    _ = queue.wrote(samples.count, level: told, clock.now)
  }

  override func begin() {
    if opens != openings {
      openings = opens
      queue = CardQueue(Self.parameters(bufferSamples))
    }
    isResting = false
    startedAt = nil
    writtenAtStart = written
  }

  /// What lies ahead of the loudspeaker; negative when it ran dry.
  private var waiting: Int { written - writtenAtStart - (startedAt.map { position - $0 } ?? 0) }

  /// The same, as it tells.
  private var told: Int {
    guard isCoarse, let startedAt else { return max(0, waiting) }
    let played = (position - startedAt) / AudioFormat.periodSamples * AudioFormat.periodSamples
    return max(0, written - writtenAtStart - played)
  }

  /// Its own wake-ups come when it has played a period.
  override var wantedPosition: Int? {
    guard let startedAt else { return nil }
    let down = written - writtenAtStart - queue.reserve - AudioFormat.periodSamples / 2
    let periods = (max(0, down) + AudioFormat.periodSamples - 1) / AudioFormat.periodSamples
    return startedAt + periods * AudioFormat.periodSamples
  }

  private var startSamples: Int { BoardLimits.playbackStartPeriods * AudioFormat.periodSamples }
}
