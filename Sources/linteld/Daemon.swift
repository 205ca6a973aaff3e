import AudioEngine
import Base
import Board
import CLinux
import Configuration
import Control
import Device
import JSON
import LiveKit
import Reactor
import System
import WebRTC

/// Owns the parts for as long as the process lives, and keeps the device's loop: every result of the outside
/// world is handed to it, then everything that it asks for is done.
final class Daemon {
  private let loop: EventLoop
  private let device: Device
  private let room: Room
  private let sound: SoundPath
  /// nil in a self-test without a daemon.
  private let port: ControlPort?
  private let metrics: MetricsPort?
  private let webhooks: WebhookPort?
  private let driver: RoomDriver
  private let timer: Timer
  private let hardware: Hardware
  private let state: StateFile
  private let instruments: SystemInstruments
  private let manager = ServiceManager()
  private let supervision: Supervision
  private let settling: Settling
  /// Something happened since the service manager was told the status.
  private var statusIsStale = true
  private let configuration: String
  private var signals: [SignalWatcher] = []
  private var isDraining = false
  private var doctorResult: JSONValue?

  /// - Parameters:
  ///   - configuration: where the settings came from, for `config reload`.
  ///   - isStandIn: there is no daemon, and only a self-test is wanted.
  init(_ settings: Settings, configuration: String, isStandIn: Bool = false) throws(StartFailure) {
    self.configuration = configuration
    if settings.door.code != nil, settings.door.codeFile == nil {
      Journal.write(
        .warning, "[door] dtmf-code: whoever reads the configuration knows the code; use dtmf-code-file")
    }
    if settings.token.endpoint?.utf8.contains(UInt8(ascii: "?")) == true {
      Journal.write(
        .notice, "[token] endpoint: whoever reads the configuration knows what follows the question mark")
    }
    do throws(ReactorFailure) {
      loop = try EventLoop()
      driver = try RoomDriver(loop, settings)
    } catch {
      throw .reactor(error)
    }
    state = StateFile(loop, settings)
    sound = try SoundPath(loop, settings)
    instruments = SystemInstruments(sound, state, isStandIn: isStandIn)
    timer = Timer(loop)
    hardware = Hardware(loop, settings)
    settling = Settling(loop)
    supervision = Supervision(
      loop, manager,
      SelfWatch.Limits(
        memoryKilobytes: settings.watch.memoryMegabytes * 1024, descriptors: settings.watch.descriptors))
    port = isStandIn ? nil : try ControlPort(loop, settings.control)
    metrics = isStandIn ? nil : MetricsPort(loop, settings.metrics)
    webhooks = isStandIn ? nil : WebhookPort(loop, listen: settings.webhook.listen)
    var configuration = try Self.roomConfiguration(settings)
    let clock = instruments
    configuration.unixMilliseconds = { clock.unixMilliseconds }
    room = Room(configuration: configuration, random: SystemRandom())
    device = Device(
      settings: settings, room: room, instruments: instruments, version: lintelVersion, startedAt: loop.now)
  }

  private static func roomConfiguration(_ settings: Settings) throws(StartFailure) -> Room.Configuration {
    let certificate: Certificate
    do throws(CertificateFailure) {
      certificate = try Certificate()
    } catch {
      throw .certificate(error.description)
    }
    var configuration = Room.Configuration(certificate: certificate, productVersion: lintelVersion)
    configuration.signalTimeoutMilliseconds = settings.session.connectTimeoutSeconds * 1000
    configuration.mediaTimeoutMilliseconds = configuration.signalTimeoutMilliseconds
    let attempts = settings.session.reconnectAttempts
    configuration.retry = RetryPolicy(attemptsMax: attempts == 0 ? nil : attempts)
    configuration.rpcMethods = RemoteMethods.all.compactMap { Name($0) }
    configuration.limits.subscriptionsMax = AudioLimits.tracksMax
    configuration.relaysOnly = settings.network.forcesRelay
    if let turn = settings.network.turn {
      configuration.iceServers = [
        ICEServer(
          urls: [turn], username: settings.network.turnUsername ?? "",
          credential: settings.network.turnPassword)
      ]
    }
    return configuration
  }

