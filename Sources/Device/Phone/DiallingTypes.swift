import Base
import Configuration
import Control

extension Dialling {
  /// What has to be done, in order.
  enum Action {
    case order(Leg)
    /// `again`: it was asked for before, and something of it is still there.
    case end(Leg, again: Bool)
    /// Then `looked`, or the reason why it is over.
    case look(Leg)
    case tell(Event)
    case log(LogEntry.Priority, String)
    case succeed(Asker, Leg)
    case refuse(Asker, Leg.Failure)
    /// `isFirst`: nobody was heard before.
    case answered(Leg, isFirst: Bool)
    /// Nobody of a step answered, and the next one is rung.
    case goesOn(Leg.Failure)
    /// Everything that was begun is over; nil: somebody had answered.
    case over(Leg.Failure?, words: String)
  }

  struct Person {
    let name: String
    let target: DialTarget
  }

  struct Step {
    let people: [Person]
    let seconds: Int
  }

  /// What was asked for at once: it ends when somebody answers.
  struct Round {
    var steps: [Step]
    let options: DialOptions
    let asker: Asker?
  }

  var deadlines: [Deadline] {
    legs.map { Deadline($0.deadlineName, $0.due) } + legs.map { Deadline("leg-look", $0.lookAt) }
  }

  func leg(_ number: Int) -> Leg? { legs.first { $0.number == number } }
  func leg(of identity: Name) -> Leg? { legs.first { $0.identity == identity && $0.isAlive } }
  /// Whether this device rang that one.
  func rang(_ identity: Name) -> Bool { legs.contains { $0.identity == identity && $0.target.way == .sip } }
  /// By the name that was dialled, or by the identity.
  func leg(named who: String) -> Leg? {
    legs.first { $0.isWanted && ($0.name.utf8.elementsEqual(who.utf8) || $0.identity == Name(who)) }
  }
}
