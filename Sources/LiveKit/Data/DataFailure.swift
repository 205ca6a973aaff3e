import Base

/// Why something could not be put on a data channel; `description` is one sentence that a technician can act on.
public enum DataFailure: Error, Equatable, Sendable {
  case notJoined
  /// The token, or an administrator since, does not allow it.
  case notAllowed
  /// Of the whole packet, serialised.
  case tooLarge(bytes: Int, max: Int)
  /// What was accepted before has to leave first. `bufferedBytes` wait.
  case full(bufferedBytes: Int)
  /// The channel is not open; what must not be lost waits for that, up to a time.
  case notOpen
  /// Accepted packets that could not be sent: the channel did not open in time, or the session ended before.
  case givenUp(packets: Int)
  /// No digit that a telephone has.
  case badDigit(String)
  /// Of a receiver, a topic or a method.
  case badName
  case tooManyStreams(max: Int)
  /// It has to be encrypted, and there is no key for that.
  case noKey
  /// It ended, was closed, or never was.
  case unknownStream
}

extension DataFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notJoined: "no room is joined"
    case .notAllowed: "sending data is not allowed: the participant lacks canPublishData"
    case .tooLarge(let bytes, let max): "the packet is too large: \(bytes) bytes, at most \(max) go through"
    case .full(let bytes): "too much waits to be sent already: \(bytes) bytes"
    case .notOpen: "the data channel to the server is not open"
    case .givenUp(let packets):
      "\(packets) packets were given up: the data channel to the server did not open in time, or ended"
    case .badDigit(let digit): "'\(digit)' is no DTMF digit: 0-9, *, # and A-D are"
    case .badName: "a name has a control character, which none has"
    case .tooManyStreams(let max): "\(max) streams are being sent already, which is the most"
    case .noKey: "[e2ee] mode is required, and there is no key for what this device sends"
    case .unknownStream: "the stream has ended"
    }
  }

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .notJoined: "not-joined"
    case .notAllowed: "data-not-allowed"
    case .tooLarge: "data-too-large"
    case .full: "data-full"
    case .notOpen, .givenUp: "data-not-open"
    case .badDigit: "bad-digit"
    case .badName: "bad-name"
    case .tooManyStreams: "too-many-streams"
    case .noKey: "no-key"
    case .unknownStream: "unknown-stream"
    }
  }
}
