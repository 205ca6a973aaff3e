import Base
import Configuration
import Control
import JSON

/// The methods that the device offers to others in the room. Each is the request of the control socket of the same
/// name: the payload is the object of its parameters, the answer its result. README.md has the table.
public enum RemoteMethods {
  public static let prefix = "lintel."
  /// Registered before joining, as an agent may call as soon as it sees the device.
  public static let all =
    Method.allCases.filter { $0.isRemote }.map { prefix + $0.rawValue } + [call, ring, hangup]
  /// These are no requests of the control socket: `Device+Remote`.
  static let call = prefix + "call"
  static let ring = prefix + "ring"
  static let hangup = prefix + "hangup"

  /// The codes of the errors. LiveKit keeps 1001 to 1999 for itself.
  static func code(of failure: ControlFailure) -> (code: Int, data: String) {
    switch failure {
    case .failed(let word, _): (409, word)
    case .notAllowed: (403, "not-allowed")
    default: (400, "bad-payload")
    }
  }

  /// Reads any payload: an object with the parameters, or nothing at all for none.
  public static func request(method: String, payload: String) throws(ControlFailure) -> Request {
    guard all.contains(method) else { throw .unknownMethod(method, nearest: nil) }
    guard payload.utf8.count <= ControlLimits.rpcPayloadBytesMax else {
      throw .invalidParameters("the payload is longer than \(ControlLimits.rpcPayloadBytesMax) bytes")
    }
    var parameters = JSONValue.null
    if !payload.utf8.isEmpty {
      do throws(JSONFailure) {
        parameters = try JSONValue.parse(Array(payload.utf8), valuesMax: ControlLimits.requestValuesMax)
      } catch {
        throw .notJSON(error.description)
      }
    }
    let name = String(decoding: Array(method.utf8.dropFirst(prefix.utf8.count)), as: UTF8.self)
    return try Request.parse(method: name, parameters: parameters)
  }

  /// Who may call what: the door has a policy of its own, which also knows when.
  static func allows(_ method: String, _ caller: Caller, _ settings: Settings) -> Bool {
    method == prefix + Method.doorOpen.rawValue
      || caller.isAllowed(by: settings.rpc.allow)
  }
}
