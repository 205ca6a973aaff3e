import Base

/// A board in memory: a microphone that hears what a function says, a speaker that somebody listens to, and a time
/// that passes only while somebody waits for them. What takes hours on a card takes an instant here and is the same
/// every time.
///
/// ```swift
/// let board = MemoryBoard()
/// board.capture.hears = { sample in sine(440, at: sample) }
/// board.wait.end = board.wait.now.advanced(byMilliseconds: 3_000)
/// board.wait.onPass = { now in ... }                   // pulls a plug, pushes a packet
/// ```
public struct MemoryBoard: AudioBoard {
  public let capture: MemoryCapture
  public let playback: MemoryPlayback
  public let wait: MemoryWait

  public init(bufferSamples: Int = 640) {
    let clock = MemoryClock()
    capture = MemoryCapture(clock, bufferSamples: bufferSamples)
    playback = MemoryPlayback(clock, bufferSamples: bufferSamples)
    wait = MemoryWait(clock, capture, playback)
  }
}

/// The time of a board in memory.
public final class MemoryClock {
  public internal(set) var now = Instant(microseconds: 1_000_000)
}
