import AudioEngine
import Base
import Board
import CLinux
import Configuration
import Control
import Device
import LiveKit
import Reactor
import WebRTC

/// Owns the parts for as long as the process lives, and keeps the device's loop: every result of the outside
/// world is handed to it, then everything that it asks for is done.
final class Daemon {
  private let loop: EventLoop
  private let device: Device
  private let sound: SoundPath
  private let port: ControlPort
  private let driver: RoomDriver
  private let timer: Timer
  private let outputs: BoardOutputs
  private let doorPath: String?
  private var signals: [SignalWatcher] = []
  private var isDraining = false

  init(_ settings: Settings) throws(StartFailure) {
    let settings = try DoorFiles.readCode(settings)
    outputs = BoardOutputs(settings)
    doorPath = DoorFiles.statePath(settings)
    sound = try SoundPath(settings)
    let instruments = SystemInstruments(uplink: sound.uplink, downlink: sound.downlink)
    do throws(ReactorFailure) {
      loop = try EventLoop()
      driver = try RoomDriver(loop, settings)
    } catch {
      throw .reactor(error)
    }
    timer = Timer(loop)
    port = try ControlPort(loop, path: settings.control.socket, group: settings.control.group)
    let room = Room(configuration: try Self.roomConfiguration(settings), random: SystemRandom())
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
    configuration.rpcMethods = RemoteMethods.all
    configuration.limits.subscriptionsMax = AudioLimits.tracksMax
    return configuration
  }

  /// Runs until the device has left its room after SIGTERM or SIGINT.
  func run() throws(StartFailure) {
    driver.onInput = { self.handle(.room($0)) }
    port.onRequest = { self.handle(.control($0, client: $1)) }
    port.onLeft = { self.handle(.clientLeft($0)) }
    sound.onFrame = { self.device.send($0, now: self.loop.now) }
    sound.onCardEvent = { self.handle(.soundCard($0)) }
    sound.onWarning = { Journal.write(.warning, $0) }
    sound.onDrained = { self.drain() }
    timer.onFire = { self.handle(.timeout) }
    do throws(ReactorFailure) {
      for signal in [SignalWatcher.Signal.terminate, .interrupt] {
        signals.append(try SignalWatcher(loop, signal) { self.handle(.terminate) })
      }
    } catch {
      throw .reactor(error)
    }
    if !driver.hasAuthorities {
      Journal.write(
        .warning,
        "no certificate authorities are installed (package ca-certificates), so wss:// will be refused")
    }
    try sound.start(loop)
    device.restoreDoor(doorPath.flatMap { DoorFiles.readState($0) }, now: loop.now)
    device.start(now: loop.now)
    drain()
    loop.run()
    sound.stop()
    port.close()
  }

  private func handle(_ input: Device.Input) {
    device.handle(input, now: loop.now)
    drain()
  }

  /// What is asked for here may answer at once (a token, a socket); its answer is taken by the loop that runs.
  private func drain() {
    guard !isDraining else { return }
    isDraining = true
    defer { isDraining = false }
    while true {
      switch device.poll(now: loop.now) {
      case .room(let output): driver.perform(output)
      case .answer(let answer, let request, let client): port.send(answer, to: request, client: client)
      case .notify(let event, let milliseconds): port.notify(event, unixMilliseconds: milliseconds)
      case .readToken(let path): device.handle(.tokenRead(Files.readToken(path)), now: loop.now)
      case .storeDoorState(let bytes): if let doorPath { DoorFiles.writeState(bytes, doorPath) }
      case .board(let command): outputs.perform(command)
      case .audio(let command): sound.perform(command)
      case .log(let entry): Journal.write(entry.priority, entry.text)
      case .exit: return loop.stop()
      case .wait(let until):
        if let until { timer.schedule(at: until) } else { timer.cancel() }
        return
      }
    }
  }
}

func run(configurationAt path: String) -> Int32 {
  // A peer that goes away while it is written to is an error of that write, not the end of the process.
  lintel_ignore_signal(SIGPIPE)
  do throws(ConfigurationUnusable) {
    let settings = try readConfiguration(at: path)
    do throws(StartFailure) {
      try Daemon(settings).run()
      return 0
    } catch {
      Journal.write(.error, error.description)
    }
  } catch {
    for line in error.lines { Journal.write(.error, line) }
  }
  return 1
}
