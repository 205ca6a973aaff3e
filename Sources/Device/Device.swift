import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony
import WebRTC

/// The device as a whole: its call, its mute, its answers. Owns no socket, clock, thread or file.
///
/// The loop: call `start` or `handle(_:now:)` once, then `poll(now:)` until it answers `.wait` or `.exit`.
public final class Device {
  /// Tells the clients of the control socket apart; the number is the caller's.
  public typealias ClientID = Int

  public enum Input {
    case control(ControlRequest, client: ClientID)
    /// A client's connection has ended.
    case clientLeft(ClientID)
    /// A result of what `.room` asked for.
    case room(Room.Input)
    /// The engine has the whole of what was recorded before anybody listened.
    case preConnectRecorded(PreConnectRecording)
    /// The answer to `.readToken`: the file's text, or why it could not be read.
    case tokenRead(Result<String, TokenFileFailure>)
    /// The answers to `.httpRequest`.
    case endpointAnswered(request: Int, status: Int, body: [UInt8])
    case endpointFailed(request: Int, TransportFailure)
    /// The answers to `.serverRequest`.
    case serverReplied(request: Int, status: Int, body: [UInt8])
    case serverFailed(request: Int, TransportFailure)
    /// Then `.webhookAnswer` with its number.
    case webhook(WebhookRequest)
    case soundCard(SoundCardEvent)
    case board(BoardEvent)
    /// The process uses more than it may; beyond the second limit the device leaves and `.exit` follows.
    case limitCrossed(SelfWatch.Finding)
    /// The process was asked to end: leave the room first.
    case terminate
    /// The process was asked (SIGHUP) to read its configuration anew.
    case reload
    /// The answer to `.readConfiguration`.
    indirect case configurationRead(Result<Settings, ConfigurationMistakes>)
    /// The answer to `.askServerTime`: seconds since 1970 UTC by the server's clock, nil if it does not tell.
    case serverAnswered(Result<Int64?, TransportFailure>)
    case timeout
  }

  public enum Output {
    /// What the room needs done; never `.event` and never `.wait`, which stay in here.
    case room(Room.Output)
    case answer(Answer, to: ControlRequest, client: ClientID)
    /// For every client that has subscribed: the event, and the wall clock's time of it.
    case notify(JSONValue, unixMilliseconds: Int64)
    case readToken(path: String)
    case readConfiguration
    /// Redirects are answers, too.
    case httpRequest(TokenRequest)
    /// Then `.serverReplied` or `.serverFailed`.
    case serverRequest(ServerRequest)
    /// The body is empty, plain text, or XML, which begins with `<`.
    case webhookAnswer(number: Int, status: Int, body: String)
    /// Any HTTP answer does; the token is not needed.
    case askServerTime(url: String)
    /// To be kept over a restart, for `restore`.
    case storeState([UInt8])
    case board(BoardCommand)
    case audio(AudioCommand)
    case log(LogEntry)
    /// Everything is said and closed; the process may end.
    case exit
    case wait(until: Instant?)
  }

  public enum Answer: Equatable {
    case result(JSONValue)
    case refused(ControlFailure)
    /// From now on this client gets what `.notify` carries.
    case subscribed(status: JSONValue, recent: [JSONValue])
  }

  /// What the audio engine is told.
  public enum AudioCommand: Equatable {
    case openTrack(slot: Int)
    case closeTrack(slot: Int)
    case setMuted(Bool)
    /// What the microphone is wanted for, and how much of the time before a call belongs to it.
    case listen(Listening, preRollMilliseconds: Int)
    case setVolume(percent: Int)
    case setDiscontinuousTransmission(Bool)
    /// Bits per second, and the loss that the redundancy is made for.
    case setRate(bitrate: Int, expectedLossPercent: Int)
    /// What is said from now on, and was said that long before, is kept for whoever comes.
    case recordPreConnect(preRollMilliseconds: Int)
    /// The recording ends; `.preConnectRecorded` brings it within a frame.
    case handOverPreConnect
    case endPreConnect
    case playTone(Tone)
    /// The feedback for a key of the keypad that goes to the room.
    case playKey(UInt8)
    /// Looks at the raw microphone, muted or not: `Instruments.soundProbe`.
    case beginSoundProbe
    case endSoundProbe
    /// The tone that it listens for.
    case playProbeTone
    case stopTones
  }

  var settings: Settings
  let room: Room
  let instruments: any Instruments
  var outputs = OutputQueue()
  var stay: Stay
  var call: Call
  var plan = CallPlan()
  var microphone: Microphone
  /// Of the microphone, for the frames that the sound path gives the room.
  public var microphoneTrack: LocalTrack.ID? { microphone.track }
  var door = Door()
  var panel: Panel
  var messaging: Messaging
  var audience: Audience
  var doctor = Doctor()
  var report: Report
  var switchboard: Switchboard
  /// Why the process is to begin anew after `.exit`; nil: it is not.
  public var startsAnew: LongPressUse? { panel.startsAnew }

