import AudioEngine
import Base
import Configuration
import Control
import JSON

/// What a part asks of the house. The router does them in order; what a part may touch beside its own state is a case
/// here, and nothing else. Indirect, as lists of them are handed on from part to part.
indirect enum Effect: Equatable {
  case audio(Device.AudioCommand)
  case board(BoardCommand)
  /// Every subscriber is told, and those who come later.
  case tell(Event)
  /// The same for what others can cause at will; each source has a budget of its own.
  case tellWithin(budget: String, Event)
  case log(LogEntry.Priority, String, event: String?)
  case logWithin(budget: String, LogEntry.Priority, String, event: String?)
  /// Where tones are on.
  case sound(Tone)
  case stopTones
  case answer(Device.Answer, Asker)
  case askServerTime(url: String)
  /// What outlives a restart has changed.
  case keep
  case stay(Stay.Event)
  /// As if whoever asks had sent the request.
  case request(Request, Asker)
  case mute(MuteState.Event)
  /// The call has lasted long enough, or nobody came.
  case endCall(reason: String?)
  case nobodyCame(joinsAnew: Bool)
  /// Of a server.
  case ask(ServerRequest)
  /// What a visitor does at the device.
  case hand(Hand)
  /// The button was held until its time.
  case startAnew(LongPressUse)
  /// Its lock does not work any more.
  case shutDoor
  /// What its contact says; nil: it cannot be read. `isFirst`: how it was found.
  case doorStands(open: Bool?, isFirst: Bool)
  /// A call of one of our methods, by somebody of whom is known what can be known.
  case serve(RemoteCall)
  /// A telephone key, with whose it is.
  case key(UInt8, Caller)

  enum Hand: Equatable {
    /// The button went down.
    case pressed
    /// The handset.
    case lifted, laidDown
    /// A key of the keypad that is dialled with.
    case digit(UInt8)
  }

  static func log(_ priority: LogEntry.Priority, _ text: String) -> Effect {
    .log(priority, text, event: nil)
  }

  static func succeed(_ result: JSONValue, _ asker: Asker) -> Effect { .answer(.result(result), asker) }

  static func refuse(_ code: String, _ message: String, _ asker: Asker) -> Effect {
    .answer(.refused(.failed(code: code, message: message)), asker)
  }

  /// A name that is none of those there are.
  static func refuse(unknown what: String, _ name: String, _ legal: [String], _ asker: Asker) -> Effect {
    var sentence = "no \(what) '\(name)'; there is "
    for (index, name) in legal.enumerated() { sentence += (index == 0 ? "" : ", ") + name }
    return .answer(.refused(.invalidParameters(sentence)), asker)
  }
}

/// Something that is waited for, by its name.
struct Deadline: Equatable {
  let name: String
  let at: Instant?

  init(_ name: String, _ at: Instant?) {
    self.name = name
    self.at = at
  }

  static func earliest(of deadlines: [Deadline]) -> Deadline? {
    var next: Deadline?
    for deadline in deadlines {
      guard let at = deadline.at else { continue }
      if next?.at.map({ at < $0 }) ?? true { next = deadline }
    }
    return next
  }
}
