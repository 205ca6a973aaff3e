import AudioEngine
import CALSA

/// What a device agreed to.
struct AlsaParameters {
  var channels: Int
  var line: String
}

/// Asks an open device for 16-bit samples at 16 kHz in periods of 10 ms, mono or else stereo, and sets when it
/// starts and wakes us.
func negotiate(_ handle: OpaquePointer, _ name: String, _ direction: AudioDirection) throws(BoardFailure)
  -> AlsaParameters
{
  var memory: OpaquePointer?
  guard snd_pcm_hw_params_malloc(&memory) >= 0, let hardware = memory else {
    throw .system(operation: "describe a sound device", reason: "out of memory")
  }
  defer { snd_pcm_hw_params_free(hardware) }

  // A sound server that has no such device says so only here.
  let code = snd_pcm_hw_params_any(handle, hardware)
  if code < 0 { throw .driver(name: name, operation: "describe itself", reason: alsaReason(code)) }

  try demand(
    snd_pcm_hw_params_set_access(handle, hardware, SND_PCM_ACCESS_RW_INTERLEAVED), name, "interleaved samples"
  )
  try demand(
    snd_pcm_hw_params_set_format(handle, hardware, SND_PCM_FORMAT_S16_LE), name, "16-bit samples (S16_LE)")
  var channels: UInt32 = 1
  if snd_pcm_hw_params_test_channels(handle, hardware, 1) < 0 { channels = 2 }
  try demand(snd_pcm_hw_params_set_channels(handle, hardware, channels), name, "one or two channels")
  try demand(
    snd_pcm_hw_params_set_rate(handle, hardware, UInt32(AudioFormat.sampleRate), 0), name,
    "\(AudioFormat.sampleRate) Hz")

  var period = snd_pcm_uframes_t(AudioFormat.periodSamples)
  var side: Int32 = 0
  try demand(
    snd_pcm_hw_params_set_period_size_near(handle, hardware, &period, &side), name, "periods near 10 ms")
  var buffer = period * snd_pcm_uframes_t(BoardLimits.cardBufferPeriods)
  try demand(snd_pcm_hw_params_set_buffer_size_near(handle, hardware, &buffer), name, "a buffer near 40 ms")
  try demand(snd_pcm_hw_params(handle, hardware), name, "these parameters together")
  try setSoftware(handle, name, direction, period, buffer)

  return AlsaParameters(
    channels: Int(channels),
    line: "S16_LE \(AudioFormat.sampleRate) Hz \(channels == 1 ? "mono" : "stereo"), "
      + "period \(period) frames (\(milliseconds(period)) ms), buffer \(buffer) frames (\(milliseconds(buffer)) ms)"
  )
}

private func setSoftware(
  _ handle: OpaquePointer, _ name: String, _ direction: AudioDirection, _ period: snd_pcm_uframes_t,
  _ buffer: snd_pcm_uframes_t
) throws(BoardFailure) {
  var memory: OpaquePointer?
  guard snd_pcm_sw_params_malloc(&memory) >= 0, let software = memory else {
    throw .system(operation: "describe a sound device", reason: "out of memory")
  }
  defer { snd_pcm_sw_params_free(software) }
  try demand(snd_pcm_sw_params_current(handle, software), name, "its present thresholds")
  let ours = snd_pcm_uframes_t(AudioFormat.periodSamples)
  try demand(snd_pcm_sw_params_set_avail_min(handle, software, min(ours, buffer)), name, "waking every 10 ms")
  // Capture is started by hand.
  let start =
    direction == .capture ? 1 : min(buffer, ours * snd_pcm_uframes_t(BoardLimits.playbackStartPeriods))
  try demand(snd_pcm_sw_params_set_start_threshold(handle, software, start), name, "a start threshold")
  try demand(snd_pcm_sw_params(handle, software), name, "these thresholds")
}

private func demand(_ code: Int32, _ name: String, _ wanted: String) throws(BoardFailure) {
  if code >= 0 { return }
  let hint =
    name.hasPrefixBytes("hw:")
    ? "try 'plug\(name)', which converts" : "the sound library says: \(alsaReason(code))"
  throw .formatRefused(name: name, wanted: wanted, hint: hint)
}

private func milliseconds(_ frames: snd_pcm_uframes_t) -> Int {
  Int(frames) / AudioFormat.samplesPerMillisecond
}

extension String {
  /// `hasPrefix` without Unicode tables.
  func hasPrefixBytes(_ prefix: StaticString) -> Bool {
    utf8.count >= prefix.utf8CodeUnitCount
      && utf8.prefix(prefix.utf8CodeUnitCount).elementsEqual(
        UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
  }
}
