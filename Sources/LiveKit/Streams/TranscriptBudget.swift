import Base

/// How many segments of transcriptions are told, so that whoever sends them cannot keep this program busy, and nobody is
/// silenced for another's sake. Pure.
///
/// A stream's guesses are told ten times a second at most. Each sender may have 20 segments a second told, and 40 at
/// once; the last ten of these are for segments that are final, which nothing repeats.
struct TranscriptBudget {
  private struct Source {
    var origin: PacketOrigin
    var tokens = TranscriptBudget.burst
    var refilledAt: Instant
  }

  private static let guessIntervalMilliseconds = 100
  private static let burst = 40
  private static let reservedForFinal = 10
  private static let refillMilliseconds = 50

  private var guesses: [(stream: IncomingStream.ID, nextAt: Instant)] = []
  private var sources: [Source] = []
  private let sourcesMax: Int
  /// Segments that were not told.
  private(set) var suppressed = 0

  init(sourcesMax: Int) { self.sourcesMax = sourcesMax }

  var count: Int { guesses.count + sources.count }

  /// Whether what has come of this stream so far is told.
  mutating func allowsGuess(_ stream: IncomingStream, now: Instant) -> Bool {
    let known = guesses.firstIndex { $0.stream == stream.id }
    if let known, guesses[known].nextAt > now { return false }
    guard spend(stream.origin, leaving: Self.reservedForFinal, now) else { return false }
    let nextAt = now.advanced(byMilliseconds: Self.guessIntervalMilliseconds)
    if let known { guesses[known].nextAt = nextAt } else { guesses.append((stream.id, nextAt)) }
    return true
  }

  /// Whether a segment is told that this sender will not repeat.
  mutating func allowsFinal(_ origin: PacketOrigin, now: Instant) -> Bool { spend(origin, leaving: 0, now) }

  mutating func ended(_ stream: IncomingStream.ID) { guesses = guesses.filter { $0.stream != stream } }

  mutating func clear() {
    guesses = []
    sources = []
  }

  private mutating func spend(_ origin: PacketOrigin, leaving reserve: Int, _ now: Instant) -> Bool {
    var source = Source(origin: origin, refilledAt: now)
    if let index = sources.firstIndex(where: { $0.origin.matches(origin) }) {
      source = sources.remove(at: index)
    } else if sources.count >= sourcesMax {
      sources.remove(at: 0)
    }
    let more = now.milliseconds(since: source.refilledAt) / Self.refillMilliseconds
    if more > 0 {
      source.tokens = min(Self.burst, source.tokens + more)
      source.refilledAt = now
    }
    let isAllowed = source.tokens > reserve
    if isAllowed { source.tokens -= 1 } else { suppressed &+= 1 }
    // The one that spoke last is at the end, and forgotten last.
    sources.append(source)
    return isAllowed
  }
}
