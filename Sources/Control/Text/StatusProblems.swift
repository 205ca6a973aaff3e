import Base
import JSON

/// What a status says is wrong, the gravest first, as sentences without their full stops.
enum StatusProblems {
  static func of(_ status: JSONValue) -> [String] {
    var problems: [String] = []
    let room = status["room"]
    if let message = room["failure"]["message"].string {
      problems.append(message + retry(room["failure"]))
    } else if room["connection"].isText(RoomConnection.reconnecting.rawValue)
      || room["connection"].isText(RoomConnection.resuming.rawValue)
    {
      problems.append("the connection to the room was lost and is being restored")
    }
    if status["call"]["state"].isText(CallState.failed.rawValue) {
      let reason = status["call"]["reason"].string ?? "the call failed"
      if !room["failure"]["message"].isText(reason) { problems.append(reason) }
    }
    for problem in status["encryption"]["problems"].array { problems.append(problem.string ?? "") }
    for (name, member) in [("microphone", "capture"), ("speaker", "playback")] {
      if let problem = device(name, status["audio"][member]) { problems.append(problem) }
    }
    for problem in status["board"]["problems"].array { problems.append(problem.string ?? "") }
    if status["board"]["inputs"]["tamper"].bool == true { problems.append("the housing is open") }
    if let alarm = status["door"]["alarm"].string { problems.append("the door was \(alarm)") }
    if room["connection"].isText(RoomConnection.connected.rawValue),
      let quality = room["quality"].string, quality == "poor" || quality == "lost"
    {
      problems.append("the server calls the connection \(quality)")
    }
    switch status["audio"]["canceller"].string {
    case "no-time": problems.append("the echo canceller is off: the audio thread came late too often")
    case "not-available": problems.append("the echo canceller is off: it could not be started")
    default: break
    }
    return problems
  }

  private static func retry(_ failure: JSONValue) -> String {
    guard failure["retriable"].bool == true else { return " (trying again would not help)" }
    guard let wait = failure["retry_in_ms"].integer else { return " (it is being tried again)" }
    return " (next attempt in \(durationText(seconds: (max(0, min(wait, 1 << 40)) + 999) / 1000)))"
  }

  private static func device(_ name: String, _ device: JSONValue) -> String? {
    guard device["state"].isText(AudioDeviceState.absent.rawValue) else { return nil }
    let problem = "the \(name) is absent"
    let device = device["reason"].string ?? named(device["device"]) { "device \($0)" }
    return problem + (device.map { ": \($0)" } ?? "")
  }
}
