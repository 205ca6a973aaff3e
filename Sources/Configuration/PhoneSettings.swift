import Base

/// `[call]`: whom a press rings, and who is next.
public struct CallSettings: Equatable, Sendable {
  /// Empty: whoever makes himself heard in the room.
  public var plan = DialPlan()
  public var keypad = KeypadUse.auto

  public init() {}
}

/// Names of the directory, with how long each is rung.
public struct DialPlan: Equatable, Sendable {
  public var steps: [Step] = []

  public struct Step: Equatable, Sendable {
    public let name: String
    public let seconds: Int
  }

  public init() {}
}

/// `[call] keypad`: whose the digits are.
public enum KeypadUse: String, CaseIterable, Sendable {
  /// The door's where `[door] dtmf-allow` has keypad, and otherwise the room's.
  case auto
  case directory, room, door
}

/// `[phone]`: who makes calls, and with what.
public struct PhoneSettings: Equatable, Sendable {
  public var via = PhoneVia.device
  /// What takes the server API's requests in place of the room server.
  public var endpoint: String?
  public var bearerFile: String?
  public var trunk: String?
  public var number: String?
  /// nil: the carrier shows the number; empty: no name is sent.
  public var displayName: String?
  public var hidesNumber = false
  public var encryption = PhoneEncryption.off
  public var ringSeconds = 30
  public var maxDurationSeconds = 600
  public var dialTone = false
  public var keysAfterAnswer: String?
  public var whatsappNumberID: String?
  public var whatsappKeyFile: String?
  public var whatsappVersion = "24.0"
  public var twilioAccount: String?
  public var twilioTokenFile: String?
  public var twilioFrom: String?
  public var twilioServer = "https://api.twilio.com"

  public init() {}
}

/// `[phone] via`: who holds the right to dial.
public enum PhoneVia: String, CaseIterable, Sendable {
  /// The device's API key, or the token that it has for its room.
  case device
  /// A server of the owner's.
  case endpoint
}

/// `[phone] encryption`: of the leg to the carrier.
public enum PhoneEncryption: String, CaseIterable, Sendable { case off, allow, require }

/// `[ring]`: being called.
public struct RingSettings: Equatable, Sendable {
  public var from = AllowRules([.init(kind: "sip"), .init(kind: "connector"), .init(kind: "agent")])
  public var answer = RingAnswer.button
  public var timeoutSeconds = 40
  public var standby = Standby.off

  public init() {}
}

public enum RingAnswer: String, CaseIterable, Sendable { case button, auto, never }

/// `[ring] standby`: how a device without a call learns that somebody calls.
public enum Standby: String, CaseIterable, Sendable {
  case off
  /// It is in its room, with a closed microphone.
  case room
  /// Somebody tells it over HTTP.
  case webhook
}

/// `[webhook]`: what others may tell this device over HTTP.
public struct WebhookSettings: Equatable, Sendable {
  public var listen: String?
  /// Without a slash at its end.
  public var publicURL: String?
  public var metaSecretFile: String?
  public var metaVerifyFile: String?

  public init() {}
}

extension DialPlan {
  static let legal =
    "names of [directory] with the seconds that each is rung, such as concierge 15, 101 30; or nothing"

  init(parsing text: String) throws(ValueFault) {
    guard !text.utf8.isEmpty else { return }
    for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let words = part.split(omittingEmptySubsequences: true) { $0 == 0x20 || $0 == 0x09 }
      guard words.count == 2, let seconds = decimal(words[1]) else {
        throw ValueFault(why: "is not a list of a name and seconds each")
      }
      guard ConfigurationLimits.ringSeconds.contains(seconds) else {
        let range = ConfigurationLimits.ringSeconds
        throw ValueFault(why: "rings for other than \(range.lowerBound) to \(range.upperBound) s")
      }
      steps.append(Step(name: String(decoding: Array(words[0]), as: UTF8.self), seconds: seconds))
    }
    guard steps.count <= ConfigurationLimits.planStepsMax else { throw ValueFault(why: "has too many steps") }
  }

  var text: String {
    var text = ""
    for step in steps { text += (text.utf8.isEmpty ? "" : ", ") + "\(step.name) \(step.seconds)" }
    return text
  }
}
