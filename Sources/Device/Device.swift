import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// The device as a whole: its call, its mute, its answers. Owns no socket, clock, thread or file.
///
/// The loop: call `start`, `send` or `handle(_:now:)` once, then `poll(now:)` until it answers `.wait` or `.exit`.
public final class Device {
  /// Tells the clients of the control socket apart; the number is the caller's.
  public typealias ClientID = Int

  public enum Input {
    case control(ControlRequest, client: ClientID)
    /// A client's connection has ended.
    case clientLeft(ClientID)
    /// A result of what `.room` asked for.
    case room(Room.Input)
    /// The answer to `.readToken`: the file's text, or why it could not be read.
    case tokenRead(Result<String, TokenFileFailure>)
    /// The answers to `.httpRequest`.
    case endpointAnswered(request: Int, status: Int, body: [UInt8])
    case endpointFailed(request: Int, TransportFailure)
    case soundCard(SoundCardEvent)
    case board(BoardEvent)
    /// The process uses more than it may; beyond the second limit the device leaves and `.exit` follows.
    case limitCrossed(SelfWatch.Finding)
    /// The process was asked to end: leave the room first.
    case terminate
    /// The process was asked (SIGHUP) to read its configuration anew.
    case reload
    /// The answer to `.readConfiguration`.
    case configurationRead(Result<Settings, ConfigurationMistakes>)
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
    /// Any HTTP answer does; the token is not needed.
    case askServerTime(url: String)
    /// To be kept over a restart, for `restoreDoor`.
    case storeDoorState([UInt8])
    case board(BoardCommand)
    case audio(AudioCommand)
    case log(LogEntry)
    /// Everything is said and closed; the process may end.
    case exit
    case wait(until: Instant?)
  }

  public enum Answer {
    case result(JSONValue)
    case refused(ControlFailure)
    /// From now on this client gets what `.notify` carries.
    case subscribed(status: JSONValue, recent: [JSONValue])
  }

  /// What the audio engine is told.
  public enum AudioCommand: Equatable {
    case openTrack(slot: Int)
    case closeTrack(slot: Int)
    /// An RTP packet with its 48 kHz timestamp and Opus payload.
    case packet(slot: Int, sequence: UInt16, timestamp: UInt32, payload: [UInt8])
    case setMuted(Bool)
    case setVolume(percent: Int)
    case setDiscontinuousTransmission(Bool)
    /// Bits per second, and the loss that the redundancy is made for.
    case setRate(bitrate: Int, expectedLossPercent: Int)
    /// What is said from now on, and was said that long before, is kept for whoever comes.
    case recordPreConnect(preRollMilliseconds: Int)
    /// The recording ends; `Instruments.preConnectRecording` has it within a frame.
    case handOverPreConnect
    case endPreConnect
    case playTone(DeviceTone)
    /// The feedback for a key of the keypad.
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
  let version: String
  let startedAt: Instant
  var outputs: [Output] = []
  var nextOutput = 0

  // The session.
  var call: Call
  var connection = RoomConnection.disconnected
  /// What is wrong with the connection now.
  var failure: RoomFailure?
  /// The server of this stay.
  var serverURL: String?
  var tokens = TokenDesk()
  /// When the stay is tried again by the device itself; the room's own attempts are the room's.
  var retryDue: Instant?
  /// The pause before that, between the room's two words about its end.
  var retryAfterMilliseconds: Int?
  var limits = CallLimits()
  var microphone: LocalTrack.ID?
  var isTerminating = false
  var hasExited = false

  /// What the join began with, for another one.
  var stayURL: String?
  var stayToken: String?
  var joinsAnew = false
  /// Asked for while the room was being left.
  var waitingJoins: [(url: String?, token: String?, asker: Asker)] = []
  /// When a missing agent is announced, and how often it was.
  var agentDue: Instant?
  var agentAttempts = 0
  var agentSeen: (identity: Name?, state: String?) = (nil, nil)

  // Beside the sound.
  let words: any RoomWords
  var door = Door()
  /// Inputs of the simulated board that a command holds for a while.
  var held: [(input: BoardInput, until: Instant)] = []
  /// By `BoardInput.index`.
  var inputsOn = [false, false, false, false]
  /// The configured hardware, as far as the board told of it.
  var parts: [BoardPart] = []
  var askedIndicator: (state: IndicatorState, until: Instant)?
  var indicator = IndicatorState.off
  var pendingCalls: [(id: CallID, call: PendingCall)] = []
  var pendingUpdates: [(id: Int, result: JSONValue, asker: Asker)] = []
  var files: [SentFile] = []
  var nextFile = 0
  var budgets: [String: EventBudget] = [:]
  /// Something was announced since the indicator was looked at.
  var indicatorIsStale = true

  // For whoever looks after it.
  var counters = DeviceCounters()
  var logLevel = LogEntry.Priority.info
  var configurationAskers: [ConfigurationAsker] = []
  var doctor: DoctorRun?
  /// How many seconds our clock is ahead of the server's, if it told.
  var serverAnswer: Result<Int64?, TransportFailure>?
  /// The token of the last attempt to join.
  var tokenSeen: AccessToken?

  // The first words.
  var preConnect = PreConnect()
  var firstWordsStream = FirstWordsStream()

