import Base
import Configuration
import System

/// What hangs on this machine, as the kernel lists it, for whoever looks from afar.
enum Hardware {
  private static let fileBytesMax = 64 * 1024
  private static let files = [
    "/proc/version", "/etc/os-release", "/etc/debian_version", "/proc/device-tree/model", "/proc/uptime",
    "/proc/loadavg", "/proc/meminfo", "/proc/asound/version", "/proc/asound/cards", "/proc/asound/pcm",
    "/proc/bus/input/devices",
  ]
  private static let folders = [
    "/dev/snd", "/sys/class/sound", "/sys/bus/gpio/devices", "/sys/class/leds", "/sys/class/input",
    "/sys/class/net",
  ]

  static var list: [UInt8] {
    var text: [UInt8] = []
    for path in files { add(path, content(path), to: &text) }
    for folder in folders {
      var names = ""
      for name in Files.names(in: folder, ending: "") { names += name + "\n" }
      add(folder, names.utf8.isEmpty ? nil : Array(names.utf8), to: &text)
    }
    for chip in Files.names(in: "/sys/class/gpio", ending: "") where chip.utf8.begins(with: "gpiochip") {
      let folder = "/sys/class/gpio/" + chip
      for name in ["label", "ngpio"] { add("\(folder)/\(name)", content("\(folder)/\(name)"), to: &text) }
    }
    return text
  }

  private static func content(_ path: String) -> [UInt8]? {
    (try? Files.read(path, bytesMax: fileBytesMax).bytes).map { bytes in bytes.map { $0 == 0 ? 0x0A : $0 } }
  }

  private static func add(_ path: String, _ content: [UInt8]?, to text: inout [UInt8]) {
    text += Array("== \(path)\n".utf8) + (content ?? Array("(not there)\n".utf8))
    if text.last != 0x0A { text.append(0x0A) }
  }
}
