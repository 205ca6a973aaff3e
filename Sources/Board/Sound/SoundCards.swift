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

  /// The program that has the device of this name open, by its name and process id. Where the name does not say
  /// which card it is, the owner of the only one that is open; one of several may be innocent.
  func holder(of name: String, _ direction: AudioDirection) -> String {
    let wanted = SoundCardName(name)
    var owners: [String] = []
    for device in devices(direction) where wanted.map({ names($0, device) }) ?? true {
      if let owner = owner(of: device, direction) { owners.append(owner) }
    }
    guard let owner = owners.first, wanted != nil || owners.count == 1 else { return "another program" }
    return owner
  }

  private func names(_ name: SoundCardName, _ device: Device) -> Bool {
    if let number = name.device, number != device.number { return false }
    if let number = name.cardNumber { return number == device.card }
    return trimmed(read("\(root)/card\(device.card)/id")[...]).elementsEqual(name.card)
  }

  private func owner(of device: Device, _ direction: AudioDirection) -> String? {
    let letter = direction == .capture ? "c" : "p"
    for subdevice in 0..<BoardLimits.subdevicesMax {
      let folder = "\(root)/card\(device.card)/pcm\(device.number)\(letter)/sub\(subdevice)"
      for line in read(folder + "/status").split(separator: UInt8(ascii: "\n")) {
        guard line.begins(with: "owner_pid"), let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
          continue
        }
        let process = text(trimmed(line[(colon + 1)...]))
        let program = text(trimmed(read("\(processes)/\(process)/comm")[...]))
        return "\(program.isEmpty ? "a program" : program) (process \(process))"
      }
    }
    return nil
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
      guard parts[2...].contains(where: { trimmed($0).begins(with: word) }) else { continue }
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

/// The card, and perhaps its device, that an ALSA name such as `hw:1,0` or `plughw:CARD=Device,DEV=0` tells.
struct SoundCardName {
  /// Number or id.
  let card: ArraySlice<UInt8>
  let device: Int?

  var cardNumber: Int? { decimal(card) }

  /// nil for a name that tells none, such as `default`.
  init?(_ name: String) {
    let bytes = Array(name.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let parts = bytes[(colon + 1)...].split(separator: UInt8(ascii: ","))
    guard let first = parts.first else { return nil }
    card = Self.value(of: "CARD=", first)
    device = parts.count > 1 ? decimal(Self.value(of: "DEV=", parts[1])) : nil
    // `plug:` and its like take names, not cards.
    if card.isEmpty || card.contains(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "'") }) {
      return nil
    }
  }

  private static func value(of key: StaticString, _ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let key = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return part.starts(with: key) ? part.dropFirst(key.count) : part
  }
}

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
