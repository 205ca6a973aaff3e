import Base

/// The status in one line, for a service manager: what is wrong first, then the call, the room and the mute.
public enum StatusSummary {
  public static func render(_ status: JSONValue) -> String {
    let problem = StatusProblems.of(status).first
    let room = status["room"]
    var state = status["call"]["state"].string ?? "starting"
    if state == CallState.waitingAgent.rawValue { state = "waiting for the agent" }
    var place = room["connection"].string ?? ""
    if let name = named(room["name"], { "room \($0)" }) { place = "\(name) \(place)" }
    let others = status["participants"].array.count
    let audio = status["audio"]
    return printable(
      (problem.map { "Problem: \($0); " } ?? "")
        + listed([
          "call \(state)", place, others == 0 ? nil : others == 1 ? "1 other" : "\(others) others",
          audio["hard_muted"].bool == true
            ? "muted by the switch" : audio["muted"].bool == true ? "muted" : nil,
          named(status["door"]["state"]) { "door \($0)" },
        ]))
  }
}
