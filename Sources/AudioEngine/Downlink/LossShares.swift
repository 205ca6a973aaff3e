/// Whether it pays to wait for a lost packet's neighbour, which carries it a second time: only while packets are
/// lost, and only if they have that redundancy.
struct LossShares {
  /// The share of packets lost, Q15, over some 128 packets.
  private var lost: Int32 = 0
  /// Packets since the last one with redundancy; senders leave it out of silence.
  private var withoutRedundancy = Self.forgetAfter
  private var packetSamples = 0
  private var waits = false

  private static let forgetAfter = 250
  /// 2 percent switch it on, under half a percent off.
  private static let on: Int32 = 655
  private static let off: Int32 = 164

  mutating func note(hasRedundancy: Bool, samples: Int) {
    withoutRedundancy = hasRedundancy ? 0 : min(withoutRedundancy + 1, Self.forgetAfter)
    packetSamples = samples
  }

  mutating func notePlayed() {
    lost -= lost >> 7
    if lost < Self.off { waits = false }
  }

  mutating func noteLost(_ count: Int) {
    // A whole burst counts as no more than a few: the neighbour mends one packet of it.
    for _ in 0..<min(count, 4) { lost += (32_768 - lost) >> 7 }
    if lost > Self.on { waits = true }
  }

  /// A packet that was taken for lost came after all.
  mutating func noteLate() { lost = max(0, lost - 256) }

  /// How much longer the delay shall be.
  var redundancyTicks: Int {
    waits && withoutRedundancy < Self.forgetAfter ? packetSamples * AudioFormat.rtpTicksPerSample : 0
  }
}
