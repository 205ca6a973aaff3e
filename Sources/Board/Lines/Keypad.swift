import Base
import CALSA
import CLinux

/// An input device (evdev) with keys, ours alone as long as this lives.
public final class Keypad: KeyInput {
  /// Can be read from when keys were pressed.
  public let descriptor: Int32
  private let name: String
  private var events = KeyEvents()

  /// `name` is a path, `eventN`, what the device calls itself (`Name,1` is the second one of that name, in the order of
  /// their numbers), or the socket that it is plugged into. A named pipe stands in for a device.
  public init(_ name: String, folder: String = "/dev/input") throws(BoardFailure) {
    self.name = name
    if name.utf8.first == UInt8(ascii: "/") {
      descriptor = lintel_open_input(name)
    } else if name.utf8.begins(with: "event") {
      descriptor = lintel_open_input("\(folder)/\(name)")
    } else {
      descriptor = lintel_find_input(folder, name, BoardLimits.inputDevicesMax)
    }
    let code = descriptor < 0 ? lintel_errno() : lintel_grab_input(descriptor)
    if code != 0 { throw failure(code) }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  public func read(_ take: (KeypadKey) -> Void) throws(BoardFailure) {
    var bytes = [UInt8](repeating: 0, count: BoardLimits.keypadBytesMax)
    let count = bytes.withUnsafeMutableBytes { CLinux.read(descriptor, $0.baseAddress, $0.count) }
    if count > 0 {
      for key in events.take(bytes[..<count]) { take(key) }
      return
    }
    let code = count == 0 ? ENODEV : lintel_errno()
    if code == EAGAIN || code == EINTR { return }
    if let key = events.end() { take(key) }
    throw failure(code)
  }

  private func failure(_ code: Int32) -> BoardFailure {
    .hardware(
      name: "keypad '\(name)'",
      reason: code == ENOTTY
        ? "is no input device" : hardwareReason(code, group: "input", list: "ls /dev/input/by-id"))
  }
}
