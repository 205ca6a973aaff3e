import AudioEngine
import Base
import CALSA
import CLinux

/// An ALSA device by name, and the configuration in which the name is looked up.
public struct AlsaName: Sendable {
  /// `default`, `hw:0,0`, `plughw:CARD=Device`, or any other name that ALSA's configuration gives.
  public var device: String
  /// Configuration text that replaces the system's (asound.conf(5) syntax); nil for the system's.
  public var configuration: String?

  public init(_ device: String, configuration: String? = nil) {
    self.device = device
    self.configuration = configuration
  }
}

/// An open ALSA device: negotiation, waiting and the meaning of its errors, the same for both directions.
struct AlsaDevice: ~Copyable {
  let name: String
  let handle: OpaquePointer
  let channels: Int
  let rate: Int
  /// 10 ms of the card.
  let periodFrames: Int
  let bufferFrames: Int
  /// How much of the buffer is used for playback.
  var queue: CardQueue
  /// What was negotiated, in one line.
  let parameters: String

  /// `wasThere`: it could be opened before.
  init(
    _ name: AlsaName, _ direction: AudioDirection, channel: Int = 0, wasThere: Bool
  ) throws(BoardFailure) {
    self.name = name.device
    let handle = try openPcm(name, direction, wasThere)
    do throws(BoardFailure) {
      let negotiated = try negotiate(handle, name.device, direction, channel: channel)
      channels = negotiated.channels
      rate = negotiated.rate
      periodFrames = negotiated.periodFrames
      bufferFrames = negotiated.bufferFrames
      queue = CardQueue(negotiated)
      parameters = negotiated.line
      self.handle = handle
    } catch {
      snd_pcm_close(handle)
      throw error
    }
  }

  deinit { snd_pcm_close(handle) }

  func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int {
    let count = snd_pcm_poll_descriptors(handle, descriptors.baseAddress, UInt32(descriptors.count))
    return max(0, Int(count))
  }

  /// A plugin's descriptors do not mean what they say: it has to be asked.
  func isReady(_ descriptors: UnsafeMutableBufferPointer<pollfd>) -> Bool {
    guard descriptors.count > 0 else { return false }
    var events: UInt16 = 0
    let code = snd_pcm_poll_descriptors_revents(
      handle, descriptors.baseAddress, UInt32(descriptors.count), &events)
    // An error is ready too: the next read or write says which.
    return code < 0 || events != 0
  }

  /// Playback, where the card says when: no waking before the queue has come down to half a period over its reserve.
  func wakeForQueue() {
    var memory: OpaquePointer?
    guard snd_pcm_sw_params_malloc(&memory) >= 0, let software = memory else { return }
    defer { snd_pcm_sw_params_free(software) }
    // A refusal costs wake-ups, not sound.
    guard snd_pcm_sw_params_current(handle, software) >= 0 else { return }
    let least = max(1, bufferFrames - queue.reserve - periodFrames / 2)
    if snd_pcm_sw_params_set_avail_min(handle, software, snd_pcm_uframes_t(least)) >= 0 {
      _ = snd_pcm_sw_params(handle, software)
    }
  }

  /// Playback: frames that the queue takes now. After an underrun it is made longer.
  mutating func room(_ underruns: inout Int) throws(BoardFailure) -> Int {
    // Where the card is now, not where it was when it last told.
    _ = snd_pcm_hwsync(handle)
    let before = underruns
    let available = try available(&underruns)
    let now = Instant(microseconds: monotonicMicroseconds())
    let wasTimed = queue.isTimed
    if underruns != before { noteUnderrun(now) }
    let room = queue.room(available: available, now)
    if queue.isTimed != wasTimed { wakeForQueue() }
    return room
  }

  /// Playback: after each write.
  mutating func noteWritten(_ frames: Int) {
    let available = snd_pcm_avail_update(handle)
    guard available >= 0 else { return }
    let now = Instant(microseconds: monotonicMicroseconds())
    let hasMoved = queue.wrote(frames, level: max(0, bufferFrames - available), now)
    if hasMoved && !queue.isTimed { wakeForQueue() }
  }

