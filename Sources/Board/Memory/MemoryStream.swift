import AudioEngine
import Base

/// What is wrong with a device in memory.
public enum MemoryTrouble: Equatable, Sendable {
  case none
  /// It is not there, or was pulled.
  case missing
  /// Somebody else has it: it cannot be opened.
  case busy(holder: String)
  /// It moves nothing.
  case stalled
  /// It is always ready, as nothing that makes a sound is.
  case endless
}

/// What both directions of a card in memory have in common: it moves 16 samples a millisecond of its board's time, in
/// a buffer, and can be told to do it wrong.
public class MemoryStream {
  public final let name: String
  public final internal(set) var dropouts = 0
  /// Times it was opened.
  public private(set) final var opens = 0
  public final var trouble = MemoryTrouble.none { willSet { anchor() } }
  /// Its readiness lies, as that of some plugins does: it says that samples can be moved when none can.
  public final var isAlwaysReady = false
  /// How fast its clock runs, in millionths of the right speed.
  public final var speedPartsPerMillion = 1_000_000 { willSet { anchor() } }
  final let clock: MemoryClock
  final let bufferSamples: Int
  final var isOpen = false
  private final var drops = false
  /// The card's position when it was last set right, and when that was.
  private final var anchored = 0
  private final var anchoredAt: Instant

  init(_ name: String, _ clock: MemoryClock, bufferSamples: Int) {
    self.name = name
    self.clock = clock
    self.bufferSamples = bufferSamples
    anchoredAt = clock.now
  }

  public final func open() throws(BoardFailure) -> AudioParameters {
    switch trouble {
    case .missing: throw .deviceNotFound(name: name, available: "there is nothing else in memory")
    case .busy(let holder): throw .deviceBusy(name: name, holder: holder)
    case .none, .stalled, .endless: break
    }
    isOpen = true
    opens += 1
    begin()
    return AudioParameters(rateHertz: AudioFormat.sampleRate, line: "in memory")
  }

  public final func close() { isOpen = false }

  /// As when nobody came in time: the card finds it out at the next move.
  public final func drop() { drops = true }

  public final var isReady: Bool { readyAt.map { $0 <= clock.now } ?? false }

  /// When samples can be moved, or moving them tells what is wrong; nil: never as things are.
  final var readyAt: Instant? {
    guard isOpen else { return nil }
    if isAlwaysReady { return clock.now }
    switch trouble {
    case .missing, .endless: return clock.now
    case .stalled: return nil
    case .none, .busy: return drops ? clock.now : wantedPosition.map { moment(of: $0) }
    }
  }

  /// The position of the card at which samples can be moved; nil while it stands still.
  var wantedPosition: Int? { nil }

  /// It was opened, or had a dropout: it begins anew.
  func begin() {}

  /// Samples that the card has moved since it was made.
  final var position: Int {
    if trouble == .stalled { return anchored }
    let passed = clock.now.microseconds(since: anchoredAt)
    return anchored + Int(passed * 2 * Int64(speedPartsPerMillion) / 125_000_000)
  }

  /// What every move begins with. True if it had a dropout: it begins anew.
  final func recover(isLate: Bool) throws(BoardFailure) -> Bool {
    if trouble == .missing { throw .disconnected(name: name) }
    guard drops || isLate, trouble != .endless else { return false }
    drops = false
    dropouts += 1
    begin()
    return true
  }

  private final func anchor() {
    anchored = position
    anchoredAt = clock.now
  }

  private final func moment(of position: Int) -> Instant {
    let left = Int64(position - anchored) * 125_000_000
    let speed = Int64(max(1, 2 * speedPartsPerMillion))
    return anchoredAt.advanced(byMicroseconds: Int((left + speed - 1) / speed))
  }
}
