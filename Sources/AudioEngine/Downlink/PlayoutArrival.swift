extension Playout {
  /// A packet from the network, in whatever order it came. It came `ageMicroseconds` before the period that is
  /// played next was due.
  func receive(
    sequence: UInt16, timestamp: UInt32, payload: UnsafeRawBufferPointer, ageMicroseconds: Int
  ) {
    counters.packets.add(1)
    // Below zero the audio thread was late and found a packet that it could not have had in time. More than a period
    // of that is no lateness, but a card that stood still.
    let age = max(
      -AudioFormat.periodMilliseconds * 1_000, min(AudioLimits.ageMicrosecondsMax, ageMicroseconds))
    arrival = line &- UInt32(truncatingIfNeeded: age * 6 / 125)
    guard payload.count <= AudioLimits.payloadBytesMax, let samples = VoiceDecoder.samples(in: payload),
      samples <= AudioLimits.decodedSamplesMax
    else { return counters.undecodable.add(1) }

    if phase == .idle {
      begin(sequence, timestamp, isNewStream: true)
    } else {
      let ahead = distance(sequence, from: nextSequence)
      if ahead > AudioLimits.aheadSequencesMax || ahead < -AudioLimits.lateSequencesMax {
        guard confirmsJump(sequence) else { return counters.discarded.add(1) }
        clear()
        begin(sequence, timestamp, isNewStream: true)
      } else {
        mendJump(sequence, timestamp, samples)
        if phase == .paused && ahead >= 0 {
          begin(sequence, timestamp &+ timestampShift, isNewStream: false)
        }
      }
    }
    place(sequence, timestamp &+ timestampShift, payload, samples)
  }

  /// Timestamps that jump against the sequence numbers, and further than a delay or a pause explains, go on where
  /// they were: what jumped is the sender's counter.
  private func mendJump(_ sequence: UInt16, _ timestamp: UInt32, _ samples: Int) {
    let expected = lastTimestamp &+ ticks(distance(sequence, from: lastSequence) * samples)
    let mended = timestamp &+ timestampShift
    guard isFar(distance(mended, from: expected)),
      isFar(delay.surprise(arrival &- mended))
    else {
      return
    }
    timestampShift = timestampShift &+ expected &- mended
  }

  /// Without `abs`: half the circle of timestamps has no positive twin where Int has 32 bits.
  private func isFar(_ ticks: Int) -> Bool {
    let limit = AudioLimits.timelineJumpMilliseconds * 48
    return ticks > limit || ticks < -limit
  }

  /// One packet from far away may be a stray; the second in a row is a stream that restarted (RFC 3550 A.1).
  private func confirmsJump(_ sequence: UInt16) -> Bool {
    if jump == sequence { return true }
    jump = sequence &+ 1
    return false
  }

  /// A talk spurt starts with this packet, which now waits until the line is as late as is wanted.
  private func begin(_ sequence: UInt16, _ timestamp: UInt32, isNewStream: Bool) {
    if isNewStream {
      history.restart(at: sequence)
      timestampShift = 0
    } else {
      // What is missing before the spurt was lost in the pause.
      counters.lost.add(distance(sequence, from: nextSequence))
      // A sender that slept goes on where it was: nothing of what was learned about its delays holds.
      if isFar(delay.surprise(arrival &- timestamp)) { delay.restartLine() }
    }
    nextSequence = sequence
    nextTimestamp = timestamp
    phase = .buffering
    invented = 0
  }

  private func place(
    _ sequence: UInt16, _ timestamp: UInt32, _ payload: UnsafeRawBufferPointer, _ samples: Int
  ) {
    guard history.note(sequence) else { return counters.duplicates.add(1) }
    jump = nil
    lastSequence = sequence
    lastTimestamp = timestamp
    delay.note(delay: arrival &- timestamp, now: line)
    shares.note(hasRedundancy: VoiceDecoder.hasRedundancy(payload), samples: samples)
    let ahead = distance(sequence, from: nextSequence)
    if ahead < 0 {
      guard canStillLead(sequence) else {
        shares.noteLate()
        return counters.late.add(1)
      }
      nextSequence = sequence
      nextTimestamp = timestamp
    } else if ahead >= AudioLimits.packetsPerTrackMax {
      makeRoom(for: sequence)
    }
    packetSamples = samples
    store.insert(sequence, timestamp: timestamp, payload: payload)
  }

  /// While a spurt's first packet waits, one that was sent before it may still come first.
  private func canStillLead(_ sequence: UInt16) -> Bool {
    guard phase == .buffering else { return false }
    if let playedSequence, distance(sequence, from: playedSequence) <= 0 { return false }
    return distance(history.highest, from: sequence) < AudioLimits.packetsPerTrackMax
  }

  /// More came than the track may hold: the oldest give way.
  private func makeRoom(for sequence: UInt16) {
    let first = sequence &- UInt16(AudioLimits.packetsPerTrackMax - 1)
    drop(before: first)
  }

  /// Moves on to `sequence` without playing what comes before.
  func drop(before sequence: UInt16) {
    let skipped = distance(sequence, from: nextSequence)
    guard skipped > 0 else { return }
    var removed = 0
    for step in 0..<min(skipped, AudioLimits.packetsPerTrackMax) {
      if store.remove(nextSequence &+ UInt16(step)) { removed += 1 }
    }
    counters.discarded.add(removed)
    counters.lost.add(skipped - removed)
    nextSequence = sequence
    anchorPending = true
  }
}
