import CLinux

/// Tells when devices may have come: something appeared among them or in one folder there, or became ours to open. Sound
/// servers and other plugins leave no trace there.
public final class DeviceWatch: Sendable {
  /// Readable when something happened; -1 where the kernel has no such thing to give, and the clock must do.
  public let descriptor: Int32
  private let folders: [String]

  /// `root` is where the kernel shows its devices, `folder` is in it.
  public init(_ folder: String, root: String = "/dev") {
    folders = [root, root + "/" + folder]
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  /// To be called before the devices are looked at: the folder may be missing until there is one, and is watched from
  /// the next call on.
  public func look() {
    for folder in folders {
      _ = inotify_add_watch(descriptor, folder, UInt32(IN_CREATE) | UInt32(IN_ATTRIB))
    }
  }

  /// True if something happened since the last call.
  @discardableResult
  public func takeChange() -> Bool {
    var hasChanged = false
    withUnsafeTemporaryAllocation(byteCount: BoardLimits.deviceEventBytes, alignment: 8) { room in
      while read(descriptor, room.baseAddress, room.count) > 0 { hasChanged = true }
    }
    return hasChanged
  }
}
