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
  /// Meta's id of our number.
  public let numberID: String
  /// Seconds since 1970 UTC.
  public let timestamp: Int64?

  /// - Parameter isStatus: of `statuses`, which are of calls that we made.
  init(_ call: JSONValue, isStatus: Bool, of value: JSONValue) throws(WebhookFault) {
    guard let name = Name(WhatsAppCallEvent.text(call["id"])), !name.isEmpty else {
      throw .malformed("a call in it has no id")
    }
    id = name
    let word = printable(WhatsAppCallEvent.text(call[isStatus ? "status" : "event"]))
    switch word {
    case _ where isStatus: event = .status(word)
    case "connect": event = .connect
    case "terminate": event = .terminate
    default: event = .other(word)
    }
    from = WhatsAppCallEvent.text(call["from"])
    to = WhatsAppCallEvent.text(call[isStatus ? "recipient_id" : "to"])
    isBusinessInitiated =
      isStatus || call["direction"].string?.utf8.elementsEqual("BUSINESS_INITIATED".utf8) == true
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
    numberID = WhatsAppCallEvent.text(value["metadata"]["phone_number_id"])
    timestamp = WhatsAppCallEvent.time(call["timestamp"])
  }

  /// What is too long is none.
  private static func text(_ value: JSONValue) -> String {
    let text = value.string ?? ""
    return text.utf8.count <= TelephonyLimits.callIDBytesMax ? text : ""
  }

  private static func time(_ value: JSONValue) -> Int64? {
    value.wholePart ?? value.string.flatMap { decimal($0.utf8, max: UInt64(Int64.max)) }.map { Int64($0) }
  }
}
