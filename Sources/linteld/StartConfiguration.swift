import Base
import Configuration
import Device
import System

/// What the daemon starts with.
func readConfiguration(at path: String) throws(ConfigurationUnusable) -> Settings {
  try Settings.forStart(at: path, .handedOver)
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
    _ = try readConfiguration(at: path)
    print("\(path) is as it should be")
    return 0
  } catch {
    for line in error.lines { Journal.write(.error, line) }
    return 1
  }
}
