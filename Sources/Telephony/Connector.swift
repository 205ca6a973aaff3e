/// The calls of `livekit.Connector` in short, for what was checked before: an address of the configuration, a call that
/// a webhook told of.
public enum Connector {
  public typealias WhatsApp = WhatsAppAccount

  /// `to` is the number with its country code and without `+`.
  public static func dialWhatsApp(
    _ account: WhatsAppAccount, to: String, _ participant: ConnectorParticipant, ringSeconds: Int?
  ) -> APIRequest {
    var dial = WhatsAppDial(account, to: to, participant)
    dial.ringingTimeoutSeconds = ringSeconds
    return dial.unchecked()
  }

  public static func acceptWhatsApp(
    _ account: WhatsAppAccount, call: String, offer: String, _ participant: ConnectorParticipant
  ) -> APIRequest {
    WhatsAppAccept(account, call: call, offer: SessionDescription(.offer, offer), participant).unchecked()
  }

  public static func connectWhatsApp(call: String, answer: String) -> APIRequest {
    WhatsAppConnect(call: call, answer: SessionDescription(.answer, answer)).unchecked()
  }

  /// `byUser`: the person has hung up already, and Meta is not asked; no key is needed then.
  public static func disconnectWhatsApp(call: String, key: String?, byUser: Bool) -> APIRequest {
    WhatsAppDisconnect(call: call, reason: byUser ? .user : .business, key: key).unchecked()
  }

  public static func connectTwilio(isInbound: Bool, _ participant: ConnectorParticipant) -> APIRequest {
    TwilioConnect(isInbound ? .inbound : .outbound, participant).request()
  }
}
