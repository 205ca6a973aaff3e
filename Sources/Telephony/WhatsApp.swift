import JSON

/// What Meta knows the business by. The key is Meta's access token.
public struct WhatsAppAccount: Equatable, Sendable {
  public var numberID: String
  public var key: String
  public var version: String

  public init(numberID: String, key: String, version: String) {
    self.numberID = numberID
    self.key = key
    self.version = version
  }

  var members: [JSONValue.Member] {
    [
      .init("whatsapp_phone_number_id", .string(numberID)), .init("whatsapp_api_key", .string(key)),
      .init("whatsapp_cloud_api_version", filled(version)),
    ]
  }

  func check() throws(TelephonyFault) {
    guard !numberID.utf8.isEmpty else { throw .init("whatsapp_phone_number_id", "is missing") }
    guard !key.utf8.isEmpty else { throw .init("whatsapp_api_key", "is missing") }
  }
}

extension WhatsAppAccount: CustomStringConvertible {
  public var description: String { "the WhatsApp number \(numberID)" }
}

/// Somebody is called: DialWhatsAppCall. What he answers comes by Meta's webhook, and goes on in `WhatsAppConnect`.
public struct WhatsAppDial: Sendable {
  public var account: WhatsAppAccount
  /// With the country code, with or without `+`.
  public var to: String
  public var participant: ConnectorParticipant
  public var ringingTimeoutSeconds: Int?
  /// Meta tells it again in each webhook of the call.
  public var callbackData: String?

  public init(_ account: WhatsAppAccount, to: String, _ participant: ConnectorParticipant) {
    self.account = account
    self.to = to
    self.participant = participant
  }

  /// Throws what the server or Meta would refuse, naming the field.
  public func request() throws(TelephonyFault) -> APIRequest {
    try account.check()
    var dial = self
    do throws(PhoneNumberFault) {
      dial.to = try PhoneNumber(to).whatsApp()
    } catch {
      throw .init("whatsapp_to_phone_number", error.words)
    }
    try checkDuration("ringing_timeout", ringingTimeoutSeconds ?? 0)
    return dial.unchecked()
  }

  func unchecked() -> APIRequest {
    APIRequest(
      "Connector", "DialWhatsAppCall",
      account.members + [.init("whatsapp_to_phone_number", .string(to))] + participant.members + [
        .init("whatsapp_biz_opaque_callback_data", filled(callbackData)),
        .init("ringing_timeout", duration(ringingTimeoutSeconds)),
      ], .create, mayRing: true)
  }
}

/// Somebody calls, as Meta's webhook told with his offer, and is answered: AcceptWhatsAppCall.
public struct WhatsAppAccept: Sendable {
  public var account: WhatsAppAccount
  public var call: String
  public var offer: SessionDescription
  public var participant: ConnectorParticipant
  public var ringingTimeoutSeconds: Int?
  public var callbackData: String?
  public var waitUntilAnswered = false

  public init(
    _ account: WhatsAppAccount, call: String, offer: SessionDescription, _ participant: ConnectorParticipant
  ) {
    self.account = account
    self.call = call
    self.offer = offer
    self.participant = participant
  }

  public func request() throws(TelephonyFault) -> APIRequest {
    try account.check()
    try checkCall(call)
    try offer.check()
    try checkDuration("ringing_timeout", ringingTimeoutSeconds ?? 0)
    return unchecked()
  }

  func unchecked() -> APIRequest {
    APIRequest(
      "Connector", "AcceptWhatsAppCall",
      account.members + [.init("whatsapp_call_id", .string(call)), .init("sdp", offer.json)]
        + participant.members + [
          .init("whatsapp_biz_opaque_callback_data", filled(callbackData)),
          .init("ringing_timeout", duration(ringingTimeoutSeconds)),
          .init("wait_until_answered", yes(waitUntilAnswered)),
        ], .create,
      timeoutMilliseconds: waitUntilAnswered
        ? APIRequest.ringMilliseconds(ringingTimeoutSeconds) : TelephonyLimits.answerMilliseconds,
      mayRing: true)
  }
}

/// Whom we called has answered, as Meta's webhook told with his answer: ConnectWhatsAppCall.
public struct WhatsAppConnect: Sendable {
  public var call: String
  public var answer: SessionDescription
  public var waitUntilAnswered = false

  public init(call: String, answer: SessionDescription) {
    self.call = call
    self.answer = answer
  }

  public func request() throws(TelephonyFault) -> APIRequest {
    try checkCall(call)
    try answer.check()
    return unchecked()
  }

  func unchecked() -> APIRequest {
    APIRequest(
      "Connector", "ConnectWhatsAppCall",
      [
        .init("whatsapp_call_id", .string(call)), .init("sdp", answer.json),
        .init("wait_until_answered", yes(waitUntilAnswered)),
      ], .create,
      timeoutMilliseconds: waitUntilAnswered
        ? APIRequest.ringMilliseconds(nil) : TelephonyLimits.answerMilliseconds)
  }
}

/// The call is over: DisconnectWhatsAppCall. A second one for the same call is refused.
public struct WhatsAppDisconnect: Sendable {
  public enum Reason: String, CaseIterable, Sendable {
    /// Meta is asked to end it, with the key.
    case business = "BUSINESS_INITIATED"
    /// The person has hung up already, as Meta's webhook told; no key is needed.
    case user = "USER_INITIATED"
  }

  public var call: String
  public var reason: Reason
  public var key: String?

  public init(call: String, reason: Reason, key: String? = nil) {
    self.call = call
    self.reason = reason
    self.key = key
  }

  public func request() throws(TelephonyFault) -> APIRequest {
    try checkCall(call)
    guard reason == .user || key?.utf8.isEmpty == false else { throw .init("whatsapp_api_key", "is missing") }
    return unchecked()
  }

  func unchecked() -> APIRequest {
    APIRequest(
      "Connector", "DisconnectWhatsAppCall",
      [
        .init("whatsapp_call_id", .string(call)), .init("whatsapp_api_key", filled(key)),
        .init("disconnect_reason", .string(reason.rawValue)),
      ], .create)
  }
}

private func checkCall(_ id: String) throws(TelephonyFault) {
  guard (1...TelephonyLimits.callIDBytesMax).contains(id.utf8.count) else {
    throw .init("whatsapp_call_id", "is no id of a call")
  }
}
