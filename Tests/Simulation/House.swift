import AudioEngine
import Base
import Configuration
import Control
import JSON
import WebRTC

@testable import Device
@testable import LiveKit

/// The house with its device: the process that may be started and killed, the board, the disk, and `linteld`'s wiring
/// with the world's network in the place of sockets.
final class House: Instruments {
  let clock: Clockwork
  let link: Link
  let server: Server
  let scenario: Scenario
  let promises: Promises
  var settings: Settings
  /// Its bytes are in nothing that is compared.
  nonisolated(unsafe) static let certificate = try? Certificate()

  private(set) var device: Device?
  private(set) var room: Room?
  private(set) var startedAt = Instant(microseconds: 0)
  /// Of this life of the process; what belongs to an earlier one is not done any more.
  private(set) var life = 0
  private var timer = 0
  private var connection: (number: Int, server: ServerConnection?)?
  private var addresses: [(peer: Room.Peer, address: SocketAddress)] = []
  private(set) var addressNumber: UInt32 = 2
  private(set) var disk: [UInt8]?
  private var isDraining = false

  // The board.
  var isSwitchOn = false
  private(set) var isLockOpen = false
  private(set) var isEngineMuted = false
  private(set) var listening = Listening.closed
  private var recordingSince: Instant?
  private var recordingEnd: UInt32 = 0
  private var frames: UInt32 = 0
  var endsBy: Instant?

  // For instruments.
  var wallOffsetMilliseconds: Int64 = 0
  var trueUnixMilliseconds: Int64 { 1_800_000_000_000 + clock.now.microseconds / 1000 }
  var unixMilliseconds: Int64 { trueUnixMilliseconds + wallOffsetMilliseconds }
  var sound = SoundReadings()
  var soundProbe = SoundProbeReading()
  var host = HostReadings()
  var memory: MemoryReadings? = MemoryReadings(residentKilobytes: 9000, anonymousKilobytes: 3000)
  func secret(at path: String) -> Result<String, TokenFileFailure> {
    .failure(.unreadable(path: path, "there is no such file"))
  }

  var onSetting: ((Settings) -> Settings)?
  var onExit: (() -> Void)?
  var onCallState: ((String, String?) -> Void)?
  func callChanged(_ state: String, _ reason: String?) { onCallState?(state, reason) }
  /// What the token's source says; nil: nothing, for ever.
  var token: (() -> String?)?

  init(_ clock: Clockwork, _ link: Link, _ server: Server, _ scenario: Scenario, _ promises: Promises) {
    self.clock = clock
    self.link = link
    self.server = server
    self.scenario = scenario
    self.promises = promises
    settings = scenario.settings()
    server.onMessage = { bytes, connection in
      self.noteMute(bytes, connection)
      self.fromServer(connection) { .webSocketMessage(bytes, connection: connection.number) }
    }
    server.onClosed = { connection, code, reason in
      self.fromServer(connection) { .webSocketClosed(connection: connection.number, code: code, reason: reason) }
      if self.connection?.server === connection { self.connection?.server = nil }
    }
    server.onDatagram = { bytes, from, to in
      guard let entry = self.addresses.first(where: { $0.address == to }) else { return }
      self.input(.datagram(bytes, from: from, to: to, peer: entry.peer))
    }
  }

  /// The server mutes the track that there is.
  private func noteMute(_ bytes: [UInt8], _ connection: ServerConnection) {
    guard self.connection?.server === connection, bytes.first == 9 << 3 | 2,
      let mute = Fields(bytes)?.message(9), mute.flag(2),
      room?.localTracks.contains(where: { $0.sid.text == mute.text(1) && !$0.isMuted }) == true
    else { return }
    promises.mutedFromAfar(true)
  }

  // MARK: - The process

  func start() {
    guard device == nil, let certificate = House.certificate else { return }
    life += 1
    startedAt = clock.now
    endsBy = nil
    isEngineMuted = false
    listening = .closed
    settings = scenario.settings()
    var configuration = Room.Configuration(certificate: certificate, productVersion: "1.0")
    configuration.rpcMethods = RemoteMethods.all.compactMap { Name($0) }
    configuration.unixMilliseconds = { self.unixMilliseconds }
    let clock = self.clock
    let room = Room(configuration: configuration, random: SeededRandom(seed: clock.random.nextUInt64())) { _, _ in
      ModelPeer(clock, isServer: false)
    }
    let device = Device(settings: settings, room: room, instruments: self, version: "1.0", startedAt: clock.now)
    self.room = room
    self.device = device
    clock.note("process", "starts, life \(life), \(settings.session.mode.rawValue)")
    promises.processStarted()
    device.handle(.board(.input(.mute, isOn: isSwitchOn, isFirst: true)), now: clock.now)
    device.restore(disk, now: clock.now)
    device.start(now: clock.now)
    drain()
    tick(life)
  }

