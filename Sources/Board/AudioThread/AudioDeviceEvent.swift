import AudioEngine
import Base

/// What happened to a sound device; the audio thread tells, the reactor reads.
public enum AudioDeviceEvent: Equatable, Sendable, CustomStringConvertible {
  /// It runs, for the first time or again, with what was negotiated.
  case opened(AudioDirection, device: String, AudioParameters)
  /// It could not be opened. It is tried again with growing pauses; told once for each new reason.
  case unavailable(AudioDirection, reason: String)
  /// It ran and is gone; it is tried again.
  case lost(AudioDirection, reason: String)
  /// It was closed, as nobody wants it.
  case closed(AudioDirection)
  /// The card ran over or dry and recovered; `total` since the thread started. Told at most once a second.
  case dropouts(AudioDirection, total: Int)
  /// The thread runs without real-time priority: under load the sound may stutter.
  case realtimeRefused(reason: String)
  /// Its memory may be paged out: where there is swap, or under memory pressure, the sound may stutter.
  case memoryNotLocked(reason: String)
  /// So many events were not read in time and are lost.
  case eventsLost(total: Int)

  public var description: String {
    switch self {
    case .opened(let direction, let device, let parameters):
      "\(direction.word) '\(device)' open: \(parameters.line)"
    case .unavailable(let direction, let reason): "\(direction.word) unavailable: \(reason)"
    case .lost(let direction, let reason): "\(direction.word) lost: \(reason)"
    case .closed(let direction): "\(direction.word) closed"
    case .dropouts(.capture, let total): "capture overran, \(total) times so far"
    case .dropouts(.playback, let total): "playback ran dry, \(total) times so far"
    case .realtimeRefused(let reason): "no real-time priority for the audio thread: \(reason)"
    case .memoryNotLocked(let reason): "the audio thread's memory is not locked: \(reason)"
    case .eventsLost(let total): "\(total) sound device events were lost"
    }
  }
}

/// The events as records of bytes on their way between the two threads.
final class AudioEventQueue: Sendable {
  private struct Header: BitwiseCopyable {
    var kind: Kind
    var direction: AudioDirection
    var number: Int32
    /// Bytes of the first of two texts.
    var split: Int32
  }

  private enum Kind: UInt8, BitwiseCopyable {
    case opened, unavailable, lost, closed, dropouts, realtimeRefused, memoryNotLocked, eventsLost
  }

  private let ring = RecordRing<Header>(bytes: BoardLimits.eventRingBytes)

  /// Audio thread. False if there is no room.
  func push(_ event: AudioDeviceEvent) -> Bool {
    switch event {
    case .opened(let direction, let device, let parameters):
      write(.opened, direction, parameters.rateHertz, device, parameters.line)
    case .unavailable(let direction, let reason): write(.unavailable, direction, 0, reason)
    case .lost(let direction, let reason): write(.lost, direction, 0, reason)
    case .closed(let direction): write(.closed, direction, 0)
    case .dropouts(let direction, let total): write(.dropouts, direction, total)
    case .realtimeRefused(let reason): write(.realtimeRefused, .playback, 0, reason)
    case .memoryNotLocked(let reason): write(.memoryNotLocked, .playback, 0, reason)
    case .eventsLost(let total): write(.eventsLost, .playback, total)
    }
  }

  /// Reactor thread.
  func pop() -> AudioDeviceEvent? {
    var event: AudioDeviceEvent?
    _ = ring.pop { header, bytes in
      let split = min(Int(header.split), bytes.count)
      let first = String(decoding: bytes[..<split], as: UTF8.self)
      let second = String(decoding: bytes[split...], as: UTF8.self)
      switch header.kind {
      case .opened:
        event = .opened(
          header.direction, device: first, AudioParameters(rateHertz: Int(header.number), line: second))
      case .unavailable: event = .unavailable(header.direction, reason: first)
      case .lost: event = .lost(header.direction, reason: first)
      case .closed: event = .closed(header.direction)
      case .dropouts: event = .dropouts(header.direction, total: Int(header.number))
      case .realtimeRefused: event = .realtimeRefused(reason: first)
      case .memoryNotLocked: event = .memoryNotLocked(reason: first)
      case .eventsLost: event = .eventsLost(total: Int(header.number))
      }
    }
    return event
  }

  private func write(
    _ kind: Kind, _ direction: AudioDirection, _ number: Int, _ first: String = "", _ second: String = ""
  ) -> Bool {
    var bytes = Array(first.utf8.prefix(BoardLimits.eventTextBytesMax))
    let header = Header(
      kind: kind, direction: direction, number: Int32(truncatingIfNeeded: number), split: Int32(bytes.count))
    bytes.append(contentsOf: second.utf8.prefix(BoardLimits.eventTextBytesMax))
    return bytes.withUnsafeBytes { ring.push(header, $0) }
  }
}
