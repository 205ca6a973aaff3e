extension Playout {
  /// A packet from the network, in whatever order it came.
  func receive(sequence: UInt16, timestamp: UInt32, payload: UnsafeRawBufferPointer) {
    counters.packets.add(1)
    guard payload.count <= AudioLimits.payloadBytesMax, let samples = VoiceDecoder.samples(in: payload),
      samples <= AudioLimits.decodedSamplesMax
    else { return counters.undecodable.add(1) }

    if phase == .idle {
      begin(sequence, timestamp, isNewStream: true)
    } else {
      let ahead = distance(sequence, from: nextSequence)
      if ahead > AudioLimits.aheadSequencesMax || ahead < -AudioLimits.lateSequencesMax {
        guard confirmsJump(sequence) else { return counters.discarded.add(1) }
        restart()
        begin(sequence, timestamp, isNewStream: true)
      } else if phase == .paused && ahead >= 0 {
        begin(sequence, timestamp, isNewStream: false)
      }
    }
    place(sequence, timestamp, payload, samples)
  }

  /// One packet from far away may be a stray; the second in a row is a stream that restarted (RFC 3550 A.1).
  private func confirmsJump(_ sequence: UInt16) -> Bool {
    if jump == sequence { return true }
    jump = sequence &+ 1
    return false
  }

  /// A talk spurt starts with this packet, which now waits for the wanted delay.
  private func begin(_ sequence: UInt16, _ timestamp: UInt32, isNewStream: Bool) {
    if isNewStream {
      history.restart(at: sequence)
    } else {
      // What is missing before the spurt was lost in the pause.
      counters.lost.add(distance(sequence, from: nextSequence))
    }
    nextSequence = sequence
    nextTimestamp = timestamp
    phase = .buffering
    waited = 0
    invented = 0
    overfull = 0
  }

  private func place(
    _ sequence: UInt16, _ timestamp: UInt32, _ payload: UnsafeRawBufferPointer, _ samples: Int
  ) {
    guard history.note(sequence) else { return counters.duplicates.add(1) }
    jump = nil
    let ahead = distance(sequence, from: nextSequence)
    if ahead < 0 {
      guard canStillLead(sequence) else { return counters.late.add(1) }
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