  /// The power is gone: nothing is said to anybody.
  func kill(_ why: String) {
    guard device != nil else { return }
    clock.note("process", why)
    life += 1
    device = nil
    room = nil
    promises.processEnded()
    if let server = connection?.server { self.server.connectionGone(server) }
    connection = nil
    addresses = []
    isLockOpen = false
    promises.lock(isOpen: false, clock.now)
  }

  func handle(_ input: Device.Input) {
    guard let device else { return }
    device.handle(input, now: clock.now)
    drain()
  }

  func input(_ input: Room.Input) { handle(.room(input)) }

  private func fromServer(_ connection: ServerConnection, _ make: () -> Room.Input) {
    guard self.connection?.server === connection else { return }
    input(make())
  }

  /// In this life only.
  func later(_ milliseconds: Int, _ act: @escaping () -> Void) {
    let life = self.life
    clock.after(milliseconds) { if self.life == life { act() } }
  }

  private func drain() {
    guard !isDraining, let device, let room else { return }
    isDraining = true
    var outputs = 0
    loop: while true {
      outputs += 1
      if outputs > 5_000 {
        promises.broken("more than 5000 outputs for one input")
        break
      }
      switch device.poll(now: clock.now) {
      case .room(let output): perform(output)
      case .answer(let answer, let request, _): promises.answered(request, answer, self)
      case .notify(let event, _): promises.told(event, self)
      case .readToken: readToken()
      case .readConfiguration: readConfiguration()
      case .httpRequest(let request): ask(request.number, request.timeoutMilliseconds)
      case .serverRequest(let request):
        later(40) { self.handle(.serverFailed(request: request.number, .refused("nothing listens there"))) }
      case .webhookAnswer: break
      case .askServerTime: later(40) { self.handle(.serverAnswered(.failure(.timeout))) }
      case .storeState(let bytes): later(5) { self.disk = bytes }
      case .board(let command): perform(command)
      case .audio(let command): perform(command)
      case .log(let entry):
        promises.said(entry.text)
        clock.note("log", entry.text)
      case .exit:
        isDraining = false
        kill("ends")
        onExit?()
        return
      case .wait(let until):
        while let packet = room.nextAudio() { promises.heard(packet) }
        schedule(until)
        break loop
      }
    }
    isDraining = false
    Coverage.phase(device.stay.phase)
    promises.check(self)
  }

  private func schedule(_ until: Instant?) {
    timer += 1
    guard let until else { return }
    let mine = timer
    let life = self.life
    if until <= clock.now { promises.busy(self) } else { promises.rested() }
    clock.at(until) { if self.timer == mine, self.life == life { self.handle(.timeout) } }
  }

  // MARK: - What the room wants of the network

  private func perform(_ output: Room.Output) {
    switch output {
    case .openWebSocket(let number, let url, let token): open(number, url, token, attempt: 0)
    case .sendWebSocket(let number, let bytes):
      guard let connection, connection.number == number, let server = connection.server else { return }
      server.toServer.send { self.server.received(bytes, server) }
    case .closeWebSocket(let number):
      guard let connection, connection.number == number else { return }
      if let server = connection.server { server.toServer.send { self.server.connectionGone(server) } }
      self.connection = nil
    case .httpGet(let request, _, _):
      later(2 * link.travelMilliseconds) {
        self.input(.httpFailed(request: request, .refused("nothing listens there")))
      }
    case .openSockets(let peer): openSockets(peer)
    case .closeSockets(let peer): addresses = addresses.filter { $0.peer != peer }
    case .transmit(let bytes, let from, let to, _):
      guard addresses.contains(where: { $0.address == from }) else { return }
      promises.leaves(bytes, self)
      link.datagram { self.server.datagram(bytes, from: from, to: to) }
    case .resolveHost(let name): later(30) { self.input(.hostResolved(name: name, addresses: [])) }
    case .openStream(let id, _, _, _, let peer):
      later(30) { self.input(.streamEnded(id, reason: "refused", peer: peer)) }
    case .sendStream, .closeStream, .cancelHosts, .deriveKey, .event, .wait: break
    }
  }

  private func open(_ number: Int, _ url: String, _ token: String, attempt: Int) {
    if attempt == 0 { connection = (number, nil) }
    guard connection?.number == number, attempt < 5 else { return }
    // As the system repeats what opens a connection.
    guard link.isUp, !clock.chance(link.lossPercent) else {
      return later(1_000 << attempt) { self.open(number, url, token, attempt: attempt + 1) }
    }
    later(4 * link.travelMilliseconds) {
      guard self.connection?.number == number else { return }
      switch self.server.dialled(number, url: url, token: token) {
      case .opened(let server):
        self.connection?.server = server
        server.toServer.onBroken = {
          if self.connection?.server === server {
            self.connection?.server = nil
            self.input(.webSocketClosed(connection: number, code: 1006, reason: "timed out"))
          }
        }
        self.input(.webSocketOpened(connection: number))
      case .refused(let failure):
        self.clock.note("server", "refuses")
        self.input(.webSocketFailed(connection: number, failure))
      case .silence: break
      }
    }
  }

