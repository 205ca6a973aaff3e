/// How long a track waits before it plays, and how much memory is taken at start for tracks to come.
public struct DownlinkConfiguration: Equatable, Sendable {
  /// From a talk spurt's first packet to its playout, 20...400 ms.
  public var playoutDelayMilliseconds = 60
  /// Underruns raise the delay up to here; not below the delay and not over 400 ms.
  public var playoutDelayMillisecondsMax = 400
  /// Slots, 1...8: each has its decoder and its packets.
  public var tracksMax = AudioLimits.tracksMax
  /// The ring from the reactor thread, 4096 bytes or more; rounded up to a power of two.
  public var ringBytes = AudioLimits.downlinkRingBytes

  public init() {}

  func validate() throws(AudioFailure) {
    try check("playout-delay", playoutDelayMilliseconds, 20...400)
    try check("playout-delay-max", playoutDelayMillisecondsMax, playoutDelayMilliseconds...400)
    try check("tracks-max", tracksMax, 1...AudioLimits.tracksMax)
    try check("ring-bytes", ringBytes, 4096...AudioLimits.downlinkRingBytes)
  }
}

/// How one track's packets become samples: the jitter buffer with its decoder. Audio thread only.
///
/// The track is `idle` until its first packet, `buffering` while that packet ages to the wanted delay, then
/// `playing`; when the packets stop it conceals for a moment and is `paused`, from where the next packet starts
/// a new spurt. While it plays, two things say what is due: the sequence number, and the RTP time line of what
/// was decoded (`nextTimestamp`) together with what was invented since (`invented`). A packet whose timestamp
/// lies beyond the invented sound was preceded by a pause or a loss and waits for its time; one that lies before
/// its end merely came late, is played at once, and so lengthens the delay by as much as was missing.
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
  /// Samples that the spurt's first packet waited so far.
  var waited = 0
  /// Samples since the track ran out of packets to expect.
  var dry = 0
  /// Samples that the newest packet held.
  var packetSamples = AudioFormat.frameSamples
  /// The last packet said that the sender pauses (DTX): noise instead of silence.
  var discontinuous = false
  /// Samples from arrival to playout that the track aims at.
  var target: Int
  /// Samples played in a row with far more waiting than the target asks for.
  var overfull = 0
  /// The sequence number that would confirm that the stream has jumped.
  var jump: UInt16?

  init(_ configuration: DownlinkConfiguration, _ counters: DownlinkCounters) throws(AudioFailure) {
    self.configuration = configuration
    self.counters = counters
    decoder = try VoiceDecoder()
    target = configuration.playoutDelayMilliseconds * AudioFormat.samplesPerMillisecond
  }

  /// A new stream begins, or none is there any more.
  func restart() {
    phase = .idle
    store.clear()
    decoder.reset()
    sound.clear()
    playedSequence = nil
    discontinuous = false
    invented = 0
    dry = 0
    overfull = 0
    jump = nil
    target = configuration.playoutDelayMilliseconds * AudioFormat.samplesPerMillisecond
  }

  /// Samples that wait, missing packets included unless something already stands for them.
  var waiting: Int {
    guard phase == .playing || phase == .buffering else { return 0 }
    let ahead = max(0, distance(history.highest, from: nextSequence) + 1) * packetSamples
    return sound.count + max(0, ahead - invented)
  }

  /// The next `count` samples, at most one period.
  func render(into output: UnsafeMutablePointer<Int16>, count: Int) {
    while sound.count < count { produce() }
    sound.take(count, into: output)
  }

  /// Adds at least one sample to `sound`.
  private func produce() {
    switch phase {
    case .idle: sound.appendSilence(AudioFormat.periodSamples)
    case .paused: fillPause()
    case .buffering:
      if waited >= target {
        phase = .playing
        invented = 0
        dry = 0
      } else {
        waited += AudioFormat.periodSamples
        fillPause()
      }
    case .playing: playNext()
    }
  }

  /// Between two talk spurts: the decoder's comfort noise if the sender asked for it, else silence.
  private func fillPause() {
    let limit = AudioLimits.comfortNoiseMillisecondsMax * AudioFormat.samplesPerMillisecond
    guard discontinuous, dry < limit else { return sound.appendSilence(AudioFormat.periodSamples) }
    appendInvented(AudioFormat.periodSamples, gainQ15: 32_768)
    dry += AudioFormat.periodSamples
  }

  /// Lets the decoder continue what it said last; silence if it cannot.
  func appendInvented(_ count: Int, gainQ15: Int32) {
    let made = decoder.conceal(count: count, into: sound.room())
    guard let made else { return sound.appendSilence(count) }
    sound.append(made, gainQ15: gainQ15)
  }
}
