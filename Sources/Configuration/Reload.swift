import Base

/// What became of a configuration that was read anew, by `[section] key`.
public struct ReloadResult: Equatable, Sendable {
  public var applied: [String] = []
  public var needsRestart: [String] = []

  public init() {}
}

extension Key {
  public var words: String { "[\(section)] \(name)" }

  /// Whether a new value counts at once: it is looked at whenever it is needed, not at the start alone.
  var isLive: Bool {
    switch section {
    case "rpc": true
    case "door": name != "output"
    case "token", "call", "phone", "e2ee": true
    case "ring": name != "standby"
    case "webhook": name != "listen"
    case "session": !["mode", "connect-timeout", "reconnect-attempts"].contains(name)
    case "audio": ["volume", "tones", "pre-roll-ms", "pre-connect-kbps"].contains(name)
    default: false
    }
  }
}

extension Settings {
  /// Takes over what can be taken over without a restart.
  public mutating func reload(_ fresh: Settings) -> ReloadResult {
    var result = ReloadResult()
    for key in Keys.all {
      let value = key.value(in: fresh)
      let isAbsent = key.isAbsent(in: fresh)
      guard value != key.value(in: self) || isAbsent != key.isAbsent(in: self) else { continue }
      if isAbsent, key.isLive {
        key.remove(from: &self)
        result.applied.append(key.words)
      } else if key.isLive, take(value, for: key) {
        result.applied.append(key.words)
      } else {
        result.needsRestart.append(key.words)
      }
    }
    if encryption.secrets != fresh.encryption.secrets {
      encryption.secrets = fresh.encryption.secrets
      result.applied.append("[e2ee] keys")
    }
    if directory != fresh.directory {
      directory = fresh.directory
      result.applied.append("[\(Keys.directorySection)]")
    }
    return result
  }

  /// What was parsed once is legal, so nothing is refused here; were it, the old value would stay.
  private mutating func take(_ value: String, for key: Key) -> Bool {
    do throws(ValueFault) {
      try key.store(value, folder: "/", in: &self)
      return true
    } catch {
      return false
    }
  }

  /// These settings as a `lintel.conf` that anybody may read.
  public var publicText: String {
    var copy = self
    copy.door.code = nil
    copy.token.endpoint = token.endpoint.map { withoutSecrets($0) }
    return copy.text
  }
}
