import Base
import Control
import LiveKit

extension Device {
  /// What `status` tells in one line, for a service manager.
  public func statusLine(now: Instant) -> String { StatusSummary.render(status(now: now).json) }

  /// The room that the device is in or is joining, for the fields of a log; nil without one.
  public var roomName: String? {
    connection == .disconnected || room.info.name.isEmpty ? nil : room.info.name
  }
}
