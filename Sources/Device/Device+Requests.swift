import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit

/// What the control socket's clients, the callers of our methods and the keys of the board ask for.
extension Device {
  func serve(_ request: Request, _ asker: Asker, now: Instant) {
    switch request {
    case .status: perform([.succeed(status(now: now).json, asker)], now: now)
    case .participants: perform([.succeed(status(now: now).participantsJSON, asker)], now: now)
    case .version:
      perform([.succeed(.object([.init("version", .string(report.version))]), asker)], now: now)
    case .eventsSubscribe:
      answer(.subscribed(status: status(now: now).json, recent: report.recentEvents), to: asker, now: now)
    case .join(let url, let token):
      perform([.stay(.asked(Stay.Wish(url: url, token: token), by: asker))], now: now)
    case .call: serveCall(asker, now: now)
    case .leave: leave(asker, now: now)
    case .hangup(let who): serveHangup(who, asker, now: now)
    case .dial(let request): serveDial(request, asker, now: now)
    case .answer: serveAnswer(asker, now: now)
    case .refuse: serveRefuse(asker, now: now)
    case .hold(let on): serveHold(on, asker, now: now)
    case .transfer(let request): serveTransfer(request, asker, now: now)
    case .directory: serveDirectory(asker, now: now)
    case .serverAPI(let request): serveAPI(request, asker, now: now)
    case .mute(let on): mute(on, asker, now: now)
    case .volume(let level):
      if let level { perform(panel.setVolume(level), now: now) }
      perform([.succeed(.object([.init("volume", .number(panel.volumePercent))]), asker)], now: now)
    case .doorOpen, .doorStatus, .doorOverride: serveDoor(request, asker, now: now)
    case .press(let name, let press): perform(panel.press(name, press, asker, house, now: now), now: now)
    case .turn(let step): turn(step, asker, now: now)
    case .indicator(let show, let milliseconds): indicate(show, milliseconds, asker, now: now)
    case .tone(let name): play(name, asker, now: now)
    case .rpc, .dtmf, .send, .attributes, .sendFileBegin, .sendFileData, .sendFileEnd:
      guard isInRoom else {
        return perform([.refuse("no-room", "the device is in no room", asker)], now: now)
      }
      let own = room.localParticipant.attributes
      perform(messaging.handle(request, asker, attributes: own, now: now), now: now)
    case .doctor(let yes):
      perform(doctor.begin(asker, facts, mayBeHeard: yes, now: now), now: now)
      // It listens.
      report.noteChange()
    case .stats: perform([.succeed(Metrics.json(metrics(now: now)), asker)], now: now)
    case .metrics:
      let members: [JSONValue.Member] = [
        .init("content_type", .string(Metrics.contentType)), .init("text", .string(openMetrics(now: now))),
      ]
      perform([.succeed(.object(members), asker)], now: now)
    case .logLevel(let level): perform(report.setLogLevel(level, asker), now: now)
    case .configShow:
      perform([.succeed(.object([.init("text", .string(settings.publicText))]), asker)], now: now)
    case .configCheck: readConfiguration(for: .check(asker))
    case .configReload: readConfiguration(for: .reload(asker))
    }
  }

  private func leave(_ asker: Asker, now: Instant) {
    let before = stay.connection
    perform([.stay(.leave(reason: nil))], now: now)
    let result: [JSONValue.Member] = [
      .init("connection", .string(stay.connection.rawValue)), .init("was", .string(before.rawValue)),
    ]
    perform([.succeed(.object(result), asker)], now: now)
  }

  private func mute(_ on: Bool, _ asker: Asker, now: Instant) {
    guard let effects = microphone.change(.mute(on, asker.origin), in: room, now: now) else {
      let words = "it was muted on the device, where alone that is taken back"
      return answer(.refused(.notAllowed(words)), to: asker, now: now)
    }
    let result: [JSONValue.Member] = [
      .init("muted", .bool(microphone.isMuted)), .init("hard_muted", .bool(microphone.isHardMuted)),
    ]
    perform(effects + [.succeed(.object(result), asker)], now: now)
  }

