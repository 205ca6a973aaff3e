/// When packets arrive, as a histogram that forgets: 1.25 ms a bin, 640 ms wide, with the weight of a packet
/// falling to a third after 512 more. Delays are in ticks of the 48 kHz RTP clock and only comparable with one
/// another; they wrap with 32 bits.
struct ArrivalHistogram: ~Copyable {
  static let binTicks: Int32 = 60
  private static let bins = 512
  private static let memoryPackets: UInt32 = 512
  /// Where a first packet is put: some that were faster may follow.
  private static let headroomBins: Int32 = 128
  private static let nearBins = 4

  private let weights: UnsafeMutablePointer<UInt32>
  private var total: UInt32 = 0
  /// What the next packet weighs. Forgetting is that newer packets weigh more; when they weigh too much,
  /// everything is scaled down.
  private var weight: UInt32 = Self.lightest
  private static let lightest: UInt32 = 1024
  private static let heaviest: UInt32 = 1024 * 1024
  /// The delay at which bin 0 begins.
  private var origin: UInt32 = 0
  private(set) var isEmpty = true
  /// There is nothing in the bins below this one, so no scan begins before it.
  private var lowest = 0

  init() {
    weights = .allocate(capacity: Self.bins)
    weights.initialize(repeating: 0, count: Self.bins)
  }

  deinit { weights.deallocate() }

  mutating func clear() {
    weights.update(repeating: 0, count: Self.bins)
    total = 0
    weight = Self.lightest
    isEmpty = true
  }

  mutating func note(delay: UInt32) {
    if isEmpty {
      isEmpty = false
      lowest = Self.bins - 1
      origin = delay &- UInt32(bitPattern: Self.headroomBins * Self.binTicks)
    }
    var bin = distance(delay, from: origin) / Int(Self.binTicks)
    if distance(delay, from: origin) < 0 {
      makeRoomBelow(distance(delay, from: origin))
      bin = max(0, distance(delay, from: origin) / Int(Self.binTicks))
    } else if bin >= Self.bins {
      bin = makeRoomAbove(bin)
    }
    lowest = min(lowest, bin)
    weights[bin] &+= weight
    total &+= weight
    weight &+= weight / Self.memoryPackets
    if weight >= Self.heaviest { scaleDown() }
  }

  /// All delays were so much shorter, or longer, than what was noted.
  mutating func move(by ticks: UInt32) { origin &+= ticks }

  /// The delay below which the share `permille` of the packets came; the upper edge of its bin. The share `orNearly`
  /// if that takes at most 5 ms more.
  func quantile(permille: Int, orNearly most: Int = 0) -> UInt32 {
    let wanted = weight(permille: permille)
    var sum: UInt32 = 0
    var bin = lowest
    while bin < Self.bins - 1 {
      sum &+= weights[bin]
      if sum >= wanted && sum > 0 { break }
      bin += 1
    }
    let nearlyAll = weight(permille: most)
    for further in bin...min(bin + Self.nearBins, Self.bins - 1) {
      if further > bin { sum &+= weights[further] }
      if sum >= nearlyAll { return edge(further + 1) }
    }
    return edge(bin + 1)
  }

  /// The total stays below 2^29 or so (a weight of 2^20 times 512, and one share more): scaled, it fits.
  private func weight(permille: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: Int(total >> 10) * permille / 1000) << 10
  }

  /// The delay of the fastest packet of the last 7 s or so; the lower edge of its bin.
  var fastest: UInt32 {
    let limit = weight / 2
    for bin in lowest..<Self.bins where weights[bin] >= limit { return edge(bin) }
    return edge(lowest)
  }

  private func edge(_ bin: Int) -> UInt32 { origin &+ UInt32(truncatingIfNeeded: bin * Int(Self.binTicks)) }

  /// Shifts everything up for a packet that is faster by `below` (negative) than bin 0.
  private mutating func makeRoomBelow(_ below: Int) {
    let shift = min(Self.bins, below / -Int(Self.binTicks) + 1 + Int(Self.headroomBins) / 2)
    lowest = min(Self.bins - 1, lowest + shift)
    var lost: UInt32 = 0
    for bin in (Self.bins - shift)..<Self.bins { lost &+= weights[bin] }
    if shift < Self.bins {
      (weights + shift).update(from: weights, count: Self.bins - shift)
      weights.update(repeating: 0, count: shift)
      weights[Self.bins - 1] &+= lost
      origin &-= UInt32(truncatingIfNeeded: shift * Int(Self.binTicks))
    } else {
      weights.update(repeating: 0, count: Self.bins)
      weights[Self.bins - 1] = lost
      origin &+= UInt32(truncatingIfNeeded: below)
    }
  }

  /// Shifts the empty bins at the bottom out; where `bin` lies then, the last one at most.
  private mutating func makeRoomAbove(_ bin: Int) -> Int {
    // What weighs less than a tenth of a packet is forgotten.
    var shift = 0
    while shift < Self.bins / 2 && weights[shift] < weight / 10 {
      total &-= weights[shift]
      shift += 1
    }
    if shift > 0 {
      weights.update(from: weights + shift, count: Self.bins - shift)
      (weights + Self.bins - shift).update(repeating: 0, count: shift)
      origin &+= UInt32(truncatingIfNeeded: shift * Int(Self.binTicks))
      lowest = max(0, lowest - shift)
    }
    return min(Self.bins - 1, bin - shift)
  }

  private mutating func scaleDown() {
    total = 0
    for bin in lowest..<Self.bins {
      weights[bin] >>= 10
      total &+= weights[bin]
    }
    weight >>= 10
    while lowest < Self.bins - 1 && weights[lowest] == 0 { lowest += 1 }
  }
}
