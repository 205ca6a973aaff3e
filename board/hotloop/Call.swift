// The two halves of the audio engine behind C functions: one function a stage, so that each can be counted.
import AudioEngine
import CHotLoop

private final class Microphone {
  let uplink: Uplink
  var payload: [UInt8] = []

  init(_ uplink: Uplink) {
    self.uplink = uplink
    payload.reserveCapacity(AudioLimits.payloadBytesMax)
  }
}

@c(engine_uplink)
func makeUplink(bitsPerSecond: CInt, complexity: CInt) -> UnsafeMutableRawPointer? {
  var configuration = UplinkConfiguration()
  configuration.bitrate = Int(bitsPerSecond)
  configuration.complexity = Int(complexity)
  configuration.ringBytes = 4096
  configuration.preConnectMilliseconds = Int(PRECONNECT_MS)
  guard let uplink = try? Uplink(configuration) else { return nil }
  // As if nobody had answered yet: the words are kept, too.
  uplink.start(preRollMilliseconds: 0)
  return Unmanaged.passRetained(Microphone(uplink)).toOpaque()
}

@c(engine_downlink)
func makeDownlink(tracks: CInt) -> UnsafeMutableRawPointer? {
  var configuration = DownlinkConfiguration()
  configuration.tracksMax = Int(tracks)
  configuration.ringBytes = 8192
  guard let downlink = try? Downlink(configuration) else { return nil }
  for slot in 0..<Int(tracks) { downlink.open(slot: slot) }
  return Unmanaged.passRetained(downlink).toOpaque()
}

@c(engine_capture)
func capture(_ engine: UnsafeMutableRawPointer, _ samples: UnsafePointer<Int16>) -> CInt {
  let microphone = Unmanaged<Microphone>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0 }
  let period = UnsafeBufferPointer(start: samples, count: AudioFormat.periodSamples)
  return microphone.uplink.capture(period) ? 1 : 0
}

@c(engine_pop)
func pop(_ engine: UnsafeMutableRawPointer, _ packet: UnsafeMutablePointer<packet>) -> CInt {
  let microphone = Unmanaged<Microphone>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0 }
  guard let frame = microphone.uplink.pop(into: &microphone.payload) else { return 0 }
  packet.pointee.timestamp = frame.rtpTimestamp
  packet.pointee.bytes = UInt16(microphone.payload.count)
  let room = UnsafeMutableRawBufferPointer(start: packet_payload(packet), count: microphone.payload.count)
  microphone.payload.withUnsafeBytes { room.copyMemory(from: $0) }
  return 1
}

@c(engine_push)
func push(_ engine: UnsafeMutableRawPointer, _ slot: CInt, _ packet: UnsafePointer<packet>) {
  let downlink = Unmanaged<Downlink>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0 }
  let payload = UnsafeRawBufferPointer(start: packet_payload(packet), count: Int(packet.pointee.bytes))
  downlink.push(
    slot: Int(slot), sequence: packet.pointee.sequence, timestamp: packet.pointee.timestamp, payload: payload,
    arrivedAt: packet.pointee.arrived_ms &* 1_000)
}

@c(engine_play)
func play(_ engine: UnsafeMutableRawPointer, _ samples: UnsafeMutablePointer<Int16>, milliseconds: UInt32) {
  let downlink = Unmanaged<Downlink>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0 }
  downlink.playback(
    into: UnsafeMutableBufferPointer(start: samples, count: AudioFormat.periodSamples),
    at: milliseconds &* 1_000)
}

@c(engine_count)
func count(_ engine: UnsafeMutableRawPointer, _ what: counted) -> CInt {
  let statistics = Unmanaged<Downlink>.fromOpaque(engine)._withUnsafeGuaranteedRef { $0 }.statistics
  let value =
    switch what {
    case COUNT_RECEIVED: statistics.packets
    case COUNT_LOST: statistics.lost
    case COUNT_RECOVERED: statistics.recovered
    case COUNT_LATE: statistics.late
    case COUNT_CONCEALED_MS: statistics.concealedMilliseconds
    default: -1
    }
  return CInt(value)
}
