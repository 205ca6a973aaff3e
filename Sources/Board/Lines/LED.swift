import Base
import CALSA
import CLinux

/// A light of the kernel's LED class: on at its greatest brightness, or off. One of several colours (the multicolour
/// class) shows the one that it is told.
public final class LED: DigitalOutput {
  private let name: String
  private let files: String
  private var greatest: [UInt8]
  /// What its parts are called, in the order of `multi_intensity`; empty for a light of one colour.
  private let parts: [ArraySlice<UInt8>]
  private var colour: UInt32?

  public static let white: UInt32 = 0xFFFFFF

  /// Takes the light from whatever trigger moves it. `folder` is the LED class, or a test's own.
  public init(_ name: String, folder: String = "/sys/class/leds") throws(BoardFailure) {
    self.name = name
    files = "\(folder)/\(name)/"
    greatest = Self.read(files + "max_brightness", bytesMax: BoardLimits.brightnessBytesMax)
    if greatest.isEmpty { greatest = [UInt8(ascii: "1")] }
    parts = Self.read(files + "multi_index", bytesMax: BoardLimits.colourBytesMax)
      .split { $0 == 0x20 || $0 == 0x0A }
    // Some lights have no triggers; one that may not be touched is told by what follows.
    _ = lintel_write_attribute(files + "trigger", "none", 4)
    try set(false)
  }

  public func set(_ on: Bool) throws(BoardFailure) { try show(on ? Self.white : 0) }

  /// Red, green and blue in eight bits each; 0 is off.
  public func show(_ colour: UInt32) throws(BoardFailure) {
    // A light that nobody has told a colour may have none.
    if colour != 0, colour != self.colour, !parts.isEmpty {
      try write("multi_intensity", Array(intensities(colour).utf8))
      self.colour = colour
    }
    try write("brightness", colour == 0 ? [UInt8(ascii: "0")] : greatest)
  }

  private func intensities(_ colour: UInt32) -> String {
    let most = UInt32(clamping: decimal(greatest.prefix { isDigit($0) }) ?? 1)
    var text = ""
    for part in parts {
      // The kernel's names: red, green and blue, or white, amber and others.
      var share = colour == Self.white ? colour : 0
      switch part.first {
      case UInt8(ascii: "r"): share = colour >> 16
      case UInt8(ascii: "g"): share = colour >> 8
      case UInt8(ascii: "b"): share = colour
      default: break
      }
      text += (text.utf8.isEmpty ? "" : " ") + "\(UInt64(share & 0xFF) * UInt64(most) / 0xFF)"
    }
    return text
  }

  private func write(_ file: String, _ bytes: [UInt8]) throws(BoardFailure) {
    let code = bytes.withUnsafeBytes { lintel_write_attribute(files + file, $0.baseAddress, $0.count) }
    if code != 0 {
      throw .hardware(
        name: "light \(name)", reason: hardwareReason(code, group: "gpio", list: "ls /sys/class/leds"))
    }
  }

  private static func read(_ path: String, bytesMax: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    let count = bytes.withUnsafeMutableBytes { lintel_read_attribute(path, $0.baseAddress, $0.count) }
    bytes.removeLast(bytesMax - count)
    return bytes
  }
}
