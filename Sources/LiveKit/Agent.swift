import Base

/// What an agent says of itself (attribute `lk.agent.state`).
public enum AgentState: String, Sendable { case initializing, idle, listening, thinking, speaking }

extension Participant {
  /// nil if it says none, or one that is not known.
  public var agentState: AgentState? { attributes["lk.agent.state"].flatMap { AgentState(rawValue: $0) } }

  public var agentName: String { attributes["lk.agent.name"] ?? "" }

  /// The identity of the agent whose voice and face this worker is; nil for everybody else.
  public var publishesOnBehalfOf: String? {
    guard let identity = attributes["lk.publish_on_behalf"], !identity.isEmpty else { return nil }
    return identity
  }

  public var isAvatarWorker: Bool { publishesOnBehalfOf != nil }

  /// An agent that is there to be talked to: its media are up, and it speaks for itself.
  public var isActiveAgent: Bool { kind == .agent && state == .active && !isAvatarWorker }
}

extension Room {
  /// The agent that counts: of several the one that was known first.
  public var agent: Participant? { core.directory.remotes.first { $0.isActiveAgent } }

  /// To be called after participants changed: tells when the agent comes, goes or is replaced, and its state.
  func watchAgent() {
    let agent = self.agent
    let seen = agent.map { SeenAgent(sid: $0.sid, state: $0.agentState) }
    guard seen != core.seenAgent else { return }
    core.seenAgent = seen
    emit(.agentChanged(agent))
  }
}

/// What was last told of the agent.
struct SeenAgent: Equatable {
  var sid: Name
  var state: AgentState?
}
