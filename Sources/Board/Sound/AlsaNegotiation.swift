import AudioEngine
import Base
import CALSA

/// What a device agreed to.
struct AlsaParameters {
  var channels: Int
  /// In Hz; where it is not the engine's, the drivers convert.
  var rate: Int
  /// What the card moves at once, and what it holds.
  var cardPeriodFrames = 0
  var bufferFrames = 0
  var line: String

  /// 10 ms of the card; every rate that is asked for has a whole number of them.
  var periodFrames: Int { rate * AudioFormat.periodMilliseconds / 1000 }
}

/// Asks an open device for 16-bit samples in periods of 10 ms, at 16 kHz or else at a rate that the engine's
/// resampler takes, and sets when it starts and wakes us. `channel` is the one that is wanted, 0 for any.
func negotiate(
  _ handle: OpaquePointer, _ name: String, _ direction: AudioDirection, channel: Int
) throws(BoardFailure) -> AlsaParameters {
  var memory: OpaquePointer?
  guard snd_pcm_hw_params_malloc(&memory) >= 0, let hardware = memory else {
    throw .system(operation: "describe a sound device", reason: "out of memory")
  }
  defer { snd_pcm_hw_params_free(hardware) }

  // A plugin that converts would offer every rate; at first it is asked for what the card can do, as our own
  // resampler, which is better than the plugin's, does the rest.
  var channels = try beginWith(handle, hardware, name, channel: channel, converts: false)
  var rate = bestRate(handle, hardware)
  if rate == nil {
    channels = try beginWith(handle, hardware, name, channel: channel, converts: true)
    rate = bestRate(handle, hardware)
  }
  let agreed = rate ?? AudioFormat.sampleRate
  try demand(
    snd_pcm_hw_params_set_rate(handle, hardware, UInt32(agreed), 0), name,
    "any of the rates from 8000 to 192000 Hz"
  )

  var parameters = AlsaParameters(channels: channels, rate: agreed, line: "")
  var period = snd_pcm_uframes_t(parameters.periodFrames)
  var side: Int32 = 0
  try demand(
    snd_pcm_hw_params_set_period_size_near(handle, hardware, &period, &side), name, "periods near 10 ms")
  let periods =
    direction == .capture ? BoardLimits.captureBufferPeriods : BoardLimits.playbackBufferPeriods
  var buffer = snd_pcm_uframes_t(parameters.periodFrames * periods)
  try demand(
    snd_pcm_hw_params_set_buffer_size_near(handle, hardware, &buffer), name, "a buffer near \(periods)0 ms")
  try demand(snd_pcm_hw_params(handle, hardware), name, "these parameters together")
  try setSoftware(handle, name, direction, parameters.periodFrames, buffer)

  parameters.cardPeriodFrames = Int(period)
  parameters.bufferFrames = Int(buffer)
  let places = channels == 1 ? "mono" : channels == 2 ? "stereo" : "\(channels) channels"
  let chosen = channel > 0 && channels > 1 ? " (channel \(channel))" : ""
  let converted = agreed == AudioFormat.sampleRate ? "" : ", converted to \(AudioFormat.sampleRate) Hz"
  parameters.line =
    "S16_LE \(agreed) Hz \(places)\(chosen), period \(period) frames (\(Int(period) * 1000 / agreed) ms), "
    + "buffer \(buffer) frames (\(Int(buffer) * 1000 / agreed) ms)\(converted)"
  return parameters
}

/// What is asked of every device, whatever its rate. Answers how many channels there will be.
private func beginWith(
  _ handle: OpaquePointer, _ hardware: OpaquePointer, _ name: String, channel: Int, converts: Bool
) throws(BoardFailure) -> Int {
  // A sound server that has no such device says so only here.
  let code = snd_pcm_hw_params_any(handle, hardware)
  if code < 0 { throw .driver(name: name, operation: "describe itself", reason: alsaReason(code)) }
  try demand(
    snd_pcm_hw_params_set_access(handle, hardware, SND_PCM_ACCESS_RW_INTERLEAVED), name, "interleaved samples"
  )
  try demand(
    snd_pcm_hw_params_set_format(handle, hardware, SND_PCM_FORMAT_S16_LE), name, "16-bit samples (S16_LE)")
  _ = snd_pcm_hw_params_set_rate_resample(handle, hardware, converts ? 1 : 0)
  let channels = channelCount(handle, hardware, channel)
  try demand(
    snd_pcm_hw_params_set_channels(handle, hardware, UInt32(channels)), name,
    channel > 1 ? "channel \(channel)" : "1 to \(BoardLimits.cardChannelsMax) channels")
  return channels
}

private func bestRate(_ handle: OpaquePointer, _ hardware: OpaquePointer) -> Int? {
  BoardLimits.cardRates.first { snd_pcm_hw_params_test_rate(handle, hardware, UInt32($0), 0) >= 0 }
}

/// How many channels to ask for: those that the wanted one needs, if the card has them, or as few as it has. A
/// converting plugin would make one of many by mixing them, which is not what was asked for by a number.
private func channelCount(_ handle: OpaquePointer, _ hardware: OpaquePointer, _ channel: Int) -> Int {
  let least = channel == 0 ? 1 : max(2, channel)
  for count in least...BoardLimits.cardChannelsMax
  where snd_pcm_hw_params_test_channels(handle, hardware, UInt32(count)) >= 0 {
    return count
  }
  return channel == 1 ? 1 : least
}

private func setSoftware(
  _ handle: OpaquePointer, _ name: String, _ direction: AudioDirection,
  _ periodFrames: Int, _ buffer: snd_pcm_uframes_t
) throws(BoardFailure) {
  var memory: OpaquePointer?
  guard snd_pcm_sw_params_malloc(&memory) >= 0, let software = memory else {
    throw .system(operation: "describe a sound device", reason: "out of memory")
  }
  defer { snd_pcm_sw_params_free(software) }
  try demand(snd_pcm_sw_params_current(handle, software), name, "its present thresholds")
  let ours = snd_pcm_uframes_t(periodFrames)
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

extension String {
  /// `hasPrefix` without Unicode tables.
  func hasPrefixBytes(_ prefix: StaticString) -> Bool {
    utf8.count >= prefix.utf8CodeUnitCount
      && utf8.prefix(prefix.utf8CodeUnitCount).elementsEqual(
        UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
  }
}
