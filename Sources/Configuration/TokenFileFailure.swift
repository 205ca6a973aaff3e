import Base

/// Why a file with a secret (a token, a bearer, a key, the code of the door) gave none.
public enum TokenFileFailure: Error, Equatable, Sendable {
  /// The system's words: not there, not permitted.
  case unreadable(path: String, String)
  /// Others on the machine could read the secret; `mode` is octal, such as `644`.
  case tooOpen(path: String, mode: String)
  case empty(path: String)
  case tooLong(path: String, bytesMax: Int)
  /// Something is there, but not one secret.
  case notOne(path: String, PastedFault)

  public var words: String {
    switch self {
    case .unreadable(let path, let words): "the secret in \(path) cannot be read: \(words)"
    case .tooOpen(let path, let mode):
      "\(path) has mode \(mode), so others could read the secret: chmod 600 \(path)"
    case .empty(let path): "\(path), where a secret should be, is empty"
    case .tooLong(let path, let bytesMax):
      "\(path) is longer than \(bytesMax) bytes, so what it holds is no token"
    case .notOne(let path, let fault): "\(path), where one secret should be, \(fault.words)"
    }
  }
}
