import Base

/// What Twilio's voice webhook tells: a call comes, or one that was made has gone on.
public struct TwilioVoice: Equatable, Sendable {
  /// `CA...`.
  public let callSID: Name
  /// A number, or the user of another kind of caller, as Twilio has it. It proves nothing: numbers are forged.
  public let from: String
  public let to: String
  public let isInbound: Bool
  public let status: TwilioCallStatus?

  /// Of a form whose signature was checked.
  public init(_ form: FormFields) throws(WebhookFault) {
    guard let sid = form["CallSid"], sid.utf8.count <= TelephonyLimits.callIDBytesMax,
      TwilioREST.isSID(sid), let name = Name(sid)
    else { throw .malformed("it has no CallSid") }
    callSID = name
    from = TwilioVoice.text(form["From"])
    to = TwilioVoice.text(form["To"])
    isInbound = form["Direction"].map { $0.utf8.elementsEqual("inbound".utf8) } ?? true
    status = form["CallStatus"].flatMap { TwilioCallStatus(named: $0) }
  }

  private static func text(_ text: String?) -> String {
    wholeCharacters(Array(printable(text ?? "").utf8).prefix(TelephonyLimits.callIDBytesMax))
  }
}

/// How a call of Twilio's stands.
public enum TwilioCallStatus: String, CaseIterable, Sendable {
  case queued, initiated, ringing
  case inProgress = "in-progress"
  case completed, busy, failed
  case noAnswer = "no-answer"
  case canceled

  public init?(named text: String) {
    for status in TwilioCallStatus.allCases where status.rawValue.utf8.elementsEqual(text.utf8) {
      self = status
      return
    }
    return nil
  }

  /// It may still ring or speak.
  public var isAlive: Bool {
    switch self {
    case .queued, .initiated, .ringing, .inProgress: true
    default: false
    }
  }

  /// How it came to nothing; nil as long as it has not, and where somebody hung up or took it back.
  public var ending: CallEnding? {
    switch self {
    case .busy: .busy
    case .failed: .unreachable
    case .noAnswer: .unanswered
    default: nil
    }
  }
}
