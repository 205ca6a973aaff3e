import Base
import CALSA
import CLinux

/// A light of the kernel's LED class: on at its greatest brightness, or off.
public final class LED: DigitalOutput {
  private let name: String
  private let files: String
  private var greatest: [UInt8]

  /// Takes the light from whatever trigger moves it. `folder` is the LED class, or a test's own.
  public init(_ name: String, folder: String = "/sys/class/leds") throws(BoardFailure) {
    self.name = name
    files = "\(folder)/\(name)/"
    greatest = [UInt8](repeating: UInt8(ascii: "1"), count: BoardLimits.brightnessBytesMax)
    let count = greatest.withUnsafeMutableBytes {
      lintel_read_attribute(files + "max_brightness", $0.baseAddress, $0.count)
    }
    greatest.removeLast(greatest.count - max(1, count))
    // Some lights have no triggers; one that may not be touched is told by what follows.
    _ = lintel_write_attribute(files + "trigger", "none", 4)
    try set(false)
  }

  public func set(_ on: Bool) throws(BoardFailure) {
    let bytes = on ? greatest : [UInt8(ascii: "0")]
    let code = bytes.withUnsafeBytes {
      lintel_write_attribute(files + "brightness", $0.baseAddress, $0.count)
    }
    if code != 0 {
      throw .hardware(
        name: "light \(name)", reason: hardwareReason(code, group: "gpio", list: "ls /sys/class/leds"))
    }
  }
}
