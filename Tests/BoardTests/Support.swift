import AudioEngine
import Board
import Foundation

/// The simulated sound card, if somebody built it: board/soundcard/build makes it, LINTEL_SOUNDCARD names it.
let soundcardPlugin: String? = ProcessInfo.processInfo.environment["LINTEL_SOUNDCARD"]
let soundcardMissing: Bool = soundcardPlugin == nil

/// A folder of its own for one test, removed with the value.
final class Workshop {
  let folder: URL
  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("lintel-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: folder) }
  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ name: String, wav samples: [Int16], rate: Int = 16_000, channels: Int = 1) throws -> String {
    var data = Data()
    func put32(_ value: Int) {
      withUnsafeBytes(of: UInt32(value).littleEndian) { data.append(contentsOf: $0) }
    }
    func put16(_ value: Int) {
      withUnsafeBytes(of: UInt16(value).littleEndian) { data.append(contentsOf: $0) }
    }
    data.append(contentsOf: "RIFF".utf8)
    put32(36 + samples.count * 2)
    data.append(contentsOf: "WAVEfmt ".utf8)
    put32(16)
    put16(1)
    put16(channels)
    put32(rate)
    put32(rate * 2 * channels)
    put16(2 * channels)
    put16(16)
    data.append(contentsOf: "data".utf8)
    put32(samples.count * 2)
    samples.withUnsafeBytes { data.append(contentsOf: $0) }
    try data.write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  /// The samples of a recording, and whether its header's sizes fit in the file.
  func read(_ name: String) throws -> [Int16] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
    return data.dropFirst(44).withUnsafeBytes { bytes in
      (0..<(bytes.count / 2)).map { bytes.loadUnaligned(fromByteOffset: $0 * 2, as: Int16.self) }
    }
  }

  func headerDataBytes(_ name: String) throws -> Int {
    let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
    return data.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 40, as: UInt32.self)) }
  }

  func fault(_ name: String, _ fault: Int32, ppm: Int32 = 0) throws {
    let descriptor = open(path(name), O_RDWR | O_CREAT, 0o666)
    defer { close(descriptor) }
    var words = [fault, ppm]
    _ = pwrite(descriptor, &words, 8, 4)
  }

  /// A counter of the control file: 12 opens, 16 starts, 20 xruns.
  func counter(_ name: String, at offset: Int) throws -> Int {
    let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
    return data.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
  }
}

/// A sine of `frequency` Hz.
func tone(_ frequency: Double, seconds: Double, amplitude: Double = 12_000) -> [Int16] {
  (0..<Int(seconds * 16_000)).map { Int16(amplitude * sin(2 * .pi * frequency * Double($0) / 16_000)) }
}

/// Runs what the reactor would: collects frames and events until `done` says so or `seconds` have passed.
final class Listener {
  let uplink: Uplink
  let thread: AudioThread<LinuxBoard>
  var frames: [EncodedFrame] = []
  var payloads: [[UInt8]] = []
  var events: [AudioDeviceEvent] = []

  init(_ thread: AudioThread<LinuxBoard>, _ uplink: Uplink) {
    self.thread = thread
    self.uplink = uplink
  }

  @discardableResult
  func run(seconds: Double, until done: (Listener) -> Bool = { _ in false }) -> Bool {
    becomeRealtime()
    defer { becomeOrdinary() }
    let end = Date().addingTimeInterval(seconds)
    var payload: [UInt8] = []
    while Date() < end {
      var descriptor = pollfd(fd: thread.wakeDescriptor, events: Int16(POLLIN), revents: 0)
      poll(&descriptor, 1, 20)
      thread.acknowledgeWake()
      while let event = thread.nextEvent() { events.append(event) }
      while let frame = uplink.pop(into: &payload) {
        frames.append(frame)
        payloads.append(payload)
      }
      if done(self) { return true }
    }
    return false
  }

  func opened(_ direction: AudioDirection) -> Int {
    events.filter { if case .opened(direction, _, _) = $0 { true } else { false } }.count
  }
  func lost(_ direction: AudioDirection) -> Int {
    events.filter { if case .lost(direction, _) = $0 { true } else { false } }.count
  }
}

/// A busy build machine must not make the test itself late; refused, the thread runs as it is.
func becomeRealtime() {
  var parameter = sched_param(sched_priority: 10)
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter)
}

func becomeOrdinary() {
  var parameter = sched_param(sched_priority: 0)
  pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameter)
}