  private func serveDoor(_ request: Request, _ asker: Asker, now: Instant) {
    guard request != .doorStatus else {
      guard let door = door.status(surroundings) else { return refuse(.noDoor, asker, now: now) }
      return perform([.succeed(door.json, asker)], now: now)
    }
    var caller = Caller.local
    var way = request == .doorOverride ? DoorWay.override : .local
    if case .participant(let call) = asker { (caller, way) = (call.caller, .rpc) }
    let (refusal, effects) = door.ask(caller, way, surroundings, now: now)
    perform(effects, now: now)
    if let refusal { return refuse(refusal, asker, now: now) }
    perform([.succeed(door.status(surroundings)?.json ?? .null, asker)], now: now)
  }

  private func refuse(_ refusal: DoorRefusal, _ asker: Asker, now: Instant) {
    let isPolicy = refusal != .noDoor && refusal != .lockFailed
    let failure: ControlFailure =
      isPolicy ? .notAllowed(refusal.words) : .failed(code: refusal.rawValue, message: refusal.words)
    answer(.refused(failure), to: asker, now: now)
  }

  private func indicate(_ show: String, _ milliseconds: Int?, _ asker: Asker, now: Instant) {
    let refused = panel.indicate(show, milliseconds, asker, now: now)
    guard refused.isEmpty else { return perform(refused, now: now) }
    perform(panel.show(indicatorFacts), now: now)
    perform([.succeed(.object([.init("indicator", .string(panel.indicator.rawValue))]), asker)], now: now)
  }

  private func play(_ name: String, _ asker: Asker, now: Instant) {
    guard let tone = Tone.named.first(where: { $0.name == name })?.tone else {
      return perform([.refuse(unknown: "tone", name, Tone.named.map { $0.name }, asker)], now: now)
    }
    perform([.audio(.playTone(tone)), .succeed(.object([]), asker)], now: now)
  }

  // MARK: - By somebody in the room

  func serve(_ call: RemoteCall, now: Instant) {
    if servePhone(call, now: now) { return }
    let asker = Asker.participant(call)
    do throws(ControlFailure) {
      guard RemoteMethods.allows(call.method, call.caller, settings) else {
        throw .notAllowed("\(call.caller.words) may not call \(call.method)")
      }
      serve(try RemoteMethods.request(method: call.method, payload: call.payload), asker, now: now)
    } catch {
      answer(.refused(error), to: asker, now: now)
    }
  }

  func answerRemote(_ answer: Answer, to call: RemoteCall, now: Instant) {
    var failure: String?
    switch answer {
    case .result(let value): messaging.answer(call, .done(payload: value.text), now: now)
    case .refused(let why):
      let (code, data) = RemoteMethods.code(of: why)
      failure = why.description
      messaging.answer(call, .refused(code: code, message: why.description, data: data), now: now)
    case .subscribed: break
    }
    let event = Event.rpc(identity: call.caller.words, method: call.method, failure: failure)
    perform([.tellWithin(budget: "rpc " + call.caller.kind, event)], now: now)
  }

  // MARK: - The configuration

  func readConfiguration(for asker: ConfigurationAsker) {
    report.wantConfiguration(asker)
    emit(.readConfiguration)
  }

  func configurationRead(_ result: Result<Settings, ConfigurationMistakes>, now: Instant) {
    guard let asker = report.takeConfigurationAsker() else { return }
    let read = ConfigurationRead(result, for: asker, into: &settings)
    encrypt(now: now)
    if read.isAboutTheStay { perform([.stay(.reloaded(isConcerned: true))], now: now) }
    report.noteChange()
    if read.changesVolume { perform(panel.setVolume(settings.audio.volumePercent), now: now) }
    perform(read.answers(asker), now: now)
  }
}
