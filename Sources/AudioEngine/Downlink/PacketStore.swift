/// The packets of one track that wait for their time, found by sequence number. The window starts at the
/// caller's next sequence number and is `AudioLimits.packetsPerTrackMax` wide; memory is taken once.
struct PacketStore: ~Copyable {
  struct Entry: BitwiseCopyable {
    var sequence: UInt16
    var occupied: Bool
    var count: Int
    var timestamp: UInt32
  }

  private let entries: UnsafeMutablePointer<Entry>
  private let payloads: UnsafeMutableRawPointer

  init() {
    entries = .allocate(capacity: AudioLimits.packetsPerTrackMax)
    payloads = .allocate(
      byteCount: AudioLimits.packetsPerTrackMax * AudioLimits.payloadBytesMax, alignment: 16)
    clear()
  }

  deinit {
    entries.deallocate()
    payloads.deallocate()
  }

  mutating func clear() {
    entries.update(
      repeating: Entry(sequence: 0, occupied: false, count: 0, timestamp: 0),
      count: AudioLimits.packetsPerTrackMax)
  }

  func contains(_ sequence: UInt16) -> Bool {
    entries[place(sequence)].occupied && entries[place(sequence)].sequence == sequence
  }

  /// The caller asked `contains` before.
  func timestamp(_ sequence: UInt16) -> UInt32 { entries[place(sequence)].timestamp }

  /// Valid until the entry is removed. The caller asked `contains` before.
  func payload(_ sequence: UInt16) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory(sequence), count: entries[place(sequence)].count)
  }

  mutating func insert(_ sequence: UInt16, timestamp: UInt32, payload: UnsafeRawBufferPointer) {
    entries[place(sequence)] = Entry(
      sequence: sequence, occupied: true, count: payload.count, timestamp: timestamp)
    if let start = payload.baseAddress { memory(sequence).copyMemory(from: start, byteCount: payload.count) }
  }

  /// True if there was one.
  @discardableResult
  mutating func remove(_ sequence: UInt16) -> Bool {
    guard contains(sequence) else { return false }
    entries[place(sequence)].occupied = false
    return true
  }

  private func place(_ sequence: UInt16) -> Int { Int(sequence) & (AudioLimits.packetsPerTrackMax - 1) }

  private func memory(_ sequence: UInt16) -> UnsafeMutableRawPointer {
    payloads + place(sequence) * AudioLimits.payloadBytesMax
  }
}

/// How far `left` lies after `right` on the circle of sequence numbers; negative if before.
func distance(_ left: UInt16, from right: UInt16) -> Int { Int(Int16(bitPattern: left &- right)) }

/// The same for RTP timestamps.
func distance(_ left: UInt32, from right: UInt32) -> Int { Int(Int32(bitPattern: left &- right)) }

/// Which of the newest 64 sequence numbers were received: tells a late packet from one that came twice.
struct ReceiptHistory {
  private(set) var highest: UInt16 = 0
  private var seen: UInt64 = 0

  mutating func restart(at sequence: UInt16) {
    highest = sequence
    seen = 0
  }

  /// False if it was received before.
  mutating func note(_ sequence: UInt16) -> Bool {
    let ahead = distance(sequence, from: highest)
    if ahead > 0 {
      seen = ahead < 64 ? seen << UInt64(ahead) : 0
      highest = sequence
    }
    let age = max(0, -ahead)
    guard age < 64 else { return true }
    let bit = UInt64(1) << UInt64(age)
    if seen & bit != 0 { return false }
    seen |= bit
    return true
  }
}
