import Base
import JSON

/// An agent that comes by itself: in a room that is made, or with a call of a connector.
public struct RoomAgent: Sendable {
  public var name: String
  public var metadata: String?
  public var restartPolicy: RestartPolicy?
  public var deployment: String?
  public var attributes: [(name: String, value: String)] = []

  public enum RestartPolicy: String, CaseIterable, Sendable {
    case onFailure = "JRP_ON_FAILURE"
    case never = "JRP_NEVER"
  }

  public init(_ name: String, metadata: String? = nil) {
    self.name = name
    self.metadata = metadata
  }

  fileprivate func members(room: String?) -> [JSONValue.Member] {
    [
      .init("agent_name", .string(name)), .init("room", .text(room)), .init("metadata", filled(metadata)),
      .init("restart_policy", .text(restartPolicy?.rawValue)), .init("deployment", filled(deployment)),
      .init("attributes", map(attributes)),
    ]
  }

  static func list(_ agents: [RoomAgent]) -> JSONValue {
    agents.isEmpty ? .null : .array(agents.map { message($0.members(room: nil)) })
  }
}

/// `livekit.AgentDispatchService`.
public enum AgentDispatch {
  private static let service = "AgentDispatchService"

  /// The server takes it whether or not anybody serves that agent: whether he comes is seen in the room.
  public static func create(_ agent: RoomAgent, room: String) -> APIRequest {
    APIRequest(
      service, "CreateDispatch", agent.members(room: room), .admin(of: room),
      mayRing: true)
  }

  public static func create(
    agent: String, room: String, metadata: String? = nil, attributes: [(name: String, value: String)] = []
  ) -> APIRequest {
    var wanted = RoomAgent(agent, metadata: metadata)
    wanted.attributes = attributes
    return create(wanted, room: room)
  }

  public static func list(room: String, id: String? = nil) -> APIRequest {
    APIRequest(
      service, "ListDispatch", [.init("dispatch_id", filled(id)), .init("room", .string(room))],
      .admin(of: room))
  }

  public static func delete(id: String, room: String) -> APIRequest {
    APIRequest(
      service, "DeleteDispatch", [.init("dispatch_id", .string(id)), .init("room", .string(room))],
      .admin(of: room))
  }
}
