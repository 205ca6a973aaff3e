import Base

/// Decides when a line that bounces counts as on or off. Between the first edge and the moment at which the line was
/// quiet for a while nobody listens to it, so that one that swings wildly wakes its owner once in a while and no more.
///
/// | stage | when | it counts as | then |
/// |---|---|---|---|
/// | listening | an edge | as before; on at once, if it closes at once | waiting |
/// | waiting | the time is over, with another edge in it | as before | waiting, for at most `roundsMax` times |
/// | waiting | the time is over, without one | what it is | listening |
/// | waiting | the rounds are over | what it is; on, if it closes at once | listening |
///
/// A switch that keeps something closed closes at its first edge, whatever the line is a moment later: what it is for
/// is not to be late, and a bounce costs nothing but some milliseconds of the other state.
public struct Debounce: Equatable, Sendable {
  /// What it counts as.
  public private(set) var isOn: Bool
  /// When the line is to be looked at; nil while it is listened to.
  public private(set) var deadline: Instant?
  private let milliseconds: Int
  private let closesAtOnce: Bool
  private var roundsLeft = 0

  public static let roundsMax = 10

  /// `isOn` is how the line was found.
  public init(milliseconds: Int, closesAtOnce: Bool = false, isOn: Bool) {
    self.milliseconds = milliseconds
    self.closesAtOnce = closesAtOnce
    self.isOn = isOn
  }

  /// There was an edge. True if that alone makes it count as something else.
  public mutating func edge(now: Instant) -> Bool {
    guard deadline == nil else { return false }
    roundsLeft = Self.roundsMax
    deadline = now.advanced(byMilliseconds: milliseconds)
    return closesAtOnce && change(to: true)
  }

  /// The line at the deadline, and whether it had edges since it was looked at last. True if it counts as something
  /// else now.
  public mutating func look(isOn line: Bool, hadEdges: Bool, now: Instant) -> Bool {
    guard let due = deadline, due <= now else { return false }
    roundsLeft -= 1
    if hadEdges, roundsLeft > 0 {
      deadline = now.advanced(byMilliseconds: milliseconds)
      return false
    }
    deadline = nil
    return change(to: line || (hadEdges && closesAtOnce))
  }

  private mutating func change(to isOn: Bool) -> Bool {
    guard isOn != self.isOn else { return false }
    self.isOn = isOn
    return true
  }
}
