import Base
import CLinux
import CUv

/// Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED).
public struct PeerCredentials: Equatable, Sendable {
  public let processIdentifier: Int32
  public let userIdentifier: UInt32
  public let groupIdentifier: UInt32
}

extension StreamSocket {
  /// The local address of a TCP socket, once connected.
  public var localAddress: SocketAddress? {
    let tcp = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_tcp_t.self)
    return isOpen ? SocketAddress.read { uv_tcp_getsockname(tcp, $0, $1) } : nil
  }

  /// nil once the connection is closed.
  public var peerCredentials: PeerCredentials? {
    guard let descriptor else { return nil }
    var credentials = ucred()
    var length = socklen_t(MemoryLayout<ucred>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
    return PeerCredentials(
      processIdentifier: credentials.pid, userIdentifier: credentials.uid,
      groupIdentifier: credentials.gid)
  }

  /// All groups of the peer, its first among them (SO_PEERGROUPS, socket(7)); none once it is closed.
  public var peerGroups: [UInt32] {
    guard let descriptor, let first = peerCredentials?.groupIdentifier else { return [] }
    var groups = [UInt32](repeating: first, count: ReactorLimits.peerGroupsMax)
    var length = socklen_t(groups.count * MemoryLayout<UInt32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &length) == 0 else { return [first] }
    return [first] + groups.prefix(Int(length) / MemoryLayout<UInt32>.size)
  }

  private var descriptor: Int32? {
    var descriptor: Int32 = -1
    let base = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)
    return isOpen && uv_fileno(base, &descriptor) == 0 ? descriptor : nil
  }
}
