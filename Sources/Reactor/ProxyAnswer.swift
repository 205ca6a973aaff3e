import Base

/// What a proxy says to CONNECT (RFC 9110 §9.3.6), from bytes as they come. No socket, no clock.
///
/// | answer | verdict |
/// |---|---|
/// | 2xx | open; what follows the head is the other side's |
/// | 407, 401 | user and password are wrong, missing, or not what it asks for |
/// | 403, 405 and other 4xx | it does not allow this |
/// | 502, 503, 504 | it cannot reach the host |
/// | another 5xx | it does not connect to the host |
/// | 3xx, 511 | a captive portal, or something else that is no proxy |
/// | no HTTP, a head that is too long, or an end before it | no proxy, or a broken one |
public struct ProxyAnswer {
  /// Behind the head: the first bytes of the tunnel.
  public private(set) var leftover: [UInt8] = []
  private var parser = HTTPResponseParser(bodyBytesMax: 0, isTunnel: true)
  private let proxy: String
  private let target: String
  private let hasUser: Bool

  public init(proxy: String, target: String, hasUser: Bool) {
    self.proxy = proxy
    self.target = target
    self.hasUser = hasUser
  }

  /// Of bytes that wait for the rest of the head.
  public var waitingBytes: Int { parser.waitingBytes }

  /// true: the tunnel is open.
  public mutating func feed(_ bytes: [UInt8]) throws(ReactorFailure) -> Bool {
    do throws(HTTPParseFailure) {
      guard try parser.feed(bytes) else { return false }
    } catch {
      switch error {
      case .malformed(let reason): throw refusal("is no HTTP proxy: \(reason)")
      case .headTooLarge, .bodyTooLarge, .truncated:
        throw refusal("sends an answer whose head is over \(ReactorLimits.httpHeadBytesMax) bytes")
      }
    }
    guard let head = parser.head else { return false }
    if (200..<300).contains(head.status) {
      leftover = parser.leftover
      return true
    }
    throw refusal(words(head))
  }

  /// The proxy hung up before its answer was whole.
  public func ended() -> ReactorFailure { refusal("closed the connection when \(target) was asked for") }

  private func refusal(_ reason: String) -> ReactorFailure { .proxy(address: proxy, reason: reason) }

  private func words(_ head: HTTPResponseHead) -> String {
    let status = " (HTTP \(head.status))"
    switch head.status {
    // tinyproxy says 401 to a wrong password, as if it were the host.
    case 401, 407:
      guard offersBasic(head) else {
        return "wants another way to log in than Basic, which is all that there is here" + status
      }
      return
        (hasUser
        ? "refuses the user or the password; see [network] proxy and proxy-password-file"
        : "wants a user and a password; see [network] proxy and proxy-password-file") + status
    case 502, 503, 504: return "cannot reach \(target)" + status
    case 300..<400, 511:
      return "redirects instead of connecting to \(target); is it a captive portal?" + status
    case 400..<500: return "does not allow a connection to \(target)" + status
    default: return "does not connect to \(target)" + status
    }
  }

  /// RFC 9110 §11.7.1. One that names no scheme at all gets the benefit of the doubt.
  private func offersBasic(_ head: HTTPResponseHead) -> Bool {
    var isAnyNamed = false
    for header in head.headers where equalsIgnoringCase(header.name, "proxy-authenticate") {
      isAnyNamed = true
      for part in Array(header.value.utf8).split(separator: UInt8(ascii: ",")) {
        let word = withoutBlanks(part).prefix { $0 != 0x20 }.map { lowercased($0) }
        if word.spells("basic") { return true }
      }
    }
    return !isAnyNamed
  }
}
