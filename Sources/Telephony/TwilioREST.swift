import Base
import JSON

/// A request to Twilio's own API: a form by POST, or GET without one.
public struct TwilioRequest: Equatable, Sendable {
  public var url: String
  /// Otherwise POST.
  public var isGet = false
  public var body: [UInt8] = []
  /// The value of the Authorization header, and for nothing else.
  public let authorization: String
  public var timeoutMilliseconds = TelephonyLimits.answerMilliseconds
  /// Once it was written it is never repeated.
  public var mayRing = false

  public var headers: [(name: String, value: String)] {
    isGet ? [] : [("Content-Type", "application/x-www-form-urlencoded")]
  }
}

extension TwilioRequest: CustomStringConvertible {
  /// Without the Authorization and without the form, which has the numbers.
  public var description: String { "\(isGet ? "GET" : "POST") \(withoutSecrets(url))" }
}

/// An account with Twilio: calls are made, asked for and ended.
public struct TwilioREST: Equatable, Sendable {
  /// `AC...`.
  public let account: String
  private let token: String
  private let server: String

  /// - Parameter server: another region's, or a test's.
  public init(account: String, token: String, server: String = "https://api.twilio.com") {
    self.account = account
    self.token = token
    self.server = server
  }

  /// Calls somebody; when he answers, what is at `url` says what he hears.
  ///
  /// - Parameters:
  ///   - to: with `+` and the country code, as the configuration keeps it.
  ///   - from: a number of the account.
  ///   - url: `connect_url` of ConnectTwilioCall, or anything else that answers TwiML.
  ///   - keys: what is sent when he answers; `w` is half a second.
  public func createCall(
    to: String, from: String, url: String, ringSeconds: Int, keys: String? = nil
  ) -> TwilioRequest {
    var fields: [FormFields.Field] = [
      .init("To", to), .init("From", from), .init("Url", TwilioREST.webAddress(ofStream: url)),
      .init("Timeout", "\(ringSeconds)"),
    ]
    if let keys { fields.append(.init("SendDigits", keys)) }
    var request = self.request("", fields)
    request.mayRing = true
    return request
  }

  /// Ends a call that speaks, and one that rings: Twilio calls both by other names.
  public func endCall(_ sid: String, isRinging: Bool) -> TwilioRequest {
    request("/" + sid, [.init("Status", isRinging ? "canceled" : "completed")])
  }

  /// How it stands.
  public func call(_ sid: String) -> TwilioRequest {
    var request = self.request("/" + sid, [])
    request.isGet = true
    return request
  }

  private func request(_ path: String, _ fields: [FormFields.Field]) -> TwilioRequest {
    var base = Array(server.utf8)[...]
    while base.last == UInt8(ascii: "/") { base = base.dropLast() }
    let address = String(decoding: base, as: UTF8.self) + "/2010-04-01/Accounts/" + account + "/Calls"
    return TwilioRequest(
      url: address + path + ".json", body: FormFields(fields).encoded,
      authorization: "Basic " + Base64.encode(Array(account.utf8) + [UInt8(ascii: ":")] + Array(token.utf8)))
  }

  /// Ids of Twilio's are letters and digits; anything else would be another path, and comes out of no answer.
  static func isSID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isLetterOrDigit($0) }
  }

  /// The address that answers TwiML for a stream's: the same with https.
  public static func webAddress(ofStream url: String) -> String {
    let bytes = Array(url.utf8)
    for (scheme, web) in [("wss://", "https://"), ("ws://", "http://")] where bytes.starts(with: scheme.utf8)
    {
      return web + String(decoding: bytes.dropFirst(scheme.utf8.count), as: UTF8.self)
    }
    return url
  }
}

extension TwilioREST: CustomStringConvertible {
  public var description: String { "the Twilio account \(account)" }
}
