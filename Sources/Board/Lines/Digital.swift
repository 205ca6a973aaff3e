import Base
import CALSA
import CLinux

/// Something that is on or off and tells when it changes: a button, a switch.
public protocol DigitalInput: AnyObject {
  /// Can be read from when there was an edge.
  var descriptor: Int32 { get }
  /// Whether it is on now. `hasChanged` is set if there were edges since the last call.
  func read(_ hasChanged: inout Bool) throws(BoardFailure) -> Bool
}

/// Something that is put on and off: a relay, a light.
public protocol DigitalOutput: AnyObject {
  func set(_ on: Bool) throws(BoardFailure)
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