  // The sound.
  var mute = MuteState()
  var volumePercent: Int
  /// The remote tracks that are received, by slot.
  var openTracks: [Int: Subscription] = [:]
  var capture: AudioDeviceStatus
  var playback: AudioDeviceStatus
  var uplinkRate = UplinkRate()
  var adaptation = UplinkAdaptation()
  /// When the receiver's reports are looked at next.
  var adaptationDue: Instant?
  var speakingIdentities: [Name] = []
  var quality: String?
  var history = EventHistory()

  public convenience init(
    settings: Settings, room: Room, instruments: any Instruments, version: String, startedAt: Instant
  ) {
    self.init(
      settings: settings, room: room, words: room, instruments: instruments, version: version,
      startedAt: startedAt)
  }

  init(
    settings: Settings, room: Room, words: any RoomWords, instruments: any Instruments, version: String,
    startedAt: Instant
  ) {
    self.settings = settings
    self.room = room
    self.words = words
    self.instruments = instruments
    self.version = version
    self.startedAt = startedAt
    call = Call(since: startedAt)
    volumePercent = settings.audio.volumePercent
    mute.turnIsOpen = settings.session.mode != .pushToTalk
    let isSimulated = settings.device.board == .simulated
    capture = AudioDeviceStatus()
    capture.device = isSimulated ? settings.simulated.microphone ?? "silence" : settings.audio.capture
    playback = AudioDeviceStatus()
    playback.device = isSimulated ? settings.simulated.speaker ?? "nowhere" : settings.audio.playback
  }

  /// Sets the sound up, and joins if the device is to be always in its room.
  public func start(now: Instant) {
    emit(.audio(.setVolume(percent: volumePercent)))
    emit(.audio(.setDiscontinuousTransmission(settings.audio.dtx == .on)))
    if !mute.isOpen { emit(.audio(.setMuted(true))) }
    publishMicrophone(now: now)
    startDoor()
    sound(.booted)
    announce(.deviceStarted(version: version))
    log(.notice, "linteld \(version) is ready as \(settings.device.id)", event: "device.started")
    if settings.session.mode == .alwaysOn { beginJoin(url: nil, token: nil, now: now) }
    watchTokens(call.state, now: now)
  }

  /// One frame of the microphone: an Opus payload with its place on the 48 kHz clock.
  public func send(_ frame: PeerConnection.AudioFrame, now: Instant) {
    guard let microphone else { return }
    uplinkRate.count(payloadBytes: frame.payload.count, now: now)
    adaptUplink(now: now)
    sendLive(frame, track: microphone, now: now)
  }

  public func handle(_ input: Input, now: Instant) {
    switch input {
    case .control(let request, let client):
      handle(request.request, from: .client(request, client), now: now)
    case .clientLeft(let client): clientLeft(client, now: now)
    case .room(let input): room.handle(input, now: now)
    case .tokenRead(let result): tokenRead(result, now: now)
    case .endpointAnswered(let request, let status, let body):
      endpointAnswered(request, .success((status, body)), now: now)
    case .endpointFailed(let request, let failure): endpointAnswered(request, .failure(failure), now: now)
    case .soundCard(let event): handle(event)
    case .board(let event): handle(event, now: now)
    case .limitCrossed(let finding): crossed(finding, now: now)
    case .terminate: terminate(now: now)
    case .reload: readConfiguration(.signal)
    case .serverAnswered(let answer): serverAnswered(answer)
    case .configurationRead(let result): configurationRead(result, now: now)
    case .timeout:
      passTime(now)
      room.handle(.timeout, now: now)
    }
  }

  public func poll(now: Instant) -> Output {
    while true {
      if nextOutput < outputs.count {
        defer { nextOutput += 1 }
        return outputs[nextOutput]
      }
      outputs.removeAll(keepingCapacity: true)
      nextOutput = 0
      switch room.poll(now: now) {
      case .event(let event): handle(event, now: now)
      case .wait(let until):
        if indicatorIsStale {
          indicatorIsStale = false
          refreshIndicator()
          continue
        }
        guard isTerminating, room.state == .disconnected, !hasExited else {
          return .wait(until: deadline(ofRoom: until))
        }
        hasExited = true
        return .exit
      case let output: return .room(output)
      }
    }
  }

  func emit(_ output: Output) { outputs.append(output) }

  func log(_ priority: LogEntry.Priority, _ text: String, event: String? = nil) {
    if priority.rawValue <= logLevel.rawValue { emit(.log(LogEntry(priority, text, event: event))) }
  }

  /// Tells every subscriber, and those who come later.
  func announce(_ event: Control.Event) {
    let milliseconds = instruments.unixMilliseconds
    let json = event.json(unixMilliseconds: milliseconds)
    history.append(json)
    emit(.notify(json, unixMilliseconds: milliseconds))
    if logLevel == .debug { log(.debug, json.text) }
    indicatorIsStale = true
  }

  /// The same for an event that others in the room can cause at will.
  func announce(_ event: Control.Event, budgeted now: Instant) {
    let name = event.name
    guard let suppressed = budgets[name, default: EventBudget()].spend(now: now) else { return }
    if suppressed > 0 { announce(.eventsSuppressed(name: name, count: suppressed)) }
    announce(event)
  }
}