  /// Runs until the device has left its room: after SIGTERM or SIGINT, or because the process has to start anew.
  func run() throws(StartFailure) -> Int32 {
    driver.onInput = { self.handle(.room($0)) }
    driver.onEndpoint = { self.handle($0) }
    driver.onPart = { self.handle(.board(.part($0))) }
    driver.onNetworkChanged = { self.networkChanged() }
    port?.onRequest = { self.handle(.control($0, client: $1)) }
    port?.onLeft = { self.handle(.clientLeft($0)) }
    sound.onFrame = { frame in
      if let track = self.device.microphoneTrack { self.room.send(frame, track: track, now: self.loop.now) }
    }
    sound.onRecording = { self.handle(.preConnectRecorded($0)) }
    sound.onCardEvent = { self.handle(.soundCard($0)) }
    sound.onWarning = { Journal.write(.warning, $0) }
    sound.onMixer = { self.handle(.board(.part($0))) }
    sound.onDrained = { self.drain() }
    timer.onFire = { self.handle(.timeout) }
    metrics?.onScrape = { self.device.openMetrics(now: self.loop.now) }
    do throws(ReactorFailure) {
      for signal in [SignalWatcher.Signal.terminate, .interrupt] {
        signals.append(try SignalWatcher(loop, signal) { self.handle(.terminate) })
      }
      signals.append(try SignalWatcher(loop, .hangUp) { self.handle(.reload) })
    } catch {
      throw .reactor(error)
    }
    if !driver.hasAuthorities {
      Journal.write(
        .warning,
        "no certificate authorities are installed (package ca-certificates), so wss:// will be refused")
    }
    driver.start()
    try sound.start()
    hardware.onEvent = { self.handle(.board($0)) }
    // A switch that mutes does so before there is anything to hear.
    hardware.start()
    device.restore(state.read(), now: loop.now)
    device.start(now: loop.now)
    metrics?.onPart = { self.handle(.board(.part($0))) }
    metrics?.start()
    takeWebhooks()
    drain()
    superviseMyself()
    manager.ready()
    loop.run()
    return end()
  }

  private func end() -> Int32 {
    supervision.stop()
    settling.stop()
    if let reason = supervision.restartReason {
      manager.stopping("starting anew: \(reason.words)")
      // A thread that is stuck in a driver would never be joined.
      if reason.quantity == .audio { _exit(Self.startsAnew) }
    }
    hardware.stop()
    sound.stop()
    port?.close()
    metrics?.close()
    webhooks?.close()
    let code = supervision.restartReason == nil && device.startsAnew == nil ? 0 : Self.startsAnew
    // A thread that waits for a dead disk would be joined, too.
    if state.isLate { _exit(code) }
    if device.startsAnew == .resetNetwork { state.wishNetworkReset() }
    return code
  }

  private func networkChanged() {
    room.networkChanged(now: loop.now)
    drain()
  }

  private static let startsAnew: Int32 = 75  // EX_TEMPFAIL of sysexits.h: trying again is what helps.

  private func superviseMyself() {
    supervision.onFinding = { self.handle(.limitCrossed($0)) }
    supervision.start(loop) {
      SelfReadings(
        anonymousKilobytes: self.instruments.memory?.anonymousKilobytes,
        descriptors: SystemInstruments.openDescriptors, audioTurns: self.sound.turnCount,
        signallingTurns: self.device.signallingTurns)
    }
  }

