import Base
import JSON

/// One thing that Meta tells of one call.
public struct WhatsAppCallEvent: Equatable, Sendable {
  public enum Event: Equatable, Sendable {
    /// Somebody calls, with his offer; or whom we called has answered, with his answer.
    case connect
    /// It is over, whoever ended it.
    case terminate
    /// How it goes on: `RINGING`, `ACCEPTED`, `REJECTED`.
    case status(String)
    /// One that is not known.
    case other(String)
  }

  /// `wacid...`.
  public let id: Name
  public let event: Event
  /// Numbers without `+`. Meta has checked that they are whose they say.
  public let from: String
  public let to: String
  /// We called; otherwise the person did.
  public let isBusinessInitiated: Bool
  public let sdpKind: SessionDescription.Kind?
  public let sdp: String?
  /// Of terminate: `COMPLETED`, `FAILED`, as far as Meta says.
  public let result: String?
  /// Meta's id of our number.
  public let numberID: String
  /// As the person calls himself.
  public let personName: String?
  /// Seconds since 1970 UTC.
  public let timestamp: Int64?

  init(call: JSONValue, of value: JSONValue) throws(WebhookFault) {
    id = try WhatsAppCallEvent.id(call["id"])
    let name = try WhatsAppCallEvent.text(call["event"]) ?? ""
    switch name {
    case "connect": event = .connect
    case "terminate": event = .terminate
    default: event = .other(printable(name))
    }
    from = try WhatsAppCallEvent.text(call["from"]) ?? ""
    to = try WhatsAppCallEvent.text(call["to"]) ?? ""
    isBusinessInitiated =
      call["direction"].string.map { $0.utf8.elementsEqual("BUSINESS_INITIATED".utf8) } ?? false
    let session = call["session"]
    sdpKind =
      switch session["sdp_type"].string ?? "" {
      case "offer": .offer
      case "answer": .answer
      default: nil
      }
    sdp = session["sdp"].string
    guard (sdp ?? "").utf8.count <= TelephonyLimits.offerBytesMax else {
      throw .tooLarge(bytesMax: TelephonyLimits.offerBytesMax)
    }
    // A text, or a list of them.
    let status = call["status"]
    result = try WhatsAppCallEvent.text(status.array.first ?? status)
    numberID = try WhatsAppCallEvent.text(value["metadata"]["phone_number_id"]) ?? ""
    personName = try WhatsAppCallEvent.text(value["contacts"].array.first?["profile"]["name"] ?? .null)
    timestamp = WhatsAppCallEvent.time(call["timestamp"])
  }

  init(status: JSONValue, of value: JSONValue) throws(WebhookFault) {
    id = try WhatsAppCallEvent.id(status["id"])
    event = .status(printable(try WhatsAppCallEvent.text(status["status"]) ?? ""))
    from = ""
    to = try WhatsAppCallEvent.text(status["recipient_id"]) ?? ""
    isBusinessInitiated = true
    sdpKind = nil
    sdp = nil
    result = nil
    numberID = try WhatsAppCallEvent.text(value["metadata"]["phone_number_id"]) ?? ""
    personName = nil
    timestamp = WhatsAppCallEvent.time(status["timestamp"])
  }

  private static func id(_ value: JSONValue) throws(WebhookFault) -> Name {
    guard let text = try text(value), let name = Name(text), !name.isEmpty else {
      throw .malformed("a call in it has no id")
    }
    return name
  }

  private static func text(_ value: JSONValue) throws(WebhookFault) -> String? {
    guard let text = value.string else { return nil }
    guard text.utf8.count <= TelephonyLimits.callIDBytesMax else {
      throw .malformed("a text of a call in it is too long")
    }
    return text
  }

  private static func time(_ value: JSONValue) -> Int64? {
    value.wholePart ?? value.string.flatMap { decimal($0.utf8, max: UInt64(Int64.max)) }.map { Int64($0) }
  }
}
