extension Playout {
  /// The next packet, or what stands for it. Adds at least one sample, unless the phase changes or a packet is
  /// dropped (then the caller asks again).
  func playNext() {
    dropIfFarTooMuch()
    if store.contains(nextSequence) {
      playDue(nextSequence)
    } else if let following = nextStored() {
      bridge(to: following)
    } else {
      inventWhileDry()
    }
  }

  /// The packet at `sequence` is the oldest there is. It plays when its time on the sender's clock has come.
  private func playDue(_ sequence: UInt16) {
    let missing = missingSamples(before: sequence)
    if missing > 0 { return invent(min(missing, AudioFormat.periodSamples)) }
    if invented > 0 && missing < 0 { counters.underruns.add(1) }
    play(sequence)
  }

  private func play(_ sequence: UInt16) {
    let payload = store.payload(sequence)
    nextTimestamp = store.timestamp(sequence)
    discontinuous = payload.count <= 2
    let samples = VoiceDecoder.samples(in: payload) ?? AudioFormat.frameSamples
    nextTimestamp &+= UInt32(samples * AudioFormat.rtpTicksPerSample)
    let made = decoder.decode(payload, into: sound.room(), room: AudioLimits.decodedSamplesMax)
    store.remove(sequence)
    playedSequence = sequence
    nextSequence = sequence &+ 1
    anchorPending = false
    invented = 0
    dry = 0
    guard let made else {
      counters.undecodable.add(1)
      counters.concealedSamples.add(samples)
      return appendInvented(samples, gainQ15: 32_768)
    }
    shares.notePlayed()
    delay.redundancyTicks = shares.redundancyTicks
    hear(made)
    adjust(fresh: made)
  }

  /// Takes over what was decoded into the queue's room.
  private func hear(_ made: Int) {
    concealer.follow(sound.room(), made)
    sound.append(made)
  }

  /// Moves the delay towards what is wanted.
  private func adjust(fresh: Int) {
    let excess = excessTicks / AudioFormat.rtpTicksPerSample
    let grown = stretch.adjust(end: sound.end(), count: sound.count, fresh: fresh, excess: excess)
    guard grown != 0 else { return }
    sound.grow(by: grown)
    if grown < 0 { counters.trimmedSamples.add(-grown) } else { counters.stretchedSamples.add(grown) }
  }

  /// `nextSequence` is not there but `following` is: what lies between is lost.
  private func bridge(to following: UInt16) {
    let lost = distance(following, from: nextSequence)
    let missing = missingSamples(before: following)
    guard missing > 0 else {
      counters.lost.add(lost)
      shares.noteLost(lost)
      nextSequence = following
      return
    }
    let payload = store.payload(following)
    // The redundancy covers the one frame right before the packet; what is missing before that is invented.
    let redundant = VoiceDecoder.hasRedundancy(payload) ? VoiceDecoder.frameSamples(in: payload) : 0
    guard missing <= redundant else {
      return invent(min(missing - redundant, AudioFormat.periodSamples))
    }
    guard let made = decoder.recover(before: payload, count: redundant, into: sound.room()) else {
      return invent(min(missing, AudioFormat.periodSamples))
    }
    // Something may stand for its beginning already.
    if missing < made { sound.room().copy(from: sound.room() + made - missing, count: missing) }
    let heard = min(made, missing)
    hear(heard)
    invented += heard
    counters.recovered.add(1)
    counters.concealedSamples.add(heard)
  }

  /// Nothing is there: late, lost, or the sender pauses. Which of them shows when the next packet comes.
  private func inventWhileDry() {
    let limit = AudioLimits.concealmentMillisecondsMax * AudioFormat.samplesPerMillisecond
    let fadeFrom = limit - 2 * AudioFormat.frameSamples
    let left = max(0, limit - dry)
    let gain = discontinuous || dry < fadeFrom ? 32_768 : Int32(left * 32_768 / (limit - fadeFrom))
    invent(AudioFormat.periodSamples, gainQ15: gain)
    dry += AudioFormat.periodSamples
    if dry >= limit { phase = .paused }
  }

  private func invent(_ wanted: Int, gainQ15: Int32 = 32_768) {
    // libopus makes multiples of 2.5 ms only; a sender with an odd time line is off by less than that.
    let count = max(40, wanted / 40 * 40)
    appendInvented(count, gainQ15: gainQ15)
    invented += count
    if !discontinuous { counters.concealedSamples.add(count) }
  }

  /// Samples between what was played or invented and the packet at `sequence`; 0 or less if it is due. A jump
  /// of the sender's clock plays at once.
  private func missingSamples(before sequence: UInt16) -> Int {
    if anchorPending { return 0 }
    let gap = distance(store.timestamp(sequence), from: nextTimestamp) / AudioFormat.rtpTicksPerSample
    let furthest = AudioLimits.timelineJumpMilliseconds * AudioFormat.samplesPerMillisecond
    guard gap >= 0, gap - invented <= furthest else { return 0 }
    return gap - invented
  }

  /// The oldest packet after `nextSequence`.
  private func nextStored() -> UInt16? {
    let span = min(distance(history.highest, from: nextSequence), AudioLimits.packetsPerTrackMax - 1)
    guard span > 0 else { return nil }
    for step in 1...span where store.contains(nextSequence &+ UInt16(step)) {
      return nextSequence &+ UInt16(step)
    }
    return nil
  }

  /// Far too much waits (a burst after an interruption): the oldest packets give way at once.
  private func dropIfFarTooMuch() {
    let ceiling = configuration.playoutDelayMillisecondsMax * AudioFormat.samplesPerMillisecond
    guard waiting > ceiling + 100 * AudioFormat.samplesPerMillisecond else { return }
    let target = delay.spreadTicks / AudioFormat.rtpTicksPerSample - AudioFormat.periodSamples
    let excess = (waiting - target) / max(packetSamples, 1)
    drop(before: nextSequence &+ UInt16(truncatingIfNeeded: min(excess, AudioLimits.packetsPerTrackMax)))
  }
}
