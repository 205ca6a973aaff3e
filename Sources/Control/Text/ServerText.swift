import Base
import JSON

/// How the answer of the server API is told to a person.
enum ServerText: Equatable, Sendable {
  case json, connectURL, twiml, accepted, dispatch, dispatches, room, rooms, participants
  /// An answer that says nothing but that it was done.
  case done(String)

  /// With its line end; nil if the answer lacks what it was asked for.
  func render(_ answer: JSONValue) -> String? {
    switch self {
    case .json: answer.text + "\n"
    case .done(let words): words + "\n"
    case .connectURL: Self.url(answer).map { $0 + "\n" }
    case .twiml: Self.url(answer).map { Self.twiml($0) }
    case .accepted:
      "accepted" + (named(answer.either("room_name", "roomName")) { ", in room \(printable($0))" } ?? "")
        + "\n"
    case .dispatch: Self.line(Self.dispatch(answer))
    case .dispatches:
      Self.lines(
        answer.either("agent_dispatches", "agentDispatches"), "no agent is dispatched", Self.dispatch)
    case .room: Self.line(Self.room(answer))
    case .rooms: Self.lines(answer["rooms"], "there are no rooms", Self.room)
    case .participants: Self.lines(answer["participants"], "nobody is in the room", Self.participant)
    }
  }

  private static func line(_ text: String) -> String { wrapped(printable(text), indentation: 2) + "\n" }

  private static func lines(_ values: JSONValue, _ none: String, _ make: (JSONValue) -> String) -> String {
    var text = ""
    for value in values.array { text += line(make(value)) }
    return text.utf8.isEmpty ? none + "\n" : text
  }

  /// It becomes part of a document, and of what a script uses; so it has to be a URL's characters and no others.
  private static func url(_ answer: JSONValue) -> String? {
    guard let url = answer.either("connect_url", "connectUrl").string, !url.utf8.isEmpty,
      url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return url
  }

  /// Connect, not Start: the sound goes both ways, and the call lasts as long as the stream.
  private static func twiml(_ url: String) -> String {
    var escaped = ""
    for scalar in url.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&apos;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      + "<Response><Connect><Stream url=\"\(escaped)\"/></Connect></Response>\n"
  }

  /// `AD_x concierge in lobby: running as agent-1`.
  private static func dispatch(_ dispatch: JSONValue) -> String {
    var text = "\(dispatch["id"].string ?? "?") \(dispatch.either("agent_name", "agentName").string ?? "?")"
    text += named(dispatch["room"]) { " in \($0)" } ?? ""
    let jobs = dispatch["state"]["jobs"].array
    guard !jobs.isEmpty else { return text + ": it waits for an agent of that name" }
    return text + ": " + listed(jobs.map { .some(job($0["state"])) })
  }

  private static func job(_ state: JSONValue) -> String {
    let status = word(state["status"], after: "JS_") ?? "pending"
    let who = named(state.either("participant_identity", "participantIdentity")) { " as \($0)" }
    let error = named(state["error"]) { " (\($0))" }
    return status + (who ?? "") + (error ?? "")
  }

  private static func room(_ room: JSONValue) -> String {
    let count = room.either("num_participants", "numParticipants").integer ?? 0
    return (room["name"].string ?? "?") + (named(room["sid"]) { " (\($0))" } ?? "")
      + (count == 1 ? ": 1 participant" : ": \(count) participants")
  }

  /// `alice (standard): TR_1 microphone, TR_2 camera muted`.
  private static func participant(_ participant: JSONValue) -> String {
    let tracks: [String?] = participant["tracks"].array.map { track in
      let source = word(track["source"]) ?? word(track["type"]) ?? "audio"
      return "\(track["sid"].string ?? "?") \(source)" + (track["muted"].bool == true ? " muted" : "")
    }
    let kind = word(participant["kind"]).map { " (\($0))" } ?? ""
    return (participant["identity"].string ?? "?") + kind + ": "
      + (tracks.isEmpty ? "no tracks" : listed(tracks))
  }

  /// The name of an enumeration's value, as a person writes it.
  private static func word(_ value: JSONValue, after prefix: String = "") -> String? {
    guard let name = value.string, !name.utf8.isEmpty else { return nil }
    let rest =
      name.utf8.starts(with: prefix.utf8) ? Array(name.utf8.dropFirst(prefix.utf8.count)) : Array(name.utf8)
    let word = rest.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 == UInt8(ascii: "_") ? 0x20 : $0 }
    return String(decoding: word, as: UTF8.self)
  }
}

extension JSONValue {
  /// The open server writes a field's own name, others the one of JSON (protobuf's JSON mapping allows both).
  fileprivate func either(_ name: String, _ camel: String) -> JSONValue {
    self[name].isNull ? self[camel] : self[name]
  }
}
