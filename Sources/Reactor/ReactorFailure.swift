import Base
import CUv

/// What can go wrong between this machine and another. Each case carries what a technician needs to act;
/// none ever carries a token: addresses are shown without their query, and bodies have the token cut out.
public enum ReactorFailure: Error, Equatable, Sendable {
  /// The operating system refused; `code` is a negative errno, `action` what was tried, on what.
  case system(action: String, code: Int32)
  /// The URL cannot be dialled; `reason` says which part of it.
  case badAddress(reason: String)
  case nameNotFound(host: String, reason: String)
  /// The name server says that a public name is this machine.
  case loopbackAnswer(host: String)
  case tooManyQueries
  case tooManyRequests
  case connectionRefused(address: String)
  case unreachable(address: String, reason: String)
  /// `waitingFor` names the step that did not end in time.
  case timedOut(waitingFor: String, milliseconds: Int)
  case certificate(CertificateProblem)
  /// TLS failed for another reason than the certificate.
  case tls(host: String, reason: String)
  /// A secret would travel without TLS to a host that is not private.
  case clearText(host: String)
  /// The proxy did not connect us; `reason` follows its name in a sentence.
  case proxy(address: String, reason: String)
  /// Somebody else answered for `host`, without TLS or with another's certificate.
  case intercepted(host: String, reason: String)
  /// The server answered the WebSocket upgrade with an ordinary HTTP response.
  case httpStatus(Int, body: String)
  case notWebSocket(host: String, reason: String)
  case notHTTP(host: String, reason: String)
  case closedDuringHandshake(host: String)
  /// An open connection ended without a close handshake.
  case connectionLost(reason: String)
  case protocolViolation(reason: String)
  case tooLarge(what: String, limitBytes: Int)
  case writeQueueFull(limitBytes: Int)
  /// The token, or what else stands behind `Bearer`, cannot stand in a header.
  case badBearer
  case somebodyListens(path: String)
  case notASocket(path: String)
  case pathTooLong(path: String)
}

public typealias WebSocketFailure = ReactorFailure

extension ReactorFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let action, let code): "\(action): \(systemWords(code))"
    case .badAddress(let reason): "bad URL: \(reason)"
    case .nameNotFound(let host, let reason): "the name \(host) was not found: \(reason)"
    case .loopbackAnswer(let host):
      "the name server says that \(host) is this machine; if it is, set [network] include-loopback = yes"
    case .clearText(let host):
      "a secret would go to \(host) in the clear: use wss:// or https://, or set [network] require-tls = no"
    case .proxy(let address, let reason): "the proxy \(address) \(reason)"
    case .intercepted(let host, let reason):
      "a captive portal, a proxy or another web server answered instead of \(host): \(reason)"
    case .tooManyQueries:
      "more than \(ReactorLimits.resolverQueriesMax) name look-ups are waiting for an answer"
    case .tooManyRequests: "more than \(ReactorLimits.httpRequestsMax) HTTP requests are under way"
    case .connectionRefused(let address): "connection refused by \(address): nothing listens there"
    case .unreachable(let address, let reason): "\(address) cannot be reached: \(reason)"
    case .timedOut(let step, let milliseconds):
      "timed out after \(secondsText(milliseconds)) s, waiting for \(step)"
    case .certificate(let problem): problem.description
    case .tls(let host, let reason): "TLS with \(host) failed: \(reason)"
    case .httpStatus(let status, let body):
      body.isEmpty ? "the server answered HTTP \(status)" : "the server answered HTTP \(status): \(body)"
    case .notWebSocket(let host, let reason): "\(host) is not a WebSocket server: \(reason)"
    case .notHTTP(let host, let reason): "\(host) does not speak HTTP: \(reason)"
    case .closedDuringHandshake(let host): "\(host) closed the connection during the handshake"
    case .connectionLost(let reason): "the connection was lost: \(reason)"
    case .protocolViolation(let reason): "the peer broke the protocol: \(reason)"
    case .tooLarge(let what, let limit): "\(what) is larger than the limit of \(limit) bytes"
    case .writeQueueFull(let limit): "the peer does not read: over \(limit) bytes wait for it"
    case .badBearer:
      "the token or bearer is empty, or holds a blank, a control character or a letter outside ASCII"
    case .somebodyListens(let path): "another process already listens on \(path)"
    case .notASocket(let path): "\(path) exists and is not a socket; it is not touched"
    case .pathTooLong(let path): "the socket path \(path) is longer than 107 bytes"
    }
  }
}

/// The C library's words for a negative errno, or libuv's for its own codes.
func systemWords(_ code: Int32) -> String {
  guard let text = uv_strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Seconds with at most one decimal: 15, 0.5.
private func secondsText(_ milliseconds: Int) -> String {
  let tenths = milliseconds % 1000 / 100
  return tenths == 0 ? "\(milliseconds / 1000)" : "\(milliseconds / 1000).\(tenths)"
}
