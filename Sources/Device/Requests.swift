import AudioEngine
import Base
import Control

/// Who asked, and so where the answer goes.
enum Asker {
  case client(ControlRequest, Device.ClientID)
  case participant(RemoteCall)
  /// A button of the device; what it caused is seen and heard.
  case button
}

/// What the control socket's clients and the callers of our methods ask.
extension Device {
  func handle(_ request: Request, from asker: Asker, now: Instant) {
    switch request {
    case .status: succeed(status(now: now).json, asker, now)
    case .participants: succeed(status(now: now).participantsJSON, asker, now)
    case .version: succeed(.object([.init("version", .string(version))]), asker, now)
    case .eventsSubscribe:
      answer(.subscribed(status: status(now: now).json, recent: history.recent), to: asker, now: now)
    case .join(let url, let token): join(url: url, token: token, asker, now)
    case .call: join(url: nil, token: nil, asker, now)
    case .leave, .hangup:
      leave(now: now)
      succeed(connectionJSON, asker, now)
    case .mute(let on):
      guard changeMute(.mute(on, asker.origin), now: now) else {
        return answer(
          .refused(.notAllowed("it was muted on the device, where alone that is taken back")), to: asker,
          now: now)
      }
      let result: [JSONValue.Member] = [
        .init("muted", .bool(isMuted)), .init("hard_muted", .bool(mute.switchIsOn)),
      ]
      succeed(.object(result), asker, now)
    case .volume(let level):
      if let level { setVolume(level) }
      succeed(.object([.init("volume", .number(volumePercent))]), asker, now)
    case .doorOpen: openDoor(asker, now)
    case .doorStatus:
      guard let door = doorStatus else { return refuse(DoorRefusal.noDoor, asker, now) }
      succeed(door.json, asker, now)
    case .press(let name, let how): press(name, how, asker, now)
    case .turn(let step): turn(step, asker, now)
    case .indicator(let show, let milliseconds): indicate(show, milliseconds, asker, now)
    case .tone(let name):
      guard let tone = Tone.named.first(where: { $0.name == name })?.tone else {
        return refuse(unknown: "tone", name, Tone.named.map { $0.name }, asker, now)
      }
      emit(.audio(.playTone(tone)))
      succeed(.object([]), asker, now)
    default: if !handleService(request, asker, now) { handleWords(request, asker, now) }
    }
  }

  /// Answers before anything that the attempt causes, as `JoinWatch` relies on.
  func join(url: String?, token: String?, _ asker: Asker, _ now: Instant) {
    switch call.state {
    case .idle, .failed:
      succeed(.object([.init("connection", .string(RoomConnection.connecting.rawValue))]), asker, now)
      agentAttempts = 0
      beginJoin(url: url, token: token, now: now)
    case .ending:
      // Answered when the room is closed, which is a matter of moments.
      guard !isTerminating, waitingJoins.count < DeviceLimits.pendingCallsMax else {
        return refuse("leaving", "the device is just leaving its room", asker, now)
      }
      waitingJoins.append((url, token, asker))
    case .connecting, .waitingAgent, .talking:
      guard url == nil, token == nil else {
        return refuse(
          "already-joined", "the device is in a room already; lintelctl leave first", asker, now)
      }
      succeed(connectionJSON, asker, now)
      // Whoever asks does not wait for the next attempt, and is told again why the last one failed.
      guard retryDue != nil else { return }
      failure = nil
      attempt(now: now)
    }
  }

  private var connectionJSON: JSONValue { .object([.init("connection", .string(connection.rawValue))]) }

  func succeed(_ result: JSONValue, _ asker: Asker, _ now: Instant) {
    answer(.result(result), to: asker, now: now)
  }

  func refuse(_ code: String, _ message: String, _ asker: Asker, _ now: Instant) {
    answer(.refused(.failed(code: code, message: message)), to: asker, now: now)
  }

  /// A name that is none of those there are.
  func refuse(unknown what: String, _ name: String, _ legal: [String], _ asker: Asker, _ now: Instant) {
    var words = "no \(what) '\(name)'; there is "
    for (index, name) in legal.enumerated() { words += (index == 0 ? "" : ", ") + name }
    answer(.refused(.invalidParameters(words)), to: asker, now: now)
  }

  func answer(_ answer: Answer, to asker: Asker, now: Instant) {
    switch asker {
    case .client(let request, let client): emit(.answer(answer, to: request, client: client))
    case .participant(let call): answerRemote(answer, to: call, now: now)
    case .button: if case .refused(let failure) = answer { log(.warning, failure.description) }
    }
  }
}

extension Asker {
  var origin: MuteState.Origin { if case .participant = self { .afar } else { .device } }
}
