import Base
import JSON
import LiveKit

/// What Meta tells of WhatsApp calls: `calls` of a webhook, and the question whether this address is ours.
public enum MetaWebhook {
  /// Answers Meta's console, which asks by GET before it sends anything: the challenge goes back as it is.
  public static func challenge(query: String, verifyToken: String) throws(WebhookFault) -> String {
    guard !verifyToken.utf8.isEmpty else { throw .noSecret }
    let form = try FormFields(parsing: Array(query.utf8))
    guard let mode = form["hub.mode"], mode.utf8.elementsEqual("subscribe".utf8) else {
      throw .malformed("hub.mode is not subscribe")
    }
    guard let token = form["hub.verify_token"], areSame(Array(token.utf8), Array(verifyToken.utf8)) else {
      throw .otherVerifyToken
    }
    // A browser might take anything else for a page.
    guard let challenge = form["hub.challenge"],
      (1...TelephonyLimits.challengeBytesMax).contains(challenge.utf8.count),
      challenge.utf8.allSatisfy({ isLetterOrDigit($0) || "-_.".utf8.contains($0) })
    else { throw .malformed("hub.challenge is missing, or no plain text") }
    return challenge
  }

  /// - Parameter signature: `X-Hub-Signature-256`: `sha256=` and the HMAC of the body in hexadecimal.
  public static func isSigned(signature: String, body: [UInt8], appSecret: String) -> Bool {
    let prefix = Array("sha256=".utf8)
    let text = Array(signature.utf8)
    guard !appSecret.utf8.isEmpty, text.count == prefix.count + 64, text.starts(with: prefix) else {
      return false
    }
    let code = hexadecimal(hmacSHA256(key: Array(appSecret.utf8), body))
    return areSame(text.dropFirst(prefix.count).map { lowercased($0) }, Array(code.utf8))
  }

  /// Everything that one webhook tells of calls, in its order; empty if it tells of something else.
  public static func calls(
    signature: String, body: [UInt8], appSecret: String
  ) throws(WebhookFault) -> [WhatsAppCallEvent] {
    guard body.count <= TelephonyLimits.webhookBytesMax else {
      throw .tooLarge(bytesMax: TelephonyLimits.webhookBytesMax)
    }
    guard !appSecret.utf8.isEmpty else { throw .noSecret }
    guard !signature.utf8.isEmpty else { throw .unsigned }
    guard isSigned(signature: signature, body: body, appSecret: appSecret) else { throw .wrongSignature }
    return try calls(body)
  }

  static func calls(_ body: [UInt8]) throws(WebhookFault) -> [WhatsAppCallEvent] {
    guard let json = try? JSONValue.parse(body), case .object = json else {
      throw .malformed("it is no JSON object")
    }
    var events: [WhatsAppCallEvent] = []
    for entry in json["entry"].array {
      for change in entry["changes"].array {
        guard change["field"].string?.utf8.elementsEqual("calls".utf8) == true else { continue }
        let value = change["value"]
        for list in ["calls", "statuses"] {
          let isStatus = list == "statuses"
          for call in value[list].array {
            guard !isStatus || call["type"].string?.utf8.elementsEqual("call".utf8) == true else { continue }
            guard events.count < TelephonyLimits.callsPerWebhookMax else {
              throw .tooMany(max: TelephonyLimits.callsPerWebhookMax)
            }
            events.append(try WhatsAppCallEvent(call, isStatus: isStatus, of: value))
          }
        }
      }
    }
    return events
  }
}
