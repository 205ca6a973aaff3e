import Base
import CALSA
import CLinux

/// Something that is on or off: a button, a switch. When to look at it is not its business: a line of the kernel has a
/// descriptor for that, one in memory calls.
public protocol DigitalInput: AnyObject {
  /// Whether it is on now. `hasChanged` is set if there were edges since the last call.
  func read(_ hasChanged: inout Bool) throws(BoardFailure) -> Bool
}

/// Something that is put on and off: a relay, a light.
public protocol DigitalOutput: AnyObject {
  func set(_ on: Bool) throws(BoardFailure)
}

/// Something with keys.
public protocol KeyInput: AnyObject {
  /// Hands over what was pressed since. A key that is held when the device goes is let go before that is thrown.
  func read(_ take: (KeypadKey) -> Void) throws(BoardFailure)
}

/// Why a piece of hardware cannot be had, with what helps. `group` is whose members may use it, `list` the command
/// that shows what there is.
func hardwareReason(_ code: Int32, group: String, list: String) -> String {
  switch code {
  case ENOENT, ENODEV, ENXIO: "is not there; \(list) lists what is"
  case EBUSY: "is in use by another program"
  case EACCES, EPERM: "may not be used: the user must be in group \(group)"
  default: "does not work: " + systemReason(code)
  }
}
