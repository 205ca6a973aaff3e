import Base
import Configuration
import Device
import LiveKit
import System

/// What the daemon starts with.
func readConfiguration(at path: String) throws(ConfigurationUnusable) -> Settings {
  var settings = try Settings.forStart(at: path, .handedOver)
  settings.encryption.deriveKeys()
  return settings
}

/// What the service would start with, for a process that is not it: the credentials are those beside the
/// configuration then, as far as whoever asks may read them.
func readConfigurationForService(at path: String) throws(ConfigurationUnusable) -> Settings {
  var settings = try Settings.forStart(at: path, .ofService(configuredAt: path))
  settings.encryption.deriveKeys()
  return settings
}

extension EndToEndSettings {
  /// Takes some tens of milliseconds a key: before the loop begins, or on the thread that reads configurations.
  mutating func deriveKeys() {
    for index in secrets.indices {
      let secret = secrets[index]
      secrets[index].key =
        EncryptionKey.stretched(secret.passphrase, bytes: keyLength.bytes)
    }
  }
}

/// The same for a daemon that runs.
func readConfigurationAnew(at path: String) -> Result<Settings, ConfigurationMistakes> {
  do throws(ConfigurationUnusable) {
    return .success(try readConfiguration(at: path))
  } catch {
    return .failure(ConfigurationMistakes(lines: error.lines))
  }
}

func checkConfiguration(at path: String) -> Int32 {
  do throws(ConfigurationUnusable) {
    _ = try Settings.forStart(at: path, .ofService(configuredAt: path))
    print("\(path) is as it should be")
    return 0
  } catch {
    for line in error.lines { Journal.write(.error, line) }
    return 1
  }
}
