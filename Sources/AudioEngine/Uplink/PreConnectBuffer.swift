import Synchronization

/// What was said between the press of the button and the moment at which somebody listened.
public struct PreConnectRecording: Equatable, Sendable {
  /// The position of its first sample, on the scale of `EncodedFrame.position`.
  public var first: UInt32
  /// Where the live track takes over: the recording ends before this sample, and the frame that begins at it and
  /// all later ones are live.
  public var handOver: UInt32

  /// How many samples it holds.
  public var count: Int { Int(handOver &- first) }

  public init(first: UInt32, handOver: UInt32) {
    self.first = first
    self.handOver = handOver
  }
}

/// A ring of the newest samples of the microphone, written by the audio thread until it is handed over and read
/// by the reactor thread after that. The two never touch the samples at the same time: `stage` says whose they
/// are, and only the audio thread gives them away, only the reactor thread gives them back.
///
/// | stage | the samples are | next |
/// |---|---|---|
/// | rolling | overwritten, for the pre-roll; of which alone is anything left while nobody listens | recording, by `start` |
/// | recording | kept, the newest if it gets long | ending, by `handOver` |
/// | ending | the same, until the frame being filled is full | handed over, by the audio thread |
/// | handed over | the reader's | rolling, by `release` |
final class PreConnectBuffer: @unchecked Sendable {
  private enum Stage {
    static let rolling = 0
    static let recording = 1
    static let ending = 2
    static let handedOver = 3
  }

  private let stage = Atomic<Int>(Stage.rolling)
  private let preRollSamples = Atomic<Int>(0)
  /// Counts the recordings, so that one that follows close on another is told from it.
  private let begun = Atomic<Int>(0)
  /// Counts the mutes: what was said before one is not told after it, whoever has the samples at that moment.
  private let forgotten = Atomic<Int>(0)
  private let capacity: Int
  private let samples: UnsafeMutablePointer<Int16>

  // The audio thread's, and in the stage "handed over" the reader's.
  /// The oldest sample in the ring that belongs to the recording (or may become pre-roll), and the next to come.
  private var first: UInt32 = 0
  private var next: UInt32 = 0
  /// Where `next` goes in the ring.
  private var slot = 0
  private var followed = 0
  private var forgottenBefore = 0
  /// Where what was kept ends in the ring.
  private var keptEnd = 0
  /// The reader has or had the ring, which missed what came meanwhile.
  private var wasLent = false

  /// `capacity` in samples, 0 for none.
  init(capacity: Int) {
    self.capacity = capacity
    samples = .allocate(capacity: max(1, capacity))
    // Touched now, so that the audio thread meets no page fault.
    samples.initialize(repeating: 0, count: max(1, capacity))
  }

  deinit { samples.deallocate() }

  // MARK: Audio thread

  /// The encoder begins a frame at `position`: the only moment at which the samples change hands.
  func frameBegins(at position: UInt32) {
    guard stage.load(ordering: .acquiring) == Stage.ending else { return }
    follow()
    bridge(to: position)
    obey()
    // Unless it was released in the meantime.
    let exchange = stage.compareExchange(
      expected: Stage.ending, desired: Stage.handedOver, ordering: .acquiringAndReleasing)
    wasLent = exchange.exchanged
  }

  /// Adds samples, the first of which is at `position`. Withheld ones leave nothing of what was said before them.
  func append(_ block: UnsafePointer<Int16>, _ count: Int, at position: UInt32, withheld: Bool) {
    guard capacity > 0, stage.load(ordering: .acquiring) != Stage.handedOver else { return }
    follow()
    bridge(to: position)
    let kept = min(count, capacity)
    let untilEnd = min(kept, capacity - slot)
    (samples + slot).copy(from: block + (count - kept), count: untilEnd)
    samples.copy(from: block + (count - kept + untilEnd), count: kept - untilEnd)
    advance(by: count)
    // Looked at behind the samples: they were heard before a mute that is seen now.
    obey()
    if withheld { first = next }
  }

  /// Forgets what was said before a mute.
  private func obey() {
    let count = forgotten.load(ordering: .acquiring)
    if count != forgottenBefore { first = next }
    forgottenBefore = count
  }

  private func advance(by count: Int) {
    slot = (slot + count) % capacity
    next = next &+ UInt32(count)
    if next &- first > UInt32(capacity) { first = next &- UInt32(capacity) }
  }

