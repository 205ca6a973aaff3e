import Base

/// A whole request to an `HTTPServer`.
public struct HTTPServerRequest: Equatable, Sendable {
  public var method = ""
  /// As it was sent, without the query: nothing is decoded, for signatures are over what was sent.
  public var path = ""
  /// What follows the question mark, as it was sent.
  public var query = ""
  public var headers: [HTTPHeader] = []
  public var body: [UInt8] = []

  public init() {}

  /// The value of the first field of that name, in any case.
  public func value(of name: String) -> String? { headers.value(of: name) }
}

/// Why a request is refused.
public enum HTTPRequestFault: Error, Equatable, Sendable {
  /// It is not HTTP/1.1, or two readers could understand it differently.
  case malformed(String)
  case headTooLarge
  case bodyTooLarge
  /// The body has a transfer coding other than chunked.
  case unknownCoding
  /// The client wants something else than to be told that it may go on.
  case unknownExpectation

  /// The status that says so, RFC 9110 §15 and RFC 6585 §5.
  public var status: Int {
    switch self {
    case .malformed: 400
    case .headTooLarge: 431
    case .bodyTooLarge: 413
    case .unknownCoding: 501
    case .unknownExpectation: 417
    }
  }

  /// What the status alone does not say.
  var reason: String? {
    if case .malformed(let reason) = self { return reason }
    return nil
  }
}

/// A whole response after which the connection is closed.
///
/// - Parameter isHead: the request was HEAD, whose answer has no body but says how long it would be (RFC 9110 §9.3.2).
func httpResponse(_ status: Int, contentType: String, body: String, isHead: Bool = false) -> [UInt8] {
  let content = Array(body.utf8)
  let head =
    "HTTP/1.1 \(httpStatusLine(status))\r\nContent-Type: \(contentType)\r\n"
    + "Content-Length: \(content.count)\r\nConnection: close\r\n\r\n"
  return isHead ? Array(head.utf8) : Array(head.utf8) + content
}

/// A whole response that says no more than its status.
func httpRefusal(_ status: Int) -> [UInt8] {
  httpResponse(status, contentType: "text/plain", body: httpRefusalText(status))
}

func httpRefusalText(_ status: Int, _ reason: String? = nil) -> String {
  httpStatusLine(status) + (reason.map { ": " + $0 } ?? "") + "\n"
}

/// The code and its words, such as `404 Not Found`. Nobody reads the words of a rare one.
func httpStatusLine(_ status: Int) -> String {
  let words =
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: ""
    }
  return "\(status) \(words)"
}
