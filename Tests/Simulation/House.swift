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
  var connection: (number: Int, server: ServerConnection?)?
  var addresses: [(peer: Room.Peer, address: SocketAddress)] = []
  var addressNumber: UInt32 = 2
  private(set) var disk: [UInt8]?
  private var isDraining = false

  // The board.
  var isSwitchOn = false
  var isLockOpen = false
  var isEngineMuted = false
  var listening = Listening.closed
  var recordingSince: Instant?
  var recordingEnd: UInt32 = 0
  var frames: UInt32 = 0
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
      self.fromServer(connection) {
        .webSocketClosed(connection: connection.number, code: code, reason: reason)
      }
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
    let room = Room(configuration: configuration, random: SeededRandom(seed: clock.random.nextUInt64())) {
      _, _ in
      ModelPeer(clock, isServer: false)
    }
    let device = Device(
      settings: settings, room: room, instruments: self, version: "1.0", startedAt: clock.now)
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

  func drain() {
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
}
