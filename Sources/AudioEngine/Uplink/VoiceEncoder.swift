import COpus

/// What the encoder is set to; everything but the frame length may change between two frames.
struct EncoderSettings: Equatable {
  var bitrate: Int
  var expectedLossPercent: Int
  var discontinuousTransmission: Bool
}

/// One Opus encoder for speech, in memory of its own (libopus allocates nothing).
struct VoiceEncoder: ~Copyable {
  private let state: UnsafeMutableRawPointer
  private let frameSamples: Int
  private var applied: EncoderSettings?

  init(complexity: Int, inbandFEC: Bool, frameSamples: Int) throws(AudioFailure) {
    self.frameSamples = frameSamples
    state = UnsafeMutableRawPointer.allocate(byteCount: Int(opus_encoder_get_size(1)), alignment: 16)
    let handle = OpaquePointer(state)
    let code = opus_encoder_init(handle, Int32(AudioFormat.sampleRate), 1, OPUS_APPLICATION_VOIP)
    guard code == OPUS_OK else {
      state.deallocate()
      throw .codecRefused(operation: "start the encoder", code: Int(code))
    }
    _ = lintel_opus_set_signal_voice(handle)
    _ = lintel_opus_set_complexity(handle, Int32(complexity))
    _ = lintel_opus_set_inband_fec(handle, inbandFEC ? 1 : 0)
  }

  deinit { state.deallocate() }

  /// Makes the next frame use `settings`. The values were checked when they were set.
  mutating func apply(_ settings: EncoderSettings) {
    guard settings != applied else { return }
    let handle = OpaquePointer(state)
    _ = lintel_opus_set_bitrate(handle, Int32(settings.bitrate))
    _ = lintel_opus_set_expected_loss(handle, Int32(settings.expectedLossPercent))
    _ = lintel_opus_set_dtx(handle, settings.discontinuousTransmission ? 1 : 0)
    applied = settings
  }

  /// Forgets what was heard; settings stay.
  mutating func reset() { _ = lintel_opus_reset_encoder(OpaquePointer(state)) }

  /// The number of bytes written, or a negative Opus error. 1 or 2 bytes mean DTX: nothing worth sending.
  mutating func encode(
    _ frame: UnsafePointer<Int16>, into payload: UnsafeMutablePointer<UInt8>, bytesMax: Int
  ) -> Int {
    Int(opus_encode(OpaquePointer(state), frame, Int32(frameSamples), payload, Int32(bytesMax)))
  }
}
