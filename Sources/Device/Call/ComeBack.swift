import Base
import Configuration
import Control

/// What follows when an attempt or a session ended for good. The first row that fits decides:
///
/// | failure | circumstance | what follows |
/// |---|---|---|
/// | not-allowed | the token was fetched ahead | tried again at once, with a new token |
/// | any | on-demand, push-to-talk | end: whoever stands there hears it and presses again |
/// | dismissed-participant-removed | always-on | comes back after 1 h: somebody's hand did it |
/// | dismissed-duplicate-identity | always-on | comes back after 1 h, for it would throw its twin out |
/// | dismissed-(any other) | always-on | comes back after 30 s: whoever deleted the room is done with it then |
/// | any | always-on, with a token that was given for this stay | comes back after 10 s, as configured |
/// | any | always-on, the first time | tried again after 5 s |
/// | any | always-on, after that | tried again after 10 s: nothing is final that a server, a file or a clock can mend |
///
/// A stay that is tried again shows that it is connecting; one that comes back shows that it has failed, and a press or
/// a command begins it at once.
enum ComeBack: Equatable {
  case retry(milliseconds: Int)
  case comeBack(milliseconds: Int)
  case end

  struct Circumstances: Equatable {
    var mode: SessionMode
    var tokenIsGiven = false
    var tokenIsWarm = false
    /// In a row, this one included.
    var failures = 1
  }

  static func after(_ code: String, _ now: Circumstances) -> ComeBack {
    if now.tokenIsWarm, code == "not-allowed" { return .retry(milliseconds: 0) }
    guard now.mode == .alwaysOn else { return .end }
    switch code {
    case "dismissed-participant-removed", "dismissed-duplicate-identity":
      return .comeBack(milliseconds: 3_600_000)
    case _ where code.utf8.begins(with: "dismissed-"): return .comeBack(milliseconds: 30_000)
    default: break
    }
    if now.tokenIsGiven { return .comeBack(milliseconds: 10_000) }
    return .retry(milliseconds: now.failures <= 1 ? 5_000 : 10_000)
  }

  /// Until the next attempt; nil: there is none.
  var milliseconds: Int? {
    switch self {
    case .retry(let milliseconds), .comeBack(let milliseconds): milliseconds
    case .end: nil
    }
  }
}
