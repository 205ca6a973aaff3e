/// What Twilio's voice webhook is answered: what is to become of the call.
public enum TwiML {
  public static let contentType = "text/xml"

  /// The call is put through to the stream of a connector, both ways, and ends with it.
  ///
  /// - Parameters:
  ///   - url: `connect_url`, with `wss`.
  ///   - say: what the caller hears before.
  public static func connect(url: String, say: String? = nil) -> String {
    let words = say.map { "<Say>\(escaped($0))</Say>" } ?? ""
    return response("\(words)<Connect><Stream url=\"\(escaped(url))\"/></Connect>")
  }

  /// The caller is not answered, and pays nothing: he hears that it is busy, or that it cannot be reached.
  public static func reject(isBusy: Bool) -> String {
    response("<Reject reason=\"\(isBusy ? "busy" : "rejected")\"/>")
  }

  public static var hangup: String { response("<Hangup/>") }

  private static func response(_ verbs: String) -> String {
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\(verbs)</Response>"
  }

  /// XML 1.0 §2.2 and §2.4; white space is written so that an attribute keeps it (§3.3.3).
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x26: result += "&amp;"
      case 0x3C: result += "&lt;"
      case 0x3E: result += "&gt;"
      case 0x22: result += "&quot;"
      case 0x27: result += "&apos;"
      case 0x09: result += "&#9;"
      case 0x0A: result += "&#10;"
      case 0x0D: result += "&#13;"
      // These cannot be in a document, however they are written.
      case 0..<0x20, 0xFFFE, 0xFFFF: continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
