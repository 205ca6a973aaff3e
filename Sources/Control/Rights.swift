import Base

extension Request {
  /// Whether operating the device is not enough: what it asks for changes how the device works for everybody, or
  /// goes past the door's policy.
  public var needsAdministrator: Bool {
    switch method.row.rights {
    case .anybody: false
    case .administrator: true
    case .administratorIf(let condition): condition(self)
    }
  }
}

/// What a client of the control socket may do, by what the kernel says of it (SO_PEERCRED). Whoever could open the
/// socket may operate the device; that is decided by the socket's group and mode.
public struct ClientRights: Equatable, Sendable {
  public var isAdministrator: Bool

  /// - Parameters:
  ///   - groups: the client's groups, its first among them.
  ///   - owner: the user that the daemon runs as, who could replace it anyway.
  ///   - adminGroup: the group whose members administer; nil if there is none.
  public init(user: UInt32, groups: [UInt32], owner: UInt32, adminGroup: UInt32?) {
    isAdministrator = user == 0 || user == owner || adminGroup.map { groups.contains($0) } ?? false
  }

  /// nil if it may.
  public func refusal(of request: Request, adminGroup: String?) -> ControlFailure? {
    guard request.needsAdministrator, !isAdministrator else { return nil }
    let who =
      adminGroup.map { "root and the members of the group \($0) may" } ?? "root may ([control] admin-group)"
    return .notAllowed("only \(who) do this")
  }
}