  /// Notices that a recording began: what is older than its pre-roll is none of its business.
  private func follow() {
    let recordings = begun.load(ordering: .acquiring)
    guard recordings != followed else { return }
    followed = recordings
    let preRoll = UInt32(preRollSamples.load(ordering: .relaxed))
    if next &- first > preRoll { first = next &- preRoll }
  }

  /// What the card lost is silence here, so that every sample keeps its place. After a longer time, and when the
  /// reader had the ring, it starts over.
  private func bridge(to position: UInt32) {
    let gap = Int(Int32(bitPattern: position &- next))
    guard gap != 0 || wasLent else { return }
    guard gap > 0, gap < capacity, !wasLent else {
      wasLent = false
      first = position
      next = position
      return
    }
    let untilEnd = min(gap, capacity - slot)
    (samples + slot).update(repeating: 0, count: untilEnd)
    samples.update(repeating: 0, count: gap - untilEnd)
    advance(by: gap)
  }

  // MARK: Audio thread, while nobody listens

  /// Nothing of what was heard is left, unless it belongs to a recording.
  func wipe() {
    guard stage.load(ordering: .acquiring) == Stage.rolling else { return }
    samples.update(repeating: 0, count: capacity)
    first = next
  }

  /// Adds samples as they came from the card, and takes those away that are older than the pre-roll.
  func keep(_ block: UnsafePointer<Int16>, _ count: Int) {
    append(block, count, at: next, withheld: false)
    // Read and written in turn when it is taken up, so a period has to be free.
    let most = min(preRollSamples.load(ordering: .relaxed), capacity - AudioFormat.periodSamples)
    while Int(next &- first) > max(0, most) {
      samples[(slot + capacity - Int(next &- first)) % capacity] = 0
      first = first &+ 1
    }
  }

  /// How many samples were kept; `kept` has them.
  func takeKept() -> Int {
    guard capacity > 0, stage.load(ordering: .acquiring) != Stage.handedOver else { return 0 }
    obey()
    keptEnd = slot
    return Int(next &- first)
  }

  /// A part of the newest `rest` of them, the oldest first.
  func kept(_ rest: Int, atMost count: Int) -> UnsafeBufferPointer<Int16> {
    let start = (keptEnd + capacity - rest) % capacity
    return UnsafeBufferPointer(start: samples + start, count: min(rest, count, capacity - start))
  }

  /// What comes next is at `position`, and nothing comes before it.
  func beginAnew(at position: UInt32) {
    guard stage.load(ordering: .acquiring) != Stage.handedOver else { return }
    first = position
    next = position
    wasLent = false
  }

  // MARK: Reactor thread

  func setPreRoll(_ samples: Int) {
    preRollSamples.store(max(0, min(capacity, samples)), ordering: .relaxed)
  }

  /// Begins a recording, with what was heard in the `preRoll` samples before. Nothing if one has begun.
  func start(preRoll: Int) {
    guard stage.load(ordering: .relaxed) == Stage.rolling else { return }
    setPreRoll(preRoll)
    begun.store(begun.load(ordering: .relaxed) &+ 1, ordering: .releasing)
    stage.store(Stage.recording, ordering: .releasing)
  }

  /// Asks for the samples; they come with the next frame.
  func handOver() {
    _ = stage.compareExchange(
      expected: Stage.recording, desired: Stage.ending, ordering: .acquiringAndReleasing)
  }

  /// The recording, once it has been handed over.
  var recording: PreConnectRecording? {
    guard stage.load(ordering: .acquiring) == Stage.handedOver else { return nil }
    // The audio thread may have given it away in the moment of a mute.
    obey()
    return PreConnectRecording(first: first, handOver: next)
  }

  /// Copies samples from `position` on and answers how many: 0 at the end, and where there is nothing.
  func read(from position: UInt32, into target: UnsafeMutableBufferPointer<Int16>) -> Int {
    guard let start = target.baseAddress, let recording else { return 0 }
    let left = Int(Int32(bitPattern: recording.handOver &- position))
    guard left > 0, left <= recording.count else { return 0 }
    let count = min(left, target.count)
    let from = (slot + capacity - left) % capacity
    let untilEnd = min(count, capacity - from)
    start.copy(from: samples + from, count: untilEnd)
    (start + untilEnd).copy(from: samples, count: count - untilEnd)
    return count
  }

  /// Ends the recording in whatever stage it is and gives the samples back.
  func release() { stage.store(Stage.rolling, ordering: .releasing) }

  /// What was said before a mute is not told after it.
  func forget() { forgotten.store(forgotten.load(ordering: .relaxed) &+ 1, ordering: .releasing) }
}
