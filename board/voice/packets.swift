// voice encode SPEECH PACKETS [key=value ...]: what a sender makes of speech; and
// voice play PACKETS OUT: what is heard of packets, and when. Speech is 16-bit mono at 16 kHz. A packet is its time in
// microseconds, its RTP timestamp, its sequence number, the length of its payload, and that, little-endian.

func encode(_ words: [String]) {
  guard words.count >= 2 else { fail("usage: voice encode SPEECH PACKETS [key=value ...]") }
  var configuration = UplinkConfiguration()
  configuration.preConnectMilliseconds = 0
  configuration.blocksOffset = false
  for word in words[2...] {
    let parts = word.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, let value = Int(parts[1]) else { fail("what is \(word)?") }
    switch parts[0] {
    case "bitrate": configuration.bitrate = value
    case "complexity": configuration.complexity = value
    case "loss": configuration.expectedLossPercent = value
    case "fec": configuration.inbandFEC = value != 0
    default: fail("what is \(word)?")
    }
  }
  guard let uplink = try? Uplink(configuration) else { fail("the uplink refuses") }
  let speech = samples(of: words[0])
  var out: [UInt8] = []
  var payload: [UInt8] = []
  var sequence: UInt16 = 0
  for start in stride(
    from: 0, through: speech.count - AudioFormat.periodSamples, by: AudioFormat.periodSamples)
  {
    _ = speech[start..<(start + AudioFormat.periodSamples)].withUnsafeBufferPointer { uplink.capture($0) }
    while let frame = uplink.pop(into: &payload) {
      append(UInt32((start + AudioFormat.periodSamples) * 1_000 / 16), to: &out)
      append(frame.rtpTimestamp, to: &out)
      append(sequence, to: &out)
      append(UInt16(payload.count), to: &out)
      out += payload
      sequence &+= 1
    }
  }
  write(out, to: words[1])
}

private func append<Word: FixedWidthInteger>(_ word: Word, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
}

/// As a card does it that takes samples when they are to be heard: sample n at n/16 ms.
func play(_ words: [String]) {
  guard words.count == 2 else { fail("usage: voice play PACKETS OUT") }
  guard let downlink = try? Downlink(DownlinkConfiguration()) else { fail("the downlink refuses") }
  let packets = bytes(of: words[0])
  var heard: [Int16] = []
  var period = [Int16](repeating: 0, count: AudioFormat.periodSamples)
  var at = 0
  var waiting = 0
  var periods = 0
  downlink.open(slot: 0)
  var rest = 16_000
  while rest > 0 {
    let now = UInt32(truncatingIfNeeded: heard.count * 1_000 / 16)
    while at + headerBytes <= packets.count, arrival(packets, at) <= now { at = push(packets, at, downlink) }
    let count = downlink.samplesNext
    period.withUnsafeMutableBufferPointer {
      downlink.playback(into: UnsafeMutableBufferPointer(rebasing: $0[..<count]), at: now)
    }
    heard += period[..<count]
    waiting += downlink.statistics.delayMilliseconds
    periods += 1
    if at + headerBytes > packets.count { rest -= count }
  }
  write(heard, to: words[1])
  let told = downlink.statistics
  print(
    "delay_ms \(waiting / max(1, periods))\nlost \(told.lost)\nrecovered \(told.recovered)\nlate \(told.late)"
  )
  print("concealed_ms \(told.concealedMilliseconds)")
}

private let headerBytes = 12

private func word<Word: FixedWidthInteger>(_ bytes: [UInt8], _ at: Int, _: Word.Type) -> Word {
  bytes.withUnsafeBytes { Word(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: Word.self)) }
}

private func arrival(_ packets: [UInt8], _ at: Int) -> UInt32 { word(packets, at, UInt32.self) }

/// -> where the next packet begins.
private func push(_ packets: [UInt8], _ at: Int, _ downlink: Downlink) -> Int {
  let begin = at + headerBytes
  let end = begin + Int(word(packets, at + 10, UInt16.self))
  guard end <= packets.count else { fail("the packets end within one") }
  downlink.push(
    slot: 0, sequence: word(packets, at + 8, UInt16.self), timestamp: word(packets, at + 4, UInt32.self),
    payload: packets[begin..<end], arrivedAt: arrival(packets, at))
  return end
}
