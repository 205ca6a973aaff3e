import Base
import JSON

extension APIAnswer {
  /// What Twilio's own API answered: a call, with its `sid` and its `status`.
  public init(ofTwilio status: Int, body: [UInt8]) {
    let json =
      body.count <= TelephonyLimits.answerBytesMax ? try? JSONValue.parse(body, lastCounts: true) : nil
    if (200..<300).contains(status), let json, let sid = json["sid"].string, TwilioREST.isSID(sid) {
      self = .done(json)
      return
    }
    var failure = APIFailure(APIAnswer.kind(status, json))
    failure.httpStatus = status
    failure.message = shown(json?["message"].string ?? "")
    self = .failed(failure)
  }

  private static func kind(_ status: Int, _ json: JSONValue?) -> APIFailure.Kind {
    let code = json?["code"].integer
    let said = "Twilio \(code ?? Int64(status)): " + shown(json?["message"].string ?? "")
    switch (status, code) {
    case (200..<300, _): return .unusable("it has no call in it")
    case (401, _), (403, 20003): return .notAllowed(missing: "the account and token that Twilio knows")
    // The number that is called: invalid, not to be called, or none that there is.
    case (_, 21211), (_, 21214), (_, 21217): return .unknownNumber
    // A country that the account may not call, a number that it does not own, an account without credit.
    case (_, 21215), (_, 21216), (_, 21210), (_, 21212), (_, 21213), (_, 20005), (403, _): return .trunk(said)
    // Another one ended it: 21220 is of a call that is not in progress any more.
    case (404, _), (_, 21220): return .notFound("Twilio has no such call")
    case (429, _), (500..., _): return .unavailable(said)
    case (300..<400, _): return .redirected
    default: return .invalid(said)
    }
  }
}
