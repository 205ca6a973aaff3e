import Base

/// What is different between two states of one participant, its tracks apart.
public struct ParticipantChanges: Equatable, Sendable {
  /// The identity joined again: everything that belonged to the former session is over.
  public var session = false
  /// Joining, joined, active.
  public var state = false
  public var name = false
  public var metadata = false
  public var permission = false
  /// Keys added, changed or removed, sorted.
  public var attributes: [String] = []

  public init() {}

  init(from old: Participant, to new: Participant) {
    session = old.sid != new.sid
    state = old.state != new.state
    name = old.name != new.name
    metadata = old.metadata != new.metadata
    permission = old.permission != new.permission
    for (key, value) in new.attributes where old.attributes[key] != value { attributes.append(key) }
    for (key, _) in old.attributes where new.attributes[key] == nil { attributes.append(key) }
    attributes = sortedByBytes(attributes)
  }
}
