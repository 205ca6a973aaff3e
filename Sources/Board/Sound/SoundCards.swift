import Base
import CLinux

/// What the kernel tells about its sound cards, for the words of a failure only.
struct SoundCards {
  /// Where the kernel tells it; a test points it elsewhere.
  var root = "/proc/asound"
  var processes = "/proc"

  /// "there are: hw:0,0 (USB Audio)", or that there is none.
  func available(_ direction: AudioDirection) -> String {
    var found = ""
    for device in devices(direction) {
      found += (found.isEmpty ? "" : ", ") + "hw:\(device.card),\(device.number) (\(device.title))"
    }
    if found.isEmpty { return "this system has no sound card with \(direction.word)" }
    return "there are: " + found
  }

  /// The program that has a device of this direction open, by its name and process id.
  func holder(_ direction: AudioDirection) -> String {
    let letter = direction == .capture ? "c" : "p"
    for device in devices(direction) {
      let status = read("\(root)/card\(device.card)/pcm\(device.number)\(letter)/sub0/status")
      for line in status.split(separator: UInt8(ascii: "\n")) {
        guard line.starts(with: "owner_pid".utf8), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
          continue
        }
        let process = text(trimmed(line[(colon + 1)...]))
        let program = text(trimmed(read("\(processes)/\(process)/comm")[...]))
        return "\(program.isEmpty ? "a program" : program) (process \(process))"
      }
    }
    return "another program"
  }

  private struct Device {
    var card: Int
    var number: Int
    var title: String
  }

  /// Lines of /proc/asound/pcm look like "01-00: USB Audio : USB Audio : playback 1 : capture 1".
  private func devices(_ direction: AudioDirection) -> [Device] {
    var result: [Device] = []
    for line in read("\(root)/pcm").split(separator: UInt8(ascii: "\n")) {
      let parts = line.split(separator: UInt8(ascii: ":"))
      guard parts.count >= 3 else { continue }
      let numbers = parts[0].split(separator: UInt8(ascii: "-"))
      guard numbers.count == 2, let card = decimal(numbers[0]), let number = decimal(numbers[1]) else {
        continue
      }
      let word = direction.word
      guard parts[2...].contains(where: { trimmed($0).starts(with: word.utf8) }) else { continue }
      result.append(Device(card: card, number: number, title: text(trimmed(parts[1]))))
    }
    return result
  }

  private func read(_ path: String) -> [UInt8] {
    let descriptor = lintel_open_for_reading(path)
    guard descriptor >= 0 else { return [] }
    defer { _ = close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: BoardLimits.procFileBytesMax)
    let count = bytes.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress, $0.count) }
    return Array(bytes.prefix(max(0, count)))
  }
}

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
