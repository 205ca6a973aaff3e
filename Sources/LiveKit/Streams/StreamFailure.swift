import Base

/// Why a stream did not come to its end; `description` is one sentence that a technician can act on.
public enum StreamFailure: Error, Equatable, Sendable {
  /// The sender said that it was through, and was not.
  case incomplete(bytes: Int, of: Int)
  /// More than was announced.
  case overrun(bytesMax: Int)
  /// A chunk is missing.
  case gap
  /// The sender gave up; the words are its own.
  case aborted(String)
  case senderLeft
  /// Nothing came for too long.
  case timedOut
  /// A text that is collected as a whole grew over its limit, or that of all of them.
  case tooLarge(bytesMax: Int)
  /// The session ended, or data may not be sent any more.
  case disconnected
}

extension StreamFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .incomplete(let bytes, let total): "the stream ended after \(bytes) of \(total) bytes"
    case .overrun(let bytesMax): "the stream is longer than the \(bytesMax) bytes it announced"
    case .gap: "a part of the stream is missing"
    case .aborted(let words): "the sender gave up: \(words)"
    case .senderLeft: "the sender left"
    case .timedOut: "the stream did not go on"
    case .tooLarge(let bytesMax): "the text does not fit the \(bytesMax) bytes that are kept for texts"
    case .disconnected: "the connection was lost"
    }
  }
}

/// Counters of streams since the room object was made.
public struct StreamStatistics: Equatable, Sendable {
  public var received = 0
  public var sent = 0
  /// Of those received, with whatever failure.
  public var failed = 0
  /// Headers over a limit, dropped.
  public var refused = 0
  /// Compressed ones, which nobody may send us: we do not say that we can read them.
  public var compressed = 0
  /// Headers whose id is already open; the open stream goes on.
  public var repeatedIDs = 0
  /// Chunks and trailers of streams that are not known (any more), or of somebody else than the header.
  public var stray = 0
  /// Segments of legacy packets that say nothing new, most of them because a stream says the same.
  public var duplicateTranscriptions = 0
  /// Segments that were not told, as their sender's budget was spent.
  public var suppressedTranscriptions = 0

  public init() {}
}