  public convenience init(
    settings: Settings, room: Room, instruments: any Instruments, version: String, startedAt: Instant
  ) {
    self.init(
      settings: settings, room: room, messagingRoom: room, instruments: instruments, version: version,
      startedAt: startedAt)
  }

  init(
    settings: Settings, room: Room, messagingRoom: any MessagingRoom, instruments: any Instruments,
    version: String, startedAt: Instant
  ) {
    self.settings = settings
    self.room = room
    self.instruments = instruments
    stay = Stay(spreadMilliseconds: Stay.spreadMilliseconds(ofDevice: settings.device.id))
    call = Call(since: startedAt)
    switchboard = Switchboard(startedAt: startedAt)
    microphone = Microphone(settings.session.mode)
    panel = Panel(settings)
    messaging = Messaging(messagingRoom)
    audience = Audience(messagingRoom)
    report = Report(version: version, startedAt: startedAt)
  }

  /// What `.storeState` gave in an earlier life; nil if there is nothing. Call it before `start`.
  public func restore(_ stored: [UInt8]?, now: Instant) {
    guard let stored else { return }
    guard let state = StoredState.parse(stored) else {
      let words =
        "the stored state is damaged: wrong codes are counted from 0, and a mute by hand is not known"
      return perform([.log(.warning, words)], now: now)
    }
    microphone.restore(isMutedByHand: state["muted"].bool == true)
    if microphone.isMutedByHand {
      perform([.log(.notice, "the microphone is still muted by hand")], now: now)
    }
    let milliseconds = instruments.unixMilliseconds
    guard let lockOut = LockOut(stored: state, settings.door, now: now, unixMilliseconds: milliseconds)
    else { return }
    perform(door.restore(lockOut, now: now), now: now)
  }

  /// Sets the sound up, and joins if the device is to be always in its room.
  public func start(now: Instant) {
    encrypt(now: now)
    perform(
      [
        .audio(.setVolume(percent: panel.volumePercent)),
        .audio(.setDiscontinuousTransmission(settings.audio.dtx == .on)),
      ], now: now)
    if settings.ring.standby != .room { perform(microphone.publish(in: room, now: now), now: now) }
    perform(door.start(surroundings), now: now)
    let words = "linteld \(report.version) is ready as \(settings.device.id)"
    perform(
      [
        .sound(.booted), .tell(.deviceStarted(version: report.version)),
        .log(.notice, words, event: "device.started"), .stay(.start),
      ], now: now)
  }

  public func handle(_ input: Input, now: Instant) {
    // Of the packets of a call, which are many, the device learns by events.
    if case .room(.datagram) = input {} else { outputs.ownWait = nil }
    switch input {
    case .control(let request, let client): serve(request.request, .client(request, client), now: now)
    case .clientLeft(let client): clientLeft(client, now: now)
    case .room(let input): room.handle(input, now: now)
    case .preConnectRecorded(let recording): recorded(recording, now: now)
    case .tokenRead(let result): perform([.stay(.secretRead(result))], now: now)
    case .endpointAnswered(let request, let status, let body):
      let answer = EndpointAnswer.answered(status: status, body: body)
      perform([.stay(.endpointAnswered(request: request, answer))], now: now)
    case .endpointFailed(let request, let failure):
      perform([.stay(.endpointAnswered(request: request, .failed(failure)))], now: now)
    case .serverReplied(let request, let status, let body):
      serverReplied(request, .answered(status: status, body: body), now: now)
    case .serverFailed(let request, let failure): serverReplied(request, .failed(failure), now: now)
    case .webhook(let request): webhook(request, now: now)
    case .soundCard(let event): perform(panel.handle(event), now: now)
    case .board(let event): perform(panel.handle(event, house, now: now), now: now)
    case .limitCrossed(let finding): crossed(finding, now: now)
    case .terminate: terminate(now: now)
    case .reload: readConfiguration(for: .signal)
    case .serverAnswered(let answer):
      doctor.serverAnswered(answer, unixSeconds: instruments.unixMilliseconds / 1000)
    case .configurationRead(let result): configurationRead(result, now: now)
    case .timeout:
      passTime(now)
      room.handle(.timeout, now: now)
    }
  }

  public func poll(now: Instant) -> Output {
    while true {
      if let output = outputs.next() { return output }
      switch room.poll(now: now) {
      case .event(let event):
        outputs.ownWait = nil
        handle(event, now: now)
      case .wait(let until):
        if report.takeStaleness() {
          perform(microphone.listen(listening, settings.audio) + panel.show(indicatorFacts), now: now)
          publishState(now: now)
          continue
        }
        guard stay.isEnding, stay.phase == .away, room.state == .disconnected, switchboard.dialling.isClear,
          switchboard.telephone.isQuiet, outputs.close()
        else {
          let own = outputs.ownWait ?? OutputQueue.OwnWait(until: nextDeadline?.at)
          outputs.ownWait = own
          return .wait(until: earliest(until, own.until))
        }
        return .exit
      case let output: return .room(output)
      }
    }
  }

  public var isInRoom: Bool { stay.phase.isInRoom }

  func emit(_ output: Output) { outputs.append(output) }
}
