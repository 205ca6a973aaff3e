import Base
import Control

/// What the control socket's clients ask.
extension Device {
  func handle(_ request: ControlRequest, client: ClientID, now: Instant) {
    switch request.request {
    case .status: answer(.result(status(now: now).json), request, client)
    case .participants: answer(.result(status(now: now).participantsJSON), request, client)
    case .version: answer(.result(.object([.init("version", .string(version))])), request, client)
    case .eventsSubscribe:
      answer(.subscribed(status: status(now: now).json, recent: history.recent), request, client)
    case .join(let url, let token): join(url: url, token: token, request, client, now: now)
    case .leave:
      leave(now: now)
      answer(.result(connectionJSON), request, client)
    case .mute(let on):
      setMuted(on, now: now)
      let result: [JSONValue.Member] = [.init("muted", .bool(isMuted)), .init("hard_muted", .bool(false))]
      answer(.result(.object(result)), request, client)
    case .volume(let level):
      if let level { setVolume(level) }
      answer(.result(.object([.init("volume", .number(volumePercent))])), request, client)
    }
  }

  /// Answers before anything that the attempt causes, as `JoinWatch` relies on.
  private func join(
    url: String?, token: String?, _ request: ControlRequest, _ client: ClientID, now: Instant
  ) {
    switch call.state {
    case .idle, .failed:
      answer(
        .result(.object([.init("connection", .string(RoomConnection.connecting.rawValue))])), request, client)
      beginJoin(url: url, token: token, now: now)
    case .ending:
      refuse("leaving", "the device is just leaving its room; try again in a second", request, client)
    case .connecting, .waitingAgent, .talking:
      guard url == nil, token == nil else {
        return refuse(
          "already-joined", "the device is in a room already; lintelctl leave first", request, client)
      }
      answer(.result(connectionJSON), request, client)
    }
  }

  private var connectionJSON: JSONValue { .object([.init("connection", .string(connection.rawValue))]) }

  private func answer(_ answer: Answer, _ request: ControlRequest, _ client: ClientID) {
    emit(.answer(answer, to: request, client: client))
  }

  private func refuse(_ code: String, _ message: String, _ request: ControlRequest, _ client: ClientID) {
    answer(.refused(.failed(code: code, message: message)), request, client)
  }
}