  mutating func noteUnderrun(_ now: Instant) {
    if queue.ranDry(now) && !queue.isTimed { wakeForQueue() }
  }

  /// Frames that can be moved now. After an overrun or underrun the device is made ready again, `dropouts` is
  /// counted up and the answer is 0.
  func available(_ dropouts: inout Int) throws(BoardFailure) -> Int {
    let frames = snd_pcm_avail_update(handle)
    if frames >= 0 { return frames }
    try recover(from: Int32(frames), &dropouts)
    return 0
  }

  /// What lies in the card between us and its converter, in samples at 16 kHz; nil if it does not say.
  var delaySamples: Int? {
    var frames: snd_pcm_sframes_t = 0
    guard snd_pcm_delay(handle, &frames) >= 0, frames >= 0 else { return nil }
    return frames * AudioFormat.periodSamples / periodFrames
  }

  /// What helps against `code`; throws if the device is gone.
  func recover(from code: Int32, _ dropouts: inout Int) throws(BoardFailure) {
    switch -code {
    case EAGAIN, EINTR: return
    case EPIPE: break
    case ESTRPIPE:
      // The machine slept. The driver may need a while: the caller comes again.
      let resumed = snd_pcm_resume(handle)
      if resumed == -EAGAIN || resumed == 0 { return }
    default: throw lost(code, "move samples")
    }
    let prepared = snd_pcm_prepare(handle)
    if prepared < 0 { throw lost(prepared, "start again") }
    if snd_pcm_stream(handle) == SND_PCM_STREAM_CAPTURE {
      let started = snd_pcm_start(handle)
      if started < 0 { throw lost(started, "start again") }
    }
    // Some plugins call it a dropout, too, when the card is pulled.
    if code == -EPIPE { dropouts += 1 }
  }

  /// Playback, after a rest.
  mutating func beginAnew() throws(BoardFailure) {
    let prepared = snd_pcm_prepare(handle)
    if prepared < 0 { throw lost(prepared, "start again") }
    queue.stoodStill()
  }

  /// An unplugged card says ENODEV; a sound server that died says EIO (and so may a card that is being removed).
  private func lost(_ code: Int32, _ operation: String) -> BoardFailure {
    switch -code {
    case ENODEV, EIO, EBADFD, ENOTTY: .disconnected(name: name)
    default: .driver(name: name, operation: operation, reason: alsaReason(code))
    }
  }
}

func alsaReason(_ code: Int32) -> String {
  snd_strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

private func openPcm(
  _ name: AlsaName, _ direction: AudioDirection, _ wasThere: Bool
) throws(BoardFailure) -> OpaquePointer {
  lintel_quiet_alsa()
  let stream = direction == .capture ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK
  var handle: OpaquePointer?
  var code: Int32
  if let text = name.configuration {
    var configuration: OpaquePointer?
    code = text.withCString { snd_config_load_string(&configuration, $0, 0) }
    guard code >= 0, let configuration else {
      throw .driver(name: name.device, operation: "read its configuration", reason: alsaReason(code))
    }
    code = snd_pcm_open_lconf(&handle, name.device, stream, SND_PCM_NONBLOCK, configuration)
    snd_config_delete(configuration)
  } else {
    // The library caches the configuration, and with it the list of cards; a card that came later needs this.
    snd_config_update_free_global()
    code = snd_pcm_open(&handle, name.device, stream, SND_PCM_NONBLOCK)
  }
  if code >= 0, let handle { return handle }
  switch -code {
  case ENOENT, ENODEV, ENXIO, ECONNREFUSED:
    let available = SoundCards().available(direction)
    throw wasThere
      ? .deviceGone(name: name.device, available: available)
      : .deviceNotFound(name: name.device, available: available)
  case EBUSY, EAGAIN:
    throw .deviceBusy(name: name.device, holder: SoundCards().holder(of: name.device, direction))
  case EACCES, EPERM: throw .accessDenied(name: name.device)
  default: throw .driver(name: name.device, operation: "open", reason: alsaReason(code))
  }
}
