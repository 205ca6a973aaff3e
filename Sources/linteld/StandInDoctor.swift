import Base
import CLinux
import Configuration
import Control
import JSON
import System

/// The self-test without a daemon: the same, made by this process with the rights of whoever started it. It prints
/// JSON, which lintelctl shows to a person.
func standInDoctor(configurationAt path: String) -> Int32 {
  lintel_ignore_signal(SIGPIPE)
  Journal.isQuiet = true
  var rows = [
    DoctorRow(
      "daemon", .fail, "linteld does not run; what follows was tested without it, with your rights",
      advice: "systemctl status linteld, and journalctl -u linteld for the reason"
    ).json
  ]
  var more: [JSONValue.Member] = []
  do throws(ConfigurationUnusable) {
    var settings = try readConfigurationForService(at: path)
    settings.session.mode = .onDemand
    rows.append(DoctorRow("config", .pass, "\(path) is as it should be").json)
    do throws(StartFailure) {
      let result = try Daemon(settings, configuration: path, isStandIn: true).runDoctor() ?? .null
      rows += result["rows"].array
      more = [.init("measured", result["measured"])]
    } catch {
      rows.append(DoctorRow("start", .fail, error.description, advice: "linteld would not start either").json)
    }
  } catch {
    for line in error.lines {
      rows.append(
        DoctorRow("config", .fail, line, advice: "correct it; linteld --check-config tries again").json)
    }
  }
  print(Control.Doctor.json(rows, more).text)
  return 1
}
