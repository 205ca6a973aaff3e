import Base

/// What the process reads off itself, for `SelfWatch`. nil where the system does not tell.
public struct SelfReadings: Equatable, Sendable {
  /// Memory that is the process's own: what it shares with the files of its libraries does not count.
  public var anonymousKilobytes: Int?
  public var descriptors: Int?
  /// A number that changes while the audio thread makes progress.
  public var audioTurns: Int
  /// A number that changes while signalling makes progress, nil while none is expected.
  public var signallingTurns: Int?

  public init(anonymousKilobytes: Int?, descriptors: Int?, audioTurns: Int, signallingTurns: Int?) {
    self.anonymousKilobytes = anonymousKilobytes
    self.descriptors = descriptors
    self.audioTurns = audioTurns
    self.signallingTurns = signallingTurns
  }
}

/// Watches the process from inside. Each quantity has two limits: above the first it is told once, until it has
/// fallen below again; above the second the process has to be started anew.
///
/// | quantity | first limit | second limit |
/// |---|---|---|
/// | memory | three quarters of it | `memoryKilobytes` |
/// | descriptors | three quarters of it | `descriptors` |
/// | time without progress of the audio thread | `audioStillMilliseconds` | twice that |
/// | time without progress of signalling | `signallingStillMilliseconds` | twice that |
public struct SelfWatch {
  public enum Quantity: String, Sendable {
    case memory, descriptors, audio, signalling
  }

  public struct Limits: Equatable, Sendable {
    /// 0: not watched.
    public var memoryKilobytes: Int
    public var descriptors: Int
    /// Above what the audio thread takes for a round without devices, and what opening a slow one takes.
    public var audioStillMilliseconds: Int
    public var signallingStillMilliseconds: Int

    public init(
      memoryKilobytes: Int, descriptors: Int,
      audioStillMilliseconds: Int = DeviceLimits.audioStillMilliseconds,
      signallingStillMilliseconds: Int = DeviceLimits.signallingStillMilliseconds
    ) {
      self.memoryKilobytes = memoryKilobytes
      self.descriptors = descriptors
      self.audioStillMilliseconds = audioStillMilliseconds
      self.signallingStillMilliseconds = signallingStillMilliseconds
    }
  }

  /// A limit that was crossed.
  public struct Finding: Equatable, Sendable {
    public var quantity: Quantity
    /// Kilobytes, descriptors or milliseconds, as the limit.
    public var value: Int
    public var limit: Int
    public var needsRestart: Bool

    /// A sentence without its full stop.
    public var words: String {
      switch quantity {
      case .memory: "\(value) kB of memory are in use, more than \(limit) kB"
      case .descriptors: "\(value) file descriptors are open, more than \(limit)"
      case .audio: "the audio thread has not moved for \(value) ms"
      case .signalling: "the connection to the room server has not moved for \(value) ms"
      }
    }
  }

  private let limits: Limits
  private var told: [Quantity] = []
  private var audio: (turns: Int, since: Instant)?
  private var signalling: (turns: Int, since: Instant)?

  public init(_ limits: Limits) { self.limits = limits }

  /// Whether the audio thread moved since the last look: what an outside watchdog may be told.
  public private(set) var audioMoves = true

  /// To be called about once a second. What was crossed since the last call.
  public mutating func look(_ readings: SelfReadings, now: Instant) -> [Finding] {
    audioMoves = audio.map { $0.turns != readings.audioTurns } ?? true
    if audioMoves { audio = (readings.audioTurns, now) }
    if signalling?.turns != readings.signallingTurns {
      signalling = readings.signallingTurns.map { ($0, now) }
    }
    var findings: [Finding] = []
    judge(
      .memory, readings.anonymousKilobytes, limits.memoryKilobytes / 4 * 3, limits.memoryKilobytes, &findings)
    judge(.descriptors, readings.descriptors, limits.descriptors / 4 * 3, limits.descriptors, &findings)
    let audioStill = audio.map { now.milliseconds(since: $0.since) }
    let audioMax = limits.audioStillMilliseconds
    judge(.audio, audioStill, audioMax, 2 * audioMax, &findings)
    let signallingStill = signalling.map { now.milliseconds(since: $0.since) }
    let signallingMax = limits.signallingStillMilliseconds
    judge(.signalling, signallingStill, signallingMax, 2 * signallingMax, &findings)
    return findings
  }

  private mutating func judge(
    _ quantity: Quantity, _ value: Int?, _ first: Int, _ last: Int, _ findings: inout [Finding]
  ) {
    guard let value, last > 0, value > first else {
      told = told.filter { $0 != quantity }
      return
    }
    let needsRestart = value > last
    guard needsRestart || !told.contains(quantity) else { return }
    if !needsRestart { told.append(quantity) }
    findings.append(
      Finding(
        quantity: quantity, value: value, limit: needsRestart ? last : first, needsRestart: needsRestart))
  }
}
