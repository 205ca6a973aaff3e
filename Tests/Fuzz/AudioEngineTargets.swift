import AudioEngine

/// One engine for all inputs: its memory costs more than most inputs do, and opening a slot restarts it whole.
private let downlink: Downlink = {
  do throws(AudioFailure) { return try Downlink() } catch { fatalError(error.description) }
}()

/// Random packet sequences through the jitter buffer: each record of the input is one operation of the reactor
/// thread or a few periods of the audio thread.
func fuzzJitterBuffer(_ bytes: [UInt8]) {
  downlink.close(slot: 1)
  downlink.open(slot: 0)
  var sequence: UInt16 = 65_530
  var timestamp: UInt32 = 0
  var now: UInt32 = 0
  var output = [Int16](repeating: 0, count: 160)
  var rest = bytes[...]
  while let operation = rest.popFirst() {
    let argument = rest.popFirst() ?? 0
    let slot = Int(operation & 1)
    switch operation >> 1 & 7 {
    case 0, 1, 2:
      sequence &+= 1
      timestamp &+= 960
    case 3: sequence = sequence &+ UInt16(argument) &- 128
    case 4: timestamp = timestamp &+ UInt32(argument) &* 4_801 &- 600_000
    case 5: sequence = UInt16(argument) << 8
    case 6: downlink.open(slot: slot)
    default: downlink.close(slot: slot)
    }
    // A valid first byte often enough that the decoder is reached.
    let length = Int(argument & 31)
    let payload = [operation & 0xFC] + Array(rest.prefix(length))
    rest = rest.dropFirst(length)
    // Arrival times from the clock's past and future, and a clock that is not always told right.
    let arrived = now &+ UInt32(bitPattern: Int32(Int8(bitPattern: argument)) &* 2_000)
    downlink.push(
      slot: slot, sequence: sequence, timestamp: timestamp, payload: payload[...],
      arrivedAt: operation == 0xFF ? 0 : arrived)
    for _ in 0..<(Int(argument) >> 6) {
      now &+= operation & 0xF0 == 0xF0 ? UInt32(argument) << 24 : 10_000
      output.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: now) }
    }
  }
  output.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: now) }
}

/// One payload after another through the decoder, in order and on time.
func fuzzOpusDecode(_ bytes: [UInt8]) {
  downlink.open(slot: 0)
  var output = [Int16](repeating: 0, count: 320)
  var sequence: UInt16 = 0
  var rest = bytes[...]
  while let length = rest.popFirst() {
    let payload = rest.prefix(Int(length) * 6)
    rest = rest.dropFirst(payload.count)
    let now = UInt32(sequence) &* 20_000
    downlink.push(
      slot: 0, sequence: sequence, timestamp: UInt32(sequence) &* 960, payload: payload, arrivedAt: now)
    sequence &+= 1
    output.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: now) }
  }
  for _ in 0..<4 { output.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: 0) } }
}
