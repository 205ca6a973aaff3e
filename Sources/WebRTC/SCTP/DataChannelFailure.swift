import Base

/// Why a message was not sent on a data channel. Nothing of it was.
public enum DataChannelFailure: Error, Equatable, Sendable {
  /// Not open yet, closed, or never there.
  case notOpen
  /// In bytes; the limit is the peer's or ours, whichever is lower.
  case tooLarge(bytes: Int, max: Int)
  /// So many bytes wait already; `dataChannelWritable` follows.
  case full(bufferedBytes: Int)

  public var description: String {
    switch self {
    case .notOpen: "the data channel is not open"
    case .tooLarge(let bytes, let max): "a message of \(bytes) bytes, where the peer takes \(max)"
    case .full(let bytes): "the data channel is full (\(bytes) bytes wait)"
    }
  }
}
