import Base

/// Why a request was not done. Each goes back to the client as a JSON-RPC 2.0 §5.1 error.
public enum ControlFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line is no JSON.
  case notJSON(String)
  /// JSON, but no request.
  case invalidRequest(String)
  case unknownMethod(String, nearest: String?)
  /// The message names the parameter.
  case invalidParameters(String)
  /// The client may not do this. The message says who may.
  case notAllowed(String)
  /// It was tried and did not work. `code` names the kind for programs, such as `token.expired`.
  case failed(code: String, message: String)

  /// The JSON-RPC error code. Those from -32000 downwards are this protocol's own.
  public var code: Int {
    switch self {
    case .notJSON: -32700
    case .invalidRequest: -32600
    case .unknownMethod: -32601
    case .invalidParameters: -32602
    case .failed: Self.failedCode
    case .notAllowed: Self.notAllowedCode
    }
  }

  public static let failedCode = -32000
  public static let notAllowedCode = -32001

  public var description: String {
    switch self {
    case .notJSON(let message): "not JSON: \(message)"
    case .invalidRequest(let message): "not a request: \(message)"
    case .unknownMethod(let name, let nearest):
      "no method '\(name)'" + (nearest.map { ", did you mean '\($0)'?" } ?? "")
    case .invalidParameters(let message), .notAllowed(let message), .failed(_, let message): message
    }
  }
}
