import Control
import LiveKit

/// Why the token file gave no token.
public enum TokenFileFailure: Error, Equatable, Sendable {
  /// The system's words: not there, not permitted.
  case unreadable(path: String, String)
  /// Others on the machine could read the secret; `mode` is octal, such as `644`.
  case tooOpen(path: String, mode: String)
  case empty(path: String)
  case tooLong(path: String, bytesMax: Int)
}

extension RoomFailure {
  init(_ failure: Failure, retryInMilliseconds: Int? = nil) {
    self.init(
      code: failure.code, message: failure.description, retriable: retryInMilliseconds != nil,
      retryInMilliseconds: retryInMilliseconds)
  }

  init(_ failure: TokenFileFailure) {
    switch failure {
    case .unreadable(let path, let words):
      self.init(code: "token-unreadable", "the token file \(path) cannot be read: \(words)")
    case .tooOpen(let path, let mode):
      self.init(
        code: "token-too-open",
        "the token file \(path) has mode \(mode), so others could read the token: chmod 600 \(path)")
    case .empty(let path): self.init(code: "token-empty", "the token file \(path) is empty")
    case .tooLong(let path, let bytesMax):
      self.init(
        code: "token-too-long",
        "the token file \(path) is longer than \(bytesMax) bytes, so what it holds is no token")
    }
  }

  static let noURL = RoomFailure(
    code: "no-url", "no room server is configured: set [token] url, or give lintelctl join --url")
  static let noToken = RoomFailure(
    code: "no-token", "no token is configured: set [token] file, or give lintelctl join --token-file")

  /// One that retrying does not mend.
  private init(code: String, _ message: String) { self.init(code: code, message: message, retriable: false) }
}
