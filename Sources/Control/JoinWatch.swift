import Base
import JSON

/// Follows a join to its end, from the lines that the daemon sends.
///
/// The contract between daemon and client: the daemon answers `join` at once with `{"connection": STATE}`, and only
/// then sends what the attempt causes. The client subscribed before, so it misses nothing; whatever it reads before
/// the reply belongs to the time before and is left aside. After it:
///
/// | the daemon sends | the join |
/// |---|---|
/// | result with connection = connected | had succeeded before: the device is in that room |
/// | `room.connection` connected | succeeded: media flows |
/// | `room.failure`, retriable | goes on; the message is the reason if the time runs out |
/// | `room.failure`, not retriable | failed with that message |
/// | `room.connection` disconnected | failed, with its reason or that of the last failure |
/// | error | failed with that message, or is not allowed |
public struct JoinWatch: Sendable {
  public enum Outcome: Equatable, Sendable {
    case connected
    /// A sentence without its full stop.
    case failed(String)
    case notAllowed(String)
  }

  private let id: RequestID
  /// The daemon took the request; what follows belongs to it.
  public private(set) var isAccepted = false
  /// The message of the last failure that the daemon retries.
  public private(set) var lastFailure: String?

  /// `id` is that of the join request.
  public init(id: RequestID) { self.id = id }

  /// The outcome, once there is one.
  public mutating func handle(_ message: ServerMessage) -> Outcome? {
    switch message {
    case .result(id, let result):
      isAccepted = true
      return result["connection"].string == RoomConnection.connected.rawValue ? .connected : nil
    case .failure(id, let code, let message, _):
      return code == Int64(ControlFailure.notAllowedCode) ? .notAllowed(message) : .failed(message)
    case .event(let event) where isAccepted: return handle(event)
    default: return nil
    }
  }

  /// The sentence for a client whose patience of `seconds` is over.
  public func outOfTime(seconds: Int) -> String {
    var message = "not connected after \(seconds) s"
    if let lastFailure { message += ": " + lastFailure }
    return message + " (the daemon keeps trying; `lintelctl leave` stops it)"
  }

  private mutating func handle(_ event: JSONValue) -> Outcome? {
    switch event["event"].string {
    case "room.connection":
      switch event["state"].string {
      case RoomConnection.connected.rawValue: return .connected
      case RoomConnection.disconnected.rawValue:
        return .failed(event["reason"].string ?? lastFailure ?? "the daemon left the room")
      default: return nil
      }
    case "room.failure":
      let message = event["message"].string ?? "the daemon gave no reason"
      guard event["retriable"].bool == true else { return .failed(message) }
      lastFailure = message
      return nil
    default: return nil
    }
  }
}
