import Base

/// When something that is missing is asked for again, for ever: at once, then after a pause that doubles with each
/// attempt in vain, up to a longest one. The pauses begin anew when it has worked.
public struct Reopening: Equatable, Sendable {
  public private(set) var isOpen = false
  /// When it is asked for; nil while it is open.
  public private(set) var deadline: Instant?
  private let firstMilliseconds: Int
  private let longestMilliseconds: Int
  private var pauseMilliseconds: Int

  /// The first attempt is due `now`.
  public init(firstMilliseconds: Int, longestMilliseconds: Int, now: Instant) {
    self.firstMilliseconds = firstMilliseconds
    self.longestMilliseconds = longestMilliseconds
    pauseMilliseconds = firstMilliseconds
    deadline = now
  }

  public func isDue(_ now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }

  public mutating func opened() {
    isOpen = true
    deadline = nil
  }

  /// It was closed without being lost: the next attempt is due at once.
  public mutating func closed(now: Instant) {
    isOpen = false
    deadline = now
  }

  /// It did something, so the next loss is a new one.
  public mutating func worked() { pauseMilliseconds = firstMilliseconds }

  /// It could not be opened, or was lost.
  public mutating func failed(now: Instant) {
    isOpen = false
    deadline = now.advanced(byMilliseconds: pauseMilliseconds)
    pauseMilliseconds = min(pauseMilliseconds * 2, longestMilliseconds)
  }

  /// Something has changed, so it is asked for within `milliseconds`.
  public mutating func hurry(milliseconds: Int, now: Instant) {
    guard let deadline else { return }
    self.deadline = min(deadline, now.advanced(byMilliseconds: milliseconds))
    pauseMilliseconds = firstMilliseconds
  }

  /// What is wrong with it will not be better soon.
  public mutating func failed(forMilliseconds milliseconds: Int, now: Instant) {
    isOpen = false
    deadline = now.advanced(byMilliseconds: milliseconds)
  }
}
