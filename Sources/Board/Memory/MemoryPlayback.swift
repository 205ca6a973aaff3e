import AudioEngine
import Base

/// A speaker in memory. It starts when two periods are there, and takes as much ahead as `CardQueue` lets a card have.
public final class MemoryPlayback: MemoryStream, AudioPlayback {
  /// Gets everything that is played, in order.
  public var onPlay: ((UnsafeBufferPointer<Int16>) -> Void)?
  /// Samples that were given to it, and of them what it had at its last start.
  private var written = 0
  private(set) var startedAt: Int?
  private var writtenAtStart = 0

  init(_ clock: MemoryClock, bufferSamples: Int) {
    super.init("the speaker in memory", clock, bufferSamples: bufferSamples)
  }

  public var delaySamples: Int? { isOpen ? max(0, waiting) : nil }

  public func writable() throws(BoardFailure) -> Int {
    guard isOpen else { return 0 }
    if try recover(isLate: waiting < 0) { return 0 }
    return trouble == .endless ? bufferSamples : max(0, queueSamples - waiting)
  }

  public func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure) {
    guard isOpen else { return }
    onPlay?(samples)
    written += samples.count
    if startedAt == nil, written - writtenAtStart >= startSamples { startedAt = position }
  }

  override func begin() {
    startedAt = nil
    writtenAtStart = written
  }

  /// What lies ahead of the loudspeaker; negative when it ran dry.
  private var waiting: Int { written - writtenAtStart - (startedAt.map { position - $0 } ?? 0) }

  override var wantedPosition: Int? {
    startedAt.map { $0 + (written - writtenAtStart) - queueSamples + AudioFormat.periodSamples }
  }

  private var startSamples: Int { BoardLimits.playbackStartPeriods * AudioFormat.periodSamples }
  private var queueSamples: Int { min(bufferSamples, startSamples + AudioFormat.periodSamples / 2) }
}
