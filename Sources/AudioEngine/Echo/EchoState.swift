import Synchronization

/// Whether the echo of the speaker is taken out of the microphone, and if not, why.
public enum EchoState: Int, Sendable, CustomStringConvertible {
  case notWanted
  /// No period has come yet, or the speaker is just being opened.
  case waiting
  case active
  /// The speaker is not there, or a card does not say how long its sound takes.
  case noReference
  /// The audio thread came late too often.
  case noTime
  /// This build has no canceller, or it could not be started.
  case notAvailable

  public var description: String {
    switch self {
    case .notWanted: "the echo canceller is not switched on"
    case .waiting: "the echo canceller waits for the speaker"
    case .active: "the echo canceller works"
    case .noReference:
      "the echo canceller is off: it is not known what the speaker plays, or when "
        + "(no speaker, or a sound card that does not tell its delay)"
    case .noTime:
      "the echo canceller is off: this processor is too slow for it; set duplex = half in [audio]"
    case .notAvailable: "the echo canceller is off: it could not be started"
    }
  }

  var isWarning: Bool { self == .noReference || self == .noTime || self == .notAvailable }
}

/// The state as the audio thread sets it and the reactor thread reads it.
final class EchoStateCell: Sendable {
  private let raw = Atomic<Int>(EchoState.notWanted.rawValue)
  private let told = Atomic<Int>(EchoState.notWanted.rawValue)
  private let reduced = Atomic<Int>(unknownReduction)

  var state: EchoState {
    get { EchoState(rawValue: raw.load(ordering: .relaxed)) ?? .notWanted }
    set { raw.store(newValue.rawValue, ordering: .relaxed) }
  }

  /// How much of the echo is taken away, in decibels; nil before any was heard, and while nothing is.
  var reducedDecibels: Int? {
    get {
      let decibels = reduced.load(ordering: .relaxed)
      return state == .active && decibels != unknownReduction ? decibels : nil
    }
    set { reduced.store(newValue ?? unknownReduction, ordering: .relaxed) }
  }

  /// Reactor thread: the warning that was not told yet, once until the canceller has worked again.
  func takeWarning() -> EchoState? {
    let state = state
    if state == .active { told.store(state.rawValue, ordering: .relaxed) }
    guard state.isWarning, told.load(ordering: .relaxed) != state.rawValue else { return nil }
    told.store(state.rawValue, ordering: .relaxed)
    return state
  }
}

private let unknownReduction = -1

extension Uplink {
  public var echoState: EchoState { echo.state }

  /// How much of the speaker's echo is taken away, in decibels; nil before any was heard, and while nothing is.
  public var echoReducedDecibels: Int? { echo.reducedDecibels }

  /// Why the echo canceller is off although it is wanted: once for each time that this came to be, otherwise nil.
  public func takeEchoWarning() -> EchoState? { echo.takeWarning() }
}
