import COpus

/// One Opus decoder at 16 kHz mono, whatever the sender encoded; in memory of its own.
struct VoiceDecoder: ~Copyable {
  private let state: UnsafeMutableRawPointer

  init() throws(AudioFailure) {
    state = UnsafeMutableRawPointer.allocate(byteCount: Int(opus_decoder_get_size(1)), alignment: 16)
    let code = opus_decoder_init(OpaquePointer(state), Int32(AudioFormat.sampleRate), 1)
    guard code == OPUS_OK else {
      state.deallocate()
      throw .codecRefused(operation: "start a decoder", code: Int(code))
    }
  }

  deinit { state.deallocate() }

  mutating func reset() { _ = lintel_opus_reset_decoder(OpaquePointer(state)) }

  /// Samples that `payload` will decode to, or nil if it is no Opus packet.
  static func samples(in payload: UnsafeRawBufferPointer) -> Int? {
    guard let bytes = payload.baseAddress, payload.count > 0 else { return nil }
    let count = opus_packet_get_nb_samples(
      bytes.assumingMemoryBound(to: UInt8.self), Int32(payload.count), Int32(AudioFormat.sampleRate))
    return count > 0 ? Int(count) : nil
  }

  /// Whether `payload` also carries what its neighbour before it held (RFC 6716 §4.2.3 and §4.2.4): the flag
  /// follows the voice-activity flags, one for each 20 ms, at the beginning of the first frame.
  static func hasRedundancy(_ payload: UnsafeRawBufferPointer) -> Bool {
    guard payload.count > 1, payload[0] & 0x80 == 0 else { return false }
    // Every other way to pack frames has its first frame further back, and no voice sender uses it.
    guard payload[0] & 0x03 == 0 else { return false }
    let size = payload[0] >> 3 & 0x03
    let isHybrid = payload[0] & 0x60 == 0x60
    let frames: UInt8 = isHybrid || size < 2 ? 1 : size
    return payload[1] >> (7 - frames) & 1 == 1
  }

  /// Samples of the first frame of `payload`: what its redundancy stands for.
  static func frameSamples(in payload: UnsafeRawBufferPointer) -> Int {
    guard let bytes = payload.baseAddress, payload.count > 0 else { return 0 }
    return Int(
      opus_packet_get_samples_per_frame(
        bytes.assumingMemoryBound(to: UInt8.self), Int32(AudioFormat.sampleRate)))
  }

  /// Decodes a whole packet; nil if libopus refuses it. `room` holds at least 120 ms.
  mutating func decode(
    _ payload: UnsafeRawBufferPointer, into samples: UnsafeMutablePointer<Int16>, room: Int
  )
    -> Int?
  {
    run(payload, samples, frameSamples: room, recoverPrevious: false)
  }

  /// The frame before `payload`, from the redundancy that the sender put into it (RFC 6716 §2.1.7); if there
  /// is none, libopus conceals instead. `count` is a multiple of 2.5 ms.
  mutating func recover(
    before payload: UnsafeRawBufferPointer, count: Int, into samples: UnsafeMutablePointer<Int16>
  ) -> Int? {
    run(payload, samples, frameSamples: count, recoverPrevious: true)
  }

  /// `count` samples (a multiple of 2.5 ms) that continue what was decoded last.
  mutating func conceal(count: Int, into samples: UnsafeMutablePointer<Int16>) -> Int? {
    run(UnsafeRawBufferPointer(start: nil, count: 0), samples, frameSamples: count, recoverPrevious: false)
  }

  private mutating func run(
    _ payload: UnsafeRawBufferPointer, _ samples: UnsafeMutablePointer<Int16>, frameSamples: Int,
    recoverPrevious: Bool
  ) -> Int? {
    let count = opus_decode(
      OpaquePointer(state), payload.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(payload.count),
      samples, Int32(frameSamples), recoverPrevious ? 1 : 0)
    return count > 0 ? Int(count) : nil
  }
}
