import Base
import Configuration
import Control
import LiveKit

extension RoomFailure {
  init(_ failure: Failure, retryInMilliseconds: Int? = nil) {
    self.init(
      code: failure.code, message: failure.description, retriable: retryInMilliseconds != nil,
      retryInMilliseconds: retryInMilliseconds)
  }

  /// nil: it is not.
  func retried(inMilliseconds milliseconds: Int?) -> RoomFailure {
    RoomFailure(
      code: code, message: message, retriable: milliseconds != nil, retryInMilliseconds: milliseconds)
  }

  init(_ warning: TokenWarning) { self.init(code: warning.code, warning.words) }

  init(_ failure: TokenFileFailure) {
    let code =
      switch failure {
      case .unreadable: "token-unreadable"
      case .tooOpen: "token-too-open"
      case .empty: "token-empty"
      case .tooLong: "token-too-long"
      case .notOne: "token-not-one"
      }
    self.init(code: code, failure.words)
  }

  static let noURL = RoomFailure(
    code: "no-url", "no room server is configured: set [token] url, or give lintelctl join --url")
  static let noToken = RoomFailure(
    code: "no-token",
    "no token is configured: set [token] file or the credential token, or give lintelctl join --token-file"
  )
  static let noSecret = RoomFailure(
    code: "token-no-secret",
    "nothing to sign a token with: set [token] api-secret-file or the credential api-secret")

  static let noAgent = RoomFailure(code: "no-agent", "no agent came")

  static func endpointWithoutURL(_ endpoint: String) -> RoomFailure {
    RoomFailure(
      code: "token-endpoint-answer",
      "no token from \(endpoint): its answer is of no use: it has no server_url, and [token] url is not set")
  }

  static func closed(_ reason: String?) -> RoomFailure {
    RoomFailure(code: "room-closed", reason ?? "the room was left")
  }

  /// One that retrying does not mend.
  private init(code: String, _ message: String) { self.init(code: code, message: message, retriable: false) }
}
