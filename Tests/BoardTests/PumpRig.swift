import Base

@testable import AudioEngine
@testable import Board

/// The pump and everything that it told.
final class PumpRig {
  let board: MemoryBoard
  let uplink: Uplink
  let downlink: Downlink
  let signals: AudioSignals
  let opener: AudioOpener<MemoryBoard>
  let pump: AudioPump<MemoryBoard>
  var told: [AudioDeviceEvent] = []
  var frames: [EncodedFrame] = []
  var played: [Int16] = []
  /// Called once for each 20 ms.
  var pushes: (Int) -> Void = { _ in }
  private var pushed = -1
  let begin: Instant

  init(_ configuration: UplinkConfiguration = UplinkConfiguration(), bufferSamples: Int = 640) throws {
    board = MemoryBoard(bufferSamples: bufferSamples)
    uplink = try Uplink(configuration)
    downlink = try Downlink()
    signals = try AudioSignals()
    opener = AudioOpener(board, signals)
    pump = AudioPump(board, uplink: uplink, downlink: downlink, signals: signals, opener: opener)
    begin = board.wait.now
    board.capture.hears = { Int16(truncatingIfNeeded: $0 & 8 == 0 ? 8_000 : -8_000) }
  }

  /// Runs for so long; what happens meanwhile does so after as many milliseconds as it says, once.
  func run(milliseconds: Int, _ script: (at: Int, does: (MemoryBoard) -> Void)...) {
    var next = 0
    board.playback.onPlay = { self.played += $0 }
    board.wait.end = begin.advanced(byMilliseconds: milliseconds)
    board.wait.onPass = { now in
      self.drain()
      self.push(now.milliseconds(since: self.begin))
      while next < script.count, now.milliseconds(since: self.begin) >= script[next].at {
        script[next].does(self.board)
        next += 1
      }
    }
    pump.run(isAlone: true)
    opener.closeDevices()
    drain()
  }

  private func push(_ milliseconds: Int) {
    while pushed < milliseconds / 20 {
      pushed += 1
      pushes(pushed * 20)
    }
  }

  private func drain() {
    var payload: [UInt8] = []
    while let event = opener.events.pop() ?? pump.events.pop() { told.append(event) }
    while let frame = uplink.pop(into: &payload) { frames.append(frame) }
  }

  /// In milliseconds, from the first to the last frame, each of them.
  var steps: [UInt32] { zip(frames, frames.dropFirst()).map { ($1.position &- $0.position) / 16 } }

  func lines(_ word: String) -> [String] { told.map(\.description).filter { $0.contains(word) } }
}
