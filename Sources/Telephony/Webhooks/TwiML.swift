/// What Twilio's voice webhook is answered: what is to become of the call.
public enum TwiML {
  private static let head = #"<?xml version="1.0" encoding="UTF-8"?><Response>"#

  /// The call is put through to the stream of a connector, both ways, and ends with it.
  ///
  /// - Parameter url: `connect_url`, with `wss`.
  public static func connect(url: String) -> String {
    head + "<Connect><Stream url=\"" + escaped(url) + "\"/></Connect></Response>"
  }

  /// The caller is not answered, and pays nothing: he hears that it is busy, or that it cannot be reached.
  public static func reject(isBusy: Bool) -> String {
    head + (isBusy ? #"<Reject reason="busy"/></Response>"# : #"<Reject reason="rejected"/></Response>"#)
  }

  /// An address as the value of an attribute (XML 1.0 §2.4), without what no address has.
  static func escaped(_ address: String) -> String {
    var bytes: [UInt8] = []
    for byte in address.utf8 {
      switch byte {
      case 0x26: bytes += "&amp;".utf8
      case 0x3C: bytes += "&lt;".utf8
      case 0x3E: bytes += "&gt;".utf8
      case 0x22: bytes += "&quot;".utf8
      case 0x27: bytes += "&apos;".utf8
      case 0x21..<0x7F: bytes.append(byte)
      default: continue
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
