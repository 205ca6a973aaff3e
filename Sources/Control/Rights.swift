import Base

extension Request {
  /// What only an administrator may do, as the end of a sentence: it changes how the device works for everybody, or
  /// goes past the door's policy. nil if it is nothing of the kind.
  fileprivate var administratorsDeed: String? {
    switch method.row.rights {
    case .anybody: nil
    case .administrator: "do this"
    case .administratorIf(let condition, let deed): condition(self) ? deed : nil
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
    guard let deed = request.administratorsDeed, !isAdministrator else { return nil }
    guard let adminGroup else {
      return .notAllowed("only root may \(deed), as no [control] admin-group is configured")
    }
    return .notAllowed("only root and the members of the group \(adminGroup) may \(deed)")
  }
}
