import Synchronization

/// From RTP packets to the speaker: up to `DownlinkConfiguration.tracksMax` tracks, each in a slot that the
/// caller numbers from 0. `playback` belongs to the audio thread; everything else belongs to the reactor thread.
/// After `init` nothing here allocates, locks or calls the system.
public final class Downlink: @unchecked Sendable {
  private let ring: RecordRing<PacketHeader>
  private let counters = DownlinkCounters()
  private let slots: UnsafeMutablePointer<SlotControl>
  private let tracksMax: Int
  private let masterPercent = Atomic<Int>(100)

  // The audio thread's.
  private let playouts: [Playout]
  private var periodClock = PeriodClock()
  private var mixer = Mixer()
  /// The caller asks for as many samples as `samplesNext` says.
  private var isFollowing = false
  /// The slot whose packets are followed.
  private var leader = 0
  let tones = ToneGenerator()

  public init(_ configuration: DownlinkConfiguration = DownlinkConfiguration()) throws(AudioFailure) {
    try configuration.validate()
    var built: [Playout] = []
    ring = RecordRing(bytes: configuration.ringBytes)
    tracksMax = configuration.tracksMax
    for _ in 0..<tracksMax { built.append(try Playout(configuration, counters)) }
    playouts = built
    slots = .allocate(capacity: tracksMax)
    for slot in 0..<tracksMax { (slots + slot).initialize(to: SlotControl()) }
  }

  deinit {
    slots.deinitialize(count: tracksMax)
    slots.deallocate()
  }

  // MARK: Reactor thread

  /// Starts a track, also on a slot that is open (its SSRC changed): what waited there is forgotten.
  public func open(slot: Int) {
    guard let control = control(slot) else { return }
    // Odd means open. A packet carries the generation it was pushed in, so neither a full ring nor the order of
    // commands and packets can mix up two streams.
    let generation = control.pointee.generation.load(ordering: .relaxed)
    control.pointee.generation.store((generation | 1) &+ (generation & 1) * 2, ordering: .releasing)
  }

  /// Ends a track; silent from the next period on.
  public func close(slot: Int) {
    guard let control = control(slot) else { return }
    let generation = control.pointee.generation.load(ordering: .relaxed)
    if generation & 1 == 1 { control.pointee.generation.store(generation &+ 1, ordering: .releasing) }
  }

  /// Hands over one RTP packet: its sequence number, its 48 kHz timestamp, its Opus payload, and when it came, in
  /// microseconds of the clock that `playback` is told (they may wrap). False if the slot is not open, or the ring
  /// is full (then it is counted).
  @discardableResult
  public func push(
    slot: Int, sequence: UInt16, timestamp: UInt32, payload: UnsafeRawBufferPointer,
    arrivedAt microseconds: UInt32
  ) -> Bool {
    guard let control = control(slot) else { return false }
    let generation = control.pointee.generation.load(ordering: .relaxed)
    guard generation & 1 == 1 else { return false }
    // Too long for Opus: the payload stays behind, and the audio thread counts an undecodable packet.
    let kept =
      payload.count <= AudioLimits.payloadBytesMax ? payload : UnsafeRawBufferPointer(start: nil, count: 0)
    let header = PacketHeader(
      generation: generation, timestamp: timestamp, arrivedAtMicroseconds: microseconds, sequence: sequence,
      slot: UInt16(truncatingIfNeeded: slot))
    guard ring.push(header, kept) else {
      counters.ringFull.add(1)
      return false
    }
    return true
  }

  /// The same for bytes in an array.
  @discardableResult
  public func push(
    slot: Int, sequence: UInt16, timestamp: UInt32, payload: ArraySlice<UInt8>,
    arrivedAt microseconds: UInt32
  ) -> Bool {
    payload.withUnsafeBytes {
      push(slot: slot, sequence: sequence, timestamp: timestamp, payload: $0, arrivedAt: microseconds)
    }
  }

  /// 0 (silent) ... 100 (as sent) ... 200 percent of one track's amplitude, clamped.
  public func setVolume(percent: Int, slot: Int) {
    control(slot)?.pointee.percent.store(max(0, min(200, percent)), ordering: .relaxed)
  }

  /// The same for everything that is played.
  public var volumePercent: Int {
    get { masterPercent.load(ordering: .relaxed) }
    set { masterPercent.store(max(0, min(200, newValue)), ordering: .relaxed) }
  }

  public var statistics: DownlinkStatistics { counters.snapshot }

  private func control(_ slot: Int) -> UnsafeMutablePointer<SlotControl>? {
    slot >= 0 && slot < tracksMax ? slots + slot : nil
  }

  // MARK: Audio thread

  /// Nothing is to be heard until somebody opens a track or asks for a tone.
  public var isQuiet: Bool {
    for slot in 0..<tracksMax where slots[slot].generation.load(ordering: .acquiring) & 1 == 1 {
      return false
    }
    return tones.isQuiet
  }

