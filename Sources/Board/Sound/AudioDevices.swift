import Base

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

/// What a device agreed to when it was opened.
public struct AudioParameters: Equatable, Sendable {
  /// The card's own; where it is not the engine's, the driver converts.
  public var rateHertz: Int
  /// All of it in one line, for a log.
  public var line: String

  public init(rateHertz: Int, line: String) {
    self.rateHertz = rateHertz
    self.line = line
  }
}

/// What microphone and speaker have in common: signed 16-bit mono at 16 kHz in periods of 10 ms (`AudioFormat`). One
/// thread at a time uses a device, and nothing of a device waits: that is what `AudioWait` is for.
///
/// A driver recovers from a dropout by itself and counts it; when it throws, the device is lost and the caller closes
/// it and opens it again later.
public protocol AudioDevice: AnyObject {
  /// As configured; what a message names.
  var name: String { get }
  /// Opens and starts. May block for a while and allocate, so it is not for the audio thread.
  func open() throws(BoardFailure) -> AudioParameters
  /// Also when it is not open, and as slow.
  func close()
  /// Since the last `AudioWait.wait`: whether samples can be moved, or moving them would tell what is wrong.
  var isReady: Bool { get }
  /// In samples at 16 kHz: how long ago the sample was captured that comes next, or how long from now the one will be
  /// heard that was written last; nil if unknown.
  var delaySamples: Int? { get }
  /// Times the card had to drop samples because nobody read them, or had nothing to play, since the program started.
  var dropouts: Int { get }
}

/// A microphone.
public protocol AudioCapture: AudioDevice {
  /// Fills `samples` without waiting. 0 when less than that is there yet, otherwise `samples.count`.
  func read(into samples: UnsafeMutableBufferPointer<Int16>) throws(BoardFailure) -> Int
  /// How long it can be left alone without a loss, with as much again in reserve.
  var restMilliseconds: Int { get }
}

/// A speaker.
public protocol AudioPlayback: AudioDevice {
  /// When the card wants more, if the time says so; nil: it says so itself (`isReady`).
  var dueAt: Instant? { get }
  /// What is still to be heard when it wants more: so much earlier than they are heard samples are asked for.
  var reserveSamples: Int { get }
  /// Samples that the card takes now without waiting; less than a period while it wants none.
  func writable() throws(BoardFailure) -> Int
  /// Gives `samples`, at most a period of them, to the card; the caller asked `writable` first.
  func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure)
  /// Stands still, and forgets what was not heard yet, until somebody asks again what is `writable`.
  func rest()
  /// False if it is known to be gone; who rests learns of it in no other way.
  var isThere: Bool { get }
}

/// How the thread of a board's sound waits, and what time it is there.
public protocol AudioWait: AnyObject {
  /// The monotonic clock, for any thread.
  var now: Instant { get }
  /// Returns when one of the devices that are asked for is ready, at `deadline` at the latest, and at once after
  /// `stop`: then it is true. The other device may be another thread's.
  func wait(until deadline: Instant, capture: Bool, playback: Bool) -> Bool
  /// Returns at that time, whatever the devices do.
  func rest(until deadline: Instant)
  /// From any thread: whoever waits, or will, returns at once.
  func wake()
  /// From any thread: whoever waits, or will, shall end.
  func stop()
}

/// The sound of a board: its microphone, its speaker, and how to wait for both.
public protocol AudioBoard {
  associatedtype Capture: AudioCapture
  associatedtype Playback: AudioPlayback
  associatedtype Wait: AudioWait

  var capture: Capture { get }
  var playback: Playback { get }
  var wait: Wait { get }
}
