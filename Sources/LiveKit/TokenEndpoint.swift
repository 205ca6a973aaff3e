import Base
import JSON

/// A token endpoint's answer: where the room is, and what opens it.
public struct TokenSourceResponse: Equatable, Sendable {
  /// nil where the endpoint leaves the address to the device's configuration.
  public let serverURL: String?
  public let participantToken: String

  /// Any 2xx with a JSON object that has a token in one of the spellings in use. Unknown names are ignored.
  ///
  /// The convention is 201 with `server_url` and `participant_token`; its own sample servers answer 200 and spell
  /// `serverURL`, and older ones `url` and `token`. Byte order marks, line ends and quotes that a template left around
  /// either are no part of it.
  ///
  /// - Parameter body: of a redirection, its Location.
  public init(status: Int, body: [UInt8]) throws(TokenEndpointFailure) {
    guard (200..<300).contains(status) else { throw TokenEndpointFailure(status: status, body: body) }
    guard !body.starts(with: [0x1F, 0x8B]) else {
      throw .unusable("it is compressed (gzip), which was not asked for")
    }
    let meant = Array(withoutInvisible(body[...]))
    guard let answer = try? JSONValue.parse(meant, lastCounts: true), case .object = answer else {
      throw .unusable("it is not a JSON object")
    }
    serverURL = try Self.text(
      answer, ["server_url", "serverUrl", "serverURL", "url", "ws_url", "wsUrl", "livekit_url"])
    let token = try Self.text(
      answer, ["participant_token", "participantToken", "token", "access_token", "accessToken"])
    guard let token else { throw .unusable("it has no participant_token") }
    do throws(PastedFault) {
      participantToken = try pastedSecret(Array(token.utf8))
    } catch {
      throw .unusable("its token \(error.words)")
    }
    do throws(Failure) {
      _ = try AccessToken(participantToken)
      if let serverURL { _ = try ServerURL(serverURL) }
    } catch {
      throw .unusable(error.description)
    }
  }

  /// The first of `names` that is there and not empty.
  private static func text(
    _ answer: JSONValue, _ names: [String]
  ) throws(TokenEndpointFailure) -> String? {
    for name in names where !answer[name].isNull {
      guard let text = answer[name].string else { throw .unusable("its \(name) is not a text") }
      let meant = withoutQuotes(withoutInvisible(Array(text.utf8)[...]))
      if !meant.isEmpty { return String(decoding: meant, as: UTF8.self) }
    }
    return nil
  }
}

/// Why a token endpoint gave no token. Words of the endpoint are on one line, cut, and without tokens.
public enum TokenEndpointFailure: Error, Equatable, Sendable {
  case unreachable(TransportFailure)
  /// 401 and 403.
  case refused(status: Int, String)
  case notFound
  case redirected(status: Int, to: String)
  /// Another 4xx: mostly a field that the endpoint does not let a client choose.
  case rejected(status: Int, String)
  /// 429 and 5xx.
  case unavailable(status: Int, String)
  /// A 2xx whose body is of no use.
  case unusable(String)

  init(status: Int, body: [UInt8]) {
    let words = serverWords(body, hiding: "")
    self =
      switch status {
      case 401, 403: .refused(status: status, words)
      case 404: .notFound
      case 300..<400: .redirected(status: status, to: withoutSecrets(words))
      case 429, 500...: .unavailable(status: status, words)
      default: .rejected(status: status, words)
      }
  }

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .unreachable(.timeout): "token-endpoint-timeout"
    case .unreachable(.tls): "token-endpoint-tls"
    case .unreachable: "token-endpoint-unreachable"
    case .refused: "token-endpoint-refused"
    case .notFound: "token-endpoint-not-found"
    case .redirected: "token-endpoint-redirected"
    case .rejected: "token-endpoint-rejected"
    case .unavailable: "token-endpoint-unavailable"
    case .unusable: "token-endpoint-answer"
    }
  }

  /// One sentence without its full stop. `key` is the configuration's that names the credential.
  public func words(endpoint: String, timeoutSeconds: Int, key: String) -> String {
    "no token from \(withoutSecrets(endpoint)): " + reason(timeoutSeconds, key)
  }

  private func reason(_ seconds: Int, _ key: String) -> String {
    switch self {
    case .unreachable(.resolve(let why)): "its host name was not found" + appended(why)
    case .unreachable(.refused(let why)): "it refuses the connection" + appended(why)
    case .unreachable(.timeout): "it did not answer within \(seconds) s"
    case .unreachable(.tls(let why)): "TLS failed: \(why)"
    case .unreachable(.http(let status, _)): "it answers with HTTP status \(status)"
    case .unreachable(.proxy(let why)), .unreachable(.intercepted(let why)),
      .unreachable(.clearText(let why)),
      .unreachable(.other(let why)):
      why
    case .refused(let status, let words):
      "it does not know this device (HTTP \(status)); check [token] \(key)" + appended(words)
    case .notFound: "nothing is at this address (HTTP 404); check [token] endpoint"
    case .redirected(let status, let place):
      "it redirects to \(place.isEmpty ? "nowhere" : place) (HTTP \(status)); set [token] endpoint to that address"
    case .rejected(let status, let words):
      "it rejects the request (HTTP \(status)), as it does for a room, identity or agent that it does not let "
        + "the device choose" + appended(words)
    case .unavailable(let status, let words): "it has none to give now (HTTP \(status))" + appended(words)
    case .unusable(let why): "its answer is of no use: \(why)"
    }
  }

  private func appended(_ words: String) -> String { words.isEmpty ? "" : ": " + words }
}
