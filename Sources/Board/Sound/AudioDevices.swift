import Base
import CLinux

/// Which way the sound goes, seen from the program.
public enum AudioDirection: UInt8, BitwiseCopyable, Sendable {
  case capture
  case playback

  public var word: String {
    switch self {
    case .capture: "capture"
    case .playback: "playback"
    }
  }
}

/// A microphone: signed 16-bit mono at 16 kHz in periods of 10 ms (`AudioFormat`). One thread uses it.
///
/// A driver recovers from an overrun by itself and counts it; when it throws from `read`, the device is lost and
/// the caller closes it and opens it again later.
public protocol AudioCapture: AnyObject {
  /// As configured; what a message names.
  var name: String { get }
  /// Opens and starts. Answers what was negotiated, in one line. May block for some milliseconds and allocate.
  func open() throws(BoardFailure) -> String
  /// Also when it is not open.
  func close()
  /// Fills in what to wait for and answers how many; 0 when closed.
  func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int
  /// After waiting: whether `read` may have something.
  func isReady(_ descriptors: UnsafeMutableBufferPointer<pollfd>) -> Bool
  /// Fills `samples` without waiting. 0 when less than that is there yet, otherwise `samples.count`.
  func read(into samples: UnsafeMutableBufferPointer<Int16>) throws(BoardFailure) -> Int
  /// How long ago the sample was captured that `read` would give next, in samples at 16 kHz; nil if unknown.
  var delaySamples: Int? { get }
  /// Times the card had to drop samples because nobody read them, since the program started.
  var overruns: Int { get }
}

/// A speaker, with the same contract.
public protocol AudioPlayback: AnyObject {
  var name: String { get }
  func open() throws(BoardFailure) -> String
  func close()
  func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int
  func isReady(_ descriptors: UnsafeMutableBufferPointer<pollfd>) -> Bool
  /// Samples that the card takes now without waiting.
  func writable() throws(BoardFailure) -> Int
  /// Gives `samples` to the card; the caller asked `writable` first.
  func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure)
  /// When the sample that was written last will be heard, in samples at 16 kHz from now; nil if unknown.
  var delaySamples: Int? { get }
  /// Times the card had nothing to play, since the program started.
  var underruns: Int { get }
}
