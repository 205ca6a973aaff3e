import AudioEngine
import Base
import Configuration
import Control

/// One way to one person, from the moment that it is ordered until nothing of it is left.
///
/// | phase | what is known |
/// |---|---|
/// | calling | the order is on its way; it may ring already |
/// | ringing | somebody said that it rings |
/// | answered | somebody speaks there |
/// | ending | it was taken back, or somebody hung up here; it may still ring |
/// | over | nothing of it is left |
struct Leg {
  enum Phase: String, Equatable {
    case calling = "dialling"
    case ringing, answered, ending, over
  }

  /// Why it ended, for programs and for people.
  struct Failure: Equatable {
    var code: String
    /// A sentence without its full stop.
    var words: String

    static let cancelled = Failure(code: "cancelled", words: "taken back")
    static let busyHere = Failure(code: "busy-here", words: "somebody is being rung already")
    static let unanswered = Failure(code: "unanswered", words: "nobody answered")
    static let tooLong = Failure(
      code: "max-duration", words: "the call was as long as [phone] max-duration lets it be")
  }

  /// What does not change: a leg is passed around a lot.
  private final class Order {
    let number: Int
    let name: String
    let target: DialTarget
    let identity: Name
    let options: DialOptions
    let ringSeconds: Int
    let beganAt: Instant

    init(
      _ number: Int, _ person: Dialling.Person, _ options: DialOptions, ringSeconds: Int, stamp: Int64,
      now: Instant
    ) {
      self.number = number
      name = person.name
      target = person.target
      let isThere = person.target.way == .device
      identity = Name(isThere ? person.target.address : "\(person.name)-\(stamp)-\(number)") ?? ""
      self.options = options
      self.ringSeconds = ringSeconds
      beganAt = now
    }
  }

  private let order: Order
  var number: Int { order.number }
  /// As it was dialled.
  var name: String { order.name }
  var target: DialTarget { order.target }
  /// Chosen before anything is sent, as a ringing call is stopped by it alone.
  var identity: Name { order.identity }
  var options: DialOptions { order.options }
  var ringSeconds: Int { order.ringSeconds }
  var beganAt: Instant { order.beganAt }
  var phase = Phase.calling
  var answeredAt: Instant?
  /// What the bridge said last of itself (`sip.callStatus`).
  var status: String?
  /// The order, or the wish to end it, waits for an answer.
  var isOrdered = true
  var isEndOrdered = false
  /// That it cannot be ended yet was told.
  var isDoubtTold = false
  var isTransferred = false
  /// Where it was rung.
  var room = ""
  /// Somebody of that identity is in the room.
  var isPresent = false
  /// Of the phase.
  var due: Instant?
  /// Until when the end is asked for again.
  var endsUntil: Instant?
  var failure: Failure?
  /// When its carrier is asked how it stands, where neither the room nor an order's answer says so.
  var lookAt: Instant?
  /// What the order's answer called it: a call of a connector, a dispatch.
  var reference: String?
  /// Who came for it with an identity that nobody chose.
  var agent: Name?

  init(
    _ number: Int, _ person: Dialling.Person, _ options: DialOptions, ringSeconds: Int, stamp: Int64,
    now: Instant
  ) {
    order = Order(number, person, options, ringSeconds: ringSeconds, stamp: stamp, now: now)
    due = now.advanced(byMilliseconds: ringSeconds * 1000 + DeviceLimits.legGraceMilliseconds)
  }

  mutating func answered(_ now: Instant) {
    phase = .answered
    answeredAt = now
    failure = nil
    due = options.maxSeconds > 0 ? now.advanced(byMilliseconds: options.maxSeconds * 1000) : nil
  }

  mutating func ends(_ reason: Failure, _ now: Instant) {
    phase = .ending
    failure = reason
    endsUntil = now.advanced(byMilliseconds: DeviceLimits.legEndMilliseconds)
    isEndOrdered = true
    due = now.advanced(byMilliseconds: DeviceLimits.legEndPatienceMilliseconds)
  }

  /// A server may have been asked before there was anything to end; what it did end may take its time to go.
  mutating func endAnswered(isGone: Bool, _ now: Instant) {
    isEndOrdered = false
    guard phase == .ending else { return }
    let isGoing = isGone && isPresent
    due = now.advanced(
      byMilliseconds: isGoing ? DeviceLimits.legEndPatienceMilliseconds : DeviceLimits.legEndAgainMilliseconds
    )
  }

  /// Whether its carrier is asked now how it stands.
  mutating func looks(_ now: Instant) -> Bool {
    guard let at = lookAt, at <= now else { return false }
    lookAt = nil
    return phase == .ringing
  }

  var deadlineName: String {
    switch phase {
    case .ending: "leg-end"
    case .answered: "call-limit"
    default: "ringing"
    }
  }

  /// Somebody may be disturbed by it.
  var isAlive: Bool { phase != .over }
  var isWanted: Bool { phase == .calling || phase == .ringing || phase == .answered }
}

/// How somebody is dialled.
struct DialOptions: Equatable {
  var keys: String?
  /// nil: the number is shown; empty: no name is sent.
  var displayName: String?
  var from: String?
  var maxSeconds = 600
  var dialTone = false
  var headers: [TextPair] = []
  var hidesNumber = false
  var encryption = PhoneEncryption.off

  init(_ phone: PhoneSettings) {
    keys = phone.keysAfterAnswer
    displayName = phone.displayName
    from = phone.number
    maxSeconds = phone.maxDurationSeconds
    dialTone = phone.dialTone
    hidesNumber = phone.hidesNumber
    encryption = phone.encryption
  }
}

extension Leg.Failure {
  /// What a visitor hears: not every end sounds the same.
  ///
  /// | code | heard |
  /// |---|---|
  /// | busy | busy |
  /// | refused | refused |
  /// | unanswered | unanswered |
  /// | no-such-number | error, which exchanges play for it |
  /// | cancelled | nothing |
  /// | everything else | unreachable |
  var tone: Tone? {
    switch code {
    case "busy": .busy
    case "refused": .refused
    case "unanswered": .unanswered
    case "no-such-number": .error
    case "cancelled": nil
    default: .unreachable
    }
  }
}
