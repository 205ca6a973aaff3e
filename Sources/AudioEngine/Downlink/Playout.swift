/// How one track's packets become samples: the jitter buffer with its decoder. Audio thread only.
///
/// The track is `idle` until its first packet, `buffering` while that packet ages to the wanted delay, then
/// `playing`; when the packets stop it conceals for a moment and is `paused`, from where the next packet starts
/// a new spurt. While it plays, two things say what is due: the sequence number, and the RTP time line of what
/// was decoded (`nextTimestamp`) together with what was invented since (`invented`). A packet whose timestamp
/// lies beyond the invented sound was preceded by a pause or a loss and waits for its time; one that lies before
/// its end merely came late, is played at once, and so lengthens the delay by as much as was missing.
///
/// `line` is the speaker's time line in the sender's ticks: it advances by what the clock resampler consumes, and so
/// keeps step with the sender's clock. All delays are distances from it: of a packet that arrives, of what plays.
final class Playout {
  enum Phase { case idle, buffering, playing, paused }

  let configuration: DownlinkConfiguration
  let counters: DownlinkCounters
  var phase = Phase.idle
  var store = PacketStore()
  var history = ReceiptHistory()
  var decoder: VoiceDecoder
  var sound = SampleQueue()
  /// The oldest packet that was not played yet.
  var nextSequence: UInt16 = 0
  /// The end of what was decoded, on the sender's clock.
  var nextTimestamp: UInt32 = 0
  /// The packet played last; spurts never reach behind it.
  var playedSequence: UInt16?
  /// Samples made up since `nextTimestamp`.
  var invented = 0
  /// The time line is not to be trusted for the next packet: play it as it comes.
  var anchorPending = false
  /// Samples since the track ran out of packets to expect.
  var dry = 0
  /// Samples that the newest packet held.
  var packetSamples = AudioFormat.frameSamples
  /// The last packet said that the sender pauses (DTX): noise instead of silence.
  var discontinuous = false
  /// What was consumed by the speaker, in ticks of the sender.
  var line: UInt32 = 0
  /// Where the line was when the packet came that is being received: between two periods.
  var arrival: UInt32 = 0
  /// What the packets' arrival asks for.
  var delay: ArrivalDelay
  var stretch = TimeStretch()
  var concealer = Concealer()
  var resampler = ClockResampler()
  var shares = LossShares()
  /// What is added to the sender's timestamps since they jumped, and the last one, so mended.
  var timestampShift: UInt32 = 0
  var lastTimestamp: UInt32 = 0
  var lastSequence: UInt16 = 0
  /// The sequence number that would confirm that the stream has jumped.
  var jump: UInt16?

  init(_ configuration: DownlinkConfiguration, _ counters: DownlinkCounters) throws(AudioFailure) {
    self.configuration = configuration
    self.counters = counters
    decoder = try VoiceDecoder()
    delay = ArrivalDelay(configuration)
  }

  /// Another stream begins, or none is there any more.
  func restart() {
    clear()
    delay.restart()
    stretch.reset()
    shares = LossShares()
    resampler.reset()
    resampler.ratePartsPerBillion = 0
  }

  /// The same sender's stream begins anew.
  func clear() {
    phase = .idle
    store.clear()
    decoder.reset()
    concealer.reset()
    sound.clear()
    playedSequence = nil
    discontinuous = false
    invented = 0
    dry = 0
    jump = nil
    delay.restartStream()
  }

  /// Something plays, or is about to.
  var isBusy: Bool { phase == .playing || phase == .buffering }

  /// Samples that wait, missing packets included unless something already stands for them.
  var waiting: Int {
    guard isBusy else { return 0 }
    let ahead = max(0, distance(history.highest, from: nextSequence) + 1) * packetSamples
    return sound.count + max(0, ahead - invented)
  }

  /// Ticks by which what plays next is behind the line, less what they should be: positive is too much delay.
  var excessTicks: Int {
    let playing = nextTimestamp &+ ticks(invented - sound.count)
    return distance(line &- playing, from: delay.wanted)
  }

  /// How many samples before its beginning is heard the next packet is needed, if looks come once a period; nil while
  /// nothing plays, or packets are no whole periods.
  var ahead: Int? {
    guard phase == .playing, packetSamples % AudioFormat.periodSamples == 0 else { return nil }
    return sound.count % AudioFormat.periodSamples
  }
  /// 1 ms of that is not worth moving for.
  static let aheadMax = AudioFormat.samplesPerMillisecond

  /// The next `count` samples, at most one period.
  func render(into output: UnsafeMutablePointer<Int16>, count: Int) {
    resampler.ratePartsPerBillion = delay.drift.ratePartsPerBillion
    let wanted = resampler.inputs(for: count)
    while sound.count < wanted { produce() }
    sound.take(wanted, into: resampler.room)
    resampler.run(into: output, count: count)
    line &+= ticks(wanted)
  }

  /// Adds at least one sample to `sound`.
  private func produce() {
    switch phase {
    case .idle: sound.appendSilence(AudioFormat.periodSamples)
    case .paused: fillPause(AudioFormat.periodSamples)
    case .buffering:
      let early = excessTicks / -AudioFormat.rtpTicksPerSample
      if early <= 0 {
        phase = .playing
        dry = 0
      } else {
        // Just as long as the spurt has to wait.
        fillPause(min(early, AudioFormat.periodSamples))
      }
    case .playing: playNext()
    }
  }

  /// Between two talk spurts: the decoder's comfort noise if the sender asked for it, else silence.
  private func fillPause(_ count: Int) {
    let limit = AudioLimits.comfortNoiseMillisecondsMax * AudioFormat.samplesPerMillisecond
    guard discontinuous, dry < limit else { return sound.appendSilence(count) }
    // libopus makes noise in pieces of 2.5 ms.
    let whole = (count + 39) / 40 * 40
    appendInvented(whole, gainQ15: 32_768)
    sound.grow(by: count - whole)
    dry += count
  }

  /// Continues what was heard last, by its own period or as the decoder sees it; silence if neither can.
  func appendInvented(_ count: Int, gainQ15: Int32) {
    if !discontinuous && concealer.fill(sound.room(), count) { return sound.append(count, gainQ15: gainQ15) }
    let made = decoder.conceal(count: count, into: sound.room())
    guard let made else { return sound.appendSilence(count) }
    sound.append(made, gainQ15: gainQ15)
  }

  func ticks(_ samples: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: samples * AudioFormat.rtpTicksPerSample)
  }
}
