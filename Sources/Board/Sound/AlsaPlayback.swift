import AudioEngine
import Base
import CALSA
import CLinux

/// A speaker behind ALSA. Every channel of the card gets the same, converted from 16 kHz where it has to be.
public final class AlsaPlayback: AlsaStream, AudioPlayback {
  private var resampler: Resampler?
  private let converted: UnsafeMutablePointer<Int16>
  private let interleaved: UnsafeMutablePointer<Int16>
  private var isResting = false

  public override init(_ name: AlsaName) {
    // A length that is not a whole period may give a frame more.
    converted = .allocate(capacity: BoardLimits.cardPeriodFramesMax + 1)
    interleaved = .allocate(capacity: BoardLimits.cardChannelsMax * (BoardLimits.cardPeriodFramesMax + 1))
    super.init(name)
  }

  deinit {
    converted.deallocate()
    interleaved.deallocate()
  }

  public func open() throws(BoardFailure) -> AudioParameters {
    close()
    let opened = try AlsaDevice(wanted, .playback, wasThere: wasThere)
    let parameters = AudioParameters(rateHertz: opened.rate, line: opened.parameters)
    resampler =
      opened.rate == AudioFormat.sampleRate
      ? nil
      : Resampler(from: AudioFormat.sampleRate, to: opened.rate, inputMax: AudioFormat.periodSamples)
    opened.wakeForQueue()
    device = consume opened
    wasThere = true
    isResting = false
    return parameters
  }

  public func rest() {
    guard let handle = device?.handle else { return }
    _ = snd_pcm_drop(handle)
    isResting = true
  }

  public var isThere: Bool {
    guard let handle = device?.handle else { return false }
    return snd_pcm_state(handle) != SND_PCM_STATE_DISCONNECTED
  }

  public var dueAt: Instant? { device?.queue.dueAt ?? nil }

  public var reserveSamples: Int {
    guard let reserve = device?.queue.reserve, let period = device?.periodFrames else { return 0 }
    return reserve * AudioFormat.periodSamples / period
  }

  public func writable() throws(BoardFailure) -> Int {
    if isResting {
      try device?.beginAnew()
      isResting = false
    }
    guard let frames = try device?.room(&dropouts), let period = device?.periodFrames else { return 0 }
    return frames * AudioFormat.periodSamples / period
  }

  public func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure) {
    guard let start = samples.baseAddress, samples.count <= AudioFormat.periodSamples else { return }
    guard let channels = device?.channels, let handle = device?.handle else { return }
    var source = start
    var count = samples.count
    if let resampler {
      count = resampler.process(samples, into: converted)
      source = UnsafePointer(converted)
    }
    if channels > 1 {
      for index in 0..<count {
        for place in 0..<channels { interleaved[index * channels + place] = source[index] }
      }
      source = UnsafePointer(interleaved)
    }
    let all = count
    // A card that had run dry takes nothing at first, and a plugin may take a part.
    for _ in 0..<BoardLimits.writeAttemptsMax where count > 0 {
      let took = try offer(source, count, to: handle)
      source += took * channels
      count -= took
    }
    device?.noteWritten(all - count)
  }

  /// Answers how many frames the card took. A function of its own, as this compiler fails on the loop otherwise.
  @inline(never)
  private func offer(
    _ source: UnsafePointer<Int16>, _ count: Int, to handle: OpaquePointer
  ) throws(BoardFailure) -> Int {
    let took = snd_pcm_writei(handle, source, snd_pcm_uframes_t(count))
    if took < 0 {
      let before = dropouts
      try device?.recover(from: Int32(took), &dropouts)
      if dropouts != before { device?.noteUnderrun(Instant(microseconds: monotonicMicroseconds())) }
    }
    return max(0, took)
  }
}