  private func openSockets(_ peer: Room.Peer) {
    let port = UInt16(30_000 + clock.random.next(below: 20_000))
    let address = SocketAddress(ip: IPAddress(v4: 0xC0A8_0000 + addressNumber), port: port)
    addresses.append((peer, address))
    later(0) { self.input(.localAddress(address, peer: peer)) }
    later(0) { self.input(.socketsOpened(peer)) }
  }

  /// Another address, as after a change of the network; sockets at the old one are gone.
  func moveToAnotherAddress() {
    guard device != nil else { return }
    addressNumber += 1
    clock.note("network", "gives the device another address")
    let old = addresses
    addresses = []
    for entry in old {
      input(.localAddressGone(entry.address, peer: entry.peer))
      let port = UInt16(30_000 + clock.random.next(below: 20_000))
      let address = SocketAddress(ip: IPAddress(v4: 0xC0A8_0000 + addressNumber), port: port)
      addresses.append((entry.peer, address))
      input(.localAddress(address, peer: entry.peer))
    }
    if let server = connection?.server {
      let number = server.number
      self.server.connectionGone(server)
      connection?.server = nil
      input(.webSocketClosed(connection: number, code: 1006, reason: "the address is gone"))
    }
    room?.networkChanged(now: clock.now)
    drain()
  }

  func networkIsBack() {
    room?.networkChanged(now: clock.now)
    drain()
  }

  // MARK: - Files and endpoints

  private func readToken() {
    later(2) {
      guard let token = self.token?() else {
        return self.handle(.tokenRead(.failure(.unreadable(path: "/run/token", "there is no such file"))))
      }
      self.handle(.tokenRead(.success(token)))
    }
  }

  private func readConfiguration() {
    later(3) {
      let fresh = self.onSetting?(self.settings) ?? self.settings
      self.settings = fresh
      self.handle(.configurationRead(.success(fresh)))
    }
  }

  private func ask(_ number: Int, _ timeout: Int) {
    guard link.isUp, let token = token?() else {
      return later(timeout) { self.handle(.endpointFailed(request: number, .timeout)) }
    }
    let body = #"{"server_url":"wss://room.example","participant_token":""# + token + #""}"#
    later(4 * link.travelMilliseconds) {
      self.handle(.endpointAnswered(request: number, status: 201, body: Array(body.utf8)))
    }
  }

  // MARK: - The board

  private func perform(_ command: BoardCommand) {
    if case .indicate(let state) = command { promises.shows(state) }
    guard case .setOutput("lock", let on) = command else { return }
    if on || isLockOpen { clock.note("lock", on ? "is released" : "falls") }
    isLockOpen = on
    promises.lock(isOpen: on, clock.now)
  }

  private func perform(_ command: Device.AudioCommand) {
    switch command {
    case .setMuted(let muted):
      keepRecording()
      isEngineMuted = muted
    case .listen(let listening, _): self.listening = listening
    case .recordPreConnect: recordingSince = clock.now
    case .endPreConnect: recordingSince = nil
    case .handOverPreConnect:
      later(20) {
        self.keepRecording()
        guard let since = self.recordingSince else { return }
        self.recordingEnd = self.position(self.clock.now)
        let first = max(self.position(since), self.recordingEnd &- 160_000)
        self.handle(.preConnectRecorded(PreConnectRecording(first: first, handOver: self.recordingEnd)))
      }
    default: break
    }
  }

  func preConnectBytes(from position: UInt32) -> [UInt8]? {
    guard recordingSince != nil, position < recordingEnd else { return nil }
    promises.recordingIsRead(from: Instant(microseconds: Int64(position) / 16 * 1000))
    return [UInt8](repeating: 7, count: 2 * min(Int(recordingEnd - position), 7_500))
  }

  /// Samples are numbered by the time at which they were heard.
  private func position(_ instant: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: instant.microseconds / 1000 * 16)
  }

  /// As the engine does it: what is heard while it is muted is not recorded, and neither is what was before.
  private func keepRecording() {
    if isEngineMuted, recordingSince != nil { recordingSince = clock.now }
  }

  /// The microphone: frames come, whatever anybody wants of them, and each says when it was heard.
  private func tick(_ life: Int) {
    clock.after(100) {
      guard self.life == life, let device = self.device, let room = self.room else { return }
      self.frames &+= 1
      if let track = device.microphoneTrack {
        let stamp = self.clock.now.microseconds / 1000
        var payload = [UInt8(0xA5)]
        for shift in [24, 16, 8, 0] { payload.append(UInt8(truncatingIfNeeded: stamp >> Int64(shift))) }
        room.send(
          .init(payload: payload, timestamp: self.frames &* 4_800, marker: false, level: 20, voice: true),
          track: track, now: self.clock.now)
        self.drain()
      }
      self.tick(life)
    }
  }
}