  /// Fills `output` with what is to be heard next, in periods of `AudioFormat.periodSamples`. `microseconds` is the
  /// present on the clock of the packets' arrival; it may wrap.
  public func playback(into output: UnsafeMutableBufferPointer<Int16>, at microseconds: UInt32) {
    let next = samplesNext
    if next < AudioFormat.periodSamples { isFollowing = output.count == next }
    periodClock.begin(at: microseconds, count: output.count)
    for slot in 0..<tracksMax { follow(slot) }
    while ring.pop({ header, payload in accept(header, payload) }) {}
    chooseLeader()
    guard let start = output.baseAddress else { return }
    var done = 0
    while done < output.count {
      let count = min(AudioFormat.periodSamples, output.count - done)
      fill(start + done, count)
      done += count
    }
  }

  /// How many samples to ask for next, at most a period. Who asks for less where this says so asks from then on just
  /// when packets are needed, which so need not come up to a period earlier; one track is followed, as long as it plays.
  public var samplesNext: Int {
    let wanted = Playout.aheadMax / 2
    guard let ahead = playouts[leader].ahead else { return AudioFormat.periodSamples }
    // A period of a sender with another clock may take a sample more: just none is too few.
    if ahead < 2 { return AudioFormat.periodSamples + ahead - wanted }
    return ahead > Playout.aheadMax ? ahead - wanted : AudioFormat.periodSamples
  }

  /// From now on the caller asks for the same samples so much later (or, negative, earlier), as he keeps less in store.
  public func looksMoved(byMicroseconds later: Int) {
    periodClock.move(byMicroseconds: later)
    for playout in playouts { playout.delay.looksMoved(byTicks: later * 6 / 125) }
  }

  private func chooseLeader() {
    if !playouts[leader].isBusy {
      for slot in 0..<tracksMax where playouts[slot].isBusy {
        leader = slot
        break
      }
    }
    for slot in 0..<tracksMax { playouts[slot].delay.isFollowed = isFollowing && slot == leader }
  }

  /// Notices that the reactor opened or closed a slot.
  private func follow(_ slot: Int) {
    let generation = slots[slot].generation.load(ordering: .acquiring)
    guard generation != slots[slot].followed else { return }
    slots[slot].followed = generation
    playouts[slot].restart()
  }

  private func accept(_ header: PacketHeader, _ payload: UnsafeRawBufferPointer) {
    let slot = Int(header.slot)
    // The slot may have been reopened after `follow` looked and before this packet was pushed.
    if header.generation != slots[slot].followed { follow(slot) }
    guard header.generation == slots[slot].followed else { return counters.discarded.add(1) }
    playouts[slot].receive(
      sequence: header.sequence, timestamp: header.timestamp, payload: payload,
      ageMicroseconds: distance(periodClock.due, from: header.arrivedAtMicroseconds))
  }

  private func fill(_ output: UnsafeMutablePointer<Int16>, _ count: Int) {
    mixer.begin(count)
    var longest = -1
    for slot in 0..<tracksMax where slots[slot].followed & 1 == 1 {
      if playouts[slot].waiting > longest {
        longest = playouts[slot].waiting
        show(playouts[slot])
      }
      playouts[slot].render(into: mixer.track, count: count)
      let previous = slots[slot].gainQ12
      slots[slot].gainQ12 = gainQ12(percent: slots[slot].percent.load(ordering: .relaxed))
      mixer.add(count, from: previous, to: slots[slot].gainQ12)
    }
    mixer.finish(count, gain: gainQ12(percent: masterPercent.load(ordering: .relaxed)), into: output)
    tones.mix(into: output, count, gain: gainQ12(percent: masterPercent.load(ordering: .relaxed)))
    let played = Level.meanSquare(UnsafeBufferPointer(start: output, count: count))
    counters.level.store(Int(Level.decibels(meanSquare: played)), ordering: .relaxed)
    if longest < 0 { counters.delayMilliseconds.store(0, ordering: .relaxed) }
  }

  private func show(_ playout: Playout) {
    counters.delayMilliseconds.store(playout.waiting / AudioFormat.samplesPerMillisecond, ordering: .relaxed)
    counters.targetMilliseconds.store(playout.delay.spreadTicks / 48, ordering: .relaxed)
    counters.driftPartsPerMillion.store(
      Int(playout.delay.drift.driftPartsPerBillion / 1000), ordering: .relaxed)
  }

  private func gainQ12(percent: Int) -> Int32 { Int32(truncatingIfNeeded: percent * 4096 / 100) }
}

/// What travels in the ring with each payload.
struct PacketHeader: BitwiseCopyable {
  var generation: UInt32
  var timestamp: UInt32
  var arrivedAtMicroseconds: UInt32
  var sequence: UInt16
  var slot: UInt16
}

/// One slot's words: the first two are the reactor's, the others the audio thread's.
struct SlotControl: ~Copyable {
  let generation = Atomic<UInt32>(0)
  let percent = Atomic<Int>(100)
  var followed: UInt32 = 0
  var gainQ12: Int32 = 4096
}
