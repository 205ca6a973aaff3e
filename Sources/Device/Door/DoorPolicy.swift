import Base
import Configuration
import Control

/// Who asks for something, as far as the device can tell.
struct Caller: Equatable, Sendable {
  /// The participant's kind in a word, as the server stamped it; `server`, `local` for the control socket, `keypad`,
  /// `hidden` for who is in the room and not seen, or `unknown`.
  var kind: String
  /// Empty for the server and who is hidden.
  var identity: Name
  /// Of whom the room knows, so that two who look alike are two.
  var sid: Name = ""
  /// Of a telephone, over which its bridge took the call; empty for everybody else.
  var trunk = ""
  /// A telephone that this device has rung.
  var isCalled = false

  /// Who it is; what else is known of him may grow.
  static func == (one: Caller, other: Caller) -> Bool {
    one.kind == other.kind && one.identity == other.identity && one.sid == other.sid
  }

  static let unknownKind = "unknown"
  static let local = Caller(kind: "local", identity: "lintelctl")
  static let server = Caller(kind: "server", identity: "")
  static let keypad = Caller(kind: "keypad", identity: "keypad")

  func isAllowed(by rules: AllowRules) -> Bool {
    rules.allow(kind: kind, identity: identity.text, trunk: trunk, isCalled: isCalled)
  }

  var words: String { identity.isEmpty ? kind : identity.text }

  /// For the journal: a participant may call itself `lintelctl`.
  var audit: String { identity.isEmpty ? kind : "\(identity.text) (\(kind))" }
}

/// How the door is asked for.
enum DoorWay: Equatable, Sendable {
  /// Telephone keys, ended by `#`; whether they were the code.
  case code(isRight: Bool)
  case rpc
  case local
  /// By an administrator of the device.
  case override

  var word: String {
    switch self {
    case .code: "dtmf"
    case .rpc: "rpc"
    case .local: "local"
    case .override: "override"
    }
  }
}

enum DoorVerdict: Equatable, Sendable {
  case open
  case refused(DoorRefusal)
}

/// Why the door stays closed. The raw value is for programs.
enum DoorRefusal: String, Error, CaseIterable, Sendable {
  case noDoor = "no-door"
  case noCode = "no-code"
  case notAllowed = "not-allowed"
  case lockedOut = "locked-out"
  case never
  case noCall = "no-call"
  case wrongCode = "wrong-code"
  case held
  case lockFailed = "lock-failed"

  var words: String {
    switch self {
    case .noDoor: "this device has no door ([door] output)"
    case .noCode: "no code is configured"
    case .notAllowed: "this participant may not open the door"
    case .lockedOut: "too many wrong codes; none is taken for a while"
    case .never: "the door is not opened this way"
    case .noCall: "the door is opened this way only in a call"
    case .wrongCode: "the code is wrong"
    case .held: "it was open for as long as it may be; ask again in a moment"
    case .lockFailed: "the lock cannot be moved; lintelctl doctor says why"
    }
  }
}

/// Whether the door opens. The first row that fits decides:
///
/// | way | who and when | verdict |
/// |---|---|---|
/// | any | there is no door | refused: no-door |
/// | code | the kind or identity is not in dtmf-allow | refused: not-allowed, whatever was typed |
/// | code | no code is configured | refused: no-code |
/// | code | locked out | refused: locked-out, whatever was typed |
/// | rpc | the kind or identity is not in rpc-allow | refused: not-allowed |
/// | override | | open, whatever `when` says |
/// | any | its `when` is never | refused: never |
/// | any | its `when` is in-call, and nobody can be heard | refused: no-call |
/// | code | the code is wrong | refused: wrong-code, which counts |
/// | any | it was held open for as long as it may be | refused: held |
/// | any | the lock does not work | refused: lock-failed |
/// | any | otherwise | open |
enum DoorPolicy {
  struct Circumstances: Equatable, Sendable {
    var hasDoor = true
    var hasCode = true
    /// Somebody can be heard.
    var inCall = true
    var isLockedOut = false
    var lockWorks = true
    /// It has just been open for as long as it may be without a pause.
    var wasHeldOpen = false
  }

  static func verdict(
    _ caller: Caller, _ way: DoorWay, _ now: Circumstances, _ settings: DoorSettings
  ) -> DoorVerdict {
    guard now.hasDoor else { return .refused(.noDoor) }
    let when: DoorTime
    switch way {
    case .code:
      guard caller.isAllowed(by: settings.codeAllow) else {
        return .refused(.notAllowed)
      }
      guard now.hasCode else { return .refused(.noCode) }
      guard !now.isLockedOut else { return .refused(.lockedOut) }
      when = settings.codeWhen
    case .rpc:
      guard caller.isAllowed(by: settings.rpcAllow) else {
        return .refused(.notAllowed)
      }
      when = settings.rpcWhen
    case .local: when = settings.localWhen
    case .override: when = .always
    }
    switch when {
    case .never: return .refused(.never)
    case .inCall where !now.inCall: return .refused(.noCall)
    default: break
    }
    if way == .code(isRight: false) { return .refused(.wrongCode) }
    if now.wasHeldOpen { return .refused(.held) }
    return now.lockWorks ? .open : .refused(.lockFailed)
  }

  /// Compares in a time that tells nothing about how much of the code was right.
  static func isCode(_ typed: [UInt8], _ code: [UInt8]) -> Bool {
    var difference = UInt(bitPattern: typed.count ^ code.count)
    for index in 0..<ConfigurationLimits.codeDigitsMax {
      let left = index < typed.count ? typed[index] : 0
      let right = index < code.count ? code[index] : 0
      difference |= UInt(left ^ right)
    }
    return difference == 0
  }
}