  private func takeWebhooks() {
    webhooks?.onPart = { self.handle(.board(.part($0))) }
    webhooks?.onRequest = { method, path, query, headers, body, number in
      var request = WebhookRequest(
        number: number, method: method, path: path, authorization: headers.value(of: "authorization"),
        body: body)
      request.query = query
      request.signature =
        headers.value(of: "x-hub-signature-256") ?? headers.value(of: "x-twilio-signature")
      request.signatureSettings = headers.value(of: "x-twilio-webhooks-signature-settings")
      self.handle(.webhook(request))
    }
    webhooks?.start()
  }

  private func tellStatus() {
    guard statusIsStale, manager.isPresent else { return }
    statusIsStale = false
    manager.tell(status: device.statusLine(now: loop.now))
  }

  /// A self-test without anybody who could ask for it; nil if the loop ended before it did.
  func runDoctor() throws(StartFailure) -> JSONValue? {
    guard let request = try? Request.parse(Array(Request.doctor(yes: true).line(id: 1).dropLast())) else {
      return nil
    }
    loop.later { self.handle(.control(request, client: 0)) }
    _ = try run()
    return doctorResult
  }

  private func finishDoctor(_ answer: Device.Answer) {
    if case .result(let result) = answer { doctorResult = result }
    // An answer is an output, and a new input has to wait for the end of the outputs.
    loop.later { self.handle(.terminate) }
  }

  private func handle(_ input: Device.Input) {
    device.handle(input, now: loop.now)
    drain()
  }

  /// What has to be read from a disk first.
  private func answer(_ read: @escaping () -> Device.Input) {
    var input: Device.Input?
    loop.apart {
      input = read()
    } then: {
      if let input { self.handle(input) }
    }
  }

  /// What is asked for here may answer at once (a token, a socket); its answer is taken by the loop that runs.
  private func drain() {
    guard !isDraining else { return }
    isDraining = true
    defer { isDraining = false }
    while true {
      switch device.poll(now: loop.now) {
      case .room(let output): driver.perform(output)
      case .answer(let answer, let request, let client):
        port?.send(answer, to: request, client: client)
        if port == nil { finishDoctor(answer) }
      case .notify(let event, let milliseconds):
        port?.notify(event, unixMilliseconds: milliseconds)
        statusIsStale = true
      case .readToken(let path): answer { .tokenRead(Secrets.read(path, in: .handedOver)) }
      case .readConfiguration:
        let path = configuration
        answer { .configurationRead(readConfigurationAnew(at: path)) }
      case .httpRequest(let request): driver.post(request)
      case .serverRequest(let request): driver.ask(request) { self.handle($0) }
      case .webhookAnswer(let number, let status, let body):
        let isDocument = body.utf8.first == UInt8(ascii: "<")
        webhooks?.answer(
          number, status: status, contentType: isDocument ? "text/xml" : "text/plain", body: body)
      case .askServerTime(let url):
        driver.askTime(of: url) { answer in self.handle(.serverAnswered(answer)) }
      case .storeState(let bytes): state.write(bytes)
      case .board(let command): hardware.perform(command)
      case .audio(let command): sound.perform(command)
      case .log(let entry):
        Journal.write(entry.priority, entry.text, event: entry.event, room: device.roomName)
      case .exit: return state.whenKept { self.loop.stop() }
      case .wait(let until):
        while let packet = room.nextAudio() { sound.play(packet) }
        tellStatus()
        settling.note(room.state)
        if let until { timer.schedule(at: until) } else { timer.cancel() }
        return
      }
    }
  }
}

func run(configurationAt path: String) -> Int32 {
  // A peer that goes away while it is written to is an error of that write, not the end of the process.
  lintel_ignore_signal(SIGPIPE)
  lintel_watch_crashes()
  do throws(ConfigurationUnusable) {
    let settings = try readConfiguration(at: path)
    do throws(StartFailure) {
      return try Daemon(settings, configuration: path).run()
    } catch {
      Journal.write(.error, error.description)
    }
  } catch {
    for line in error.lines { Journal.write(.error, line) }
  }
  return 1
}
