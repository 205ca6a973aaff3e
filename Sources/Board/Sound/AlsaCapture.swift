import AudioEngine
import Base
import CALSA
import CLinux

/// A microphone behind ALSA: one of the card's channels or their mean, converted to 16 kHz where the card cannot.
public final class AlsaCapture: AlsaStream, AudioCapture {
  private let channel: Int
  private var resampler: Resampler?
  /// What the card gave of the period that is coming in: all channels, then the one that counts.
  private let interleaved: UnsafeMutablePointer<Int16>
  private let selected: UnsafeMutablePointer<Int16>
  private var held = 0

  /// `channel` counts from 1; 0 takes the mean of all.
  public init(_ name: AlsaName, channel: Int = 0) {
    self.channel = max(0, min(BoardLimits.cardChannelsMax, channel))
    interleaved = .allocate(capacity: BoardLimits.cardChannelsMax * BoardLimits.cardPeriodFramesMax)
    selected = .allocate(capacity: BoardLimits.cardPeriodFramesMax)
    super.init(name)
  }

  deinit {
    interleaved.deallocate()
    selected.deallocate()
  }

  public func open() throws(BoardFailure) -> AudioParameters {
    close()
    held = 0
    let opened = try AlsaDevice(wanted, .capture, channel: channel, wasThere: wasThere)
    let parameters = AudioParameters(rateHertz: opened.rate, line: opened.parameters)
    resampler =
      opened.rate == AudioFormat.sampleRate
      ? nil : Resampler(from: opened.rate, to: AudioFormat.sampleRate, inputMax: opened.periodFrames)
    let code = snd_pcm_start(opened.handle)
    if code < 0 { throw .driver(name: name, operation: "start", reason: alsaReason(code)) }
    device = consume opened
    wasThere = true
    return parameters
  }

  public var restMilliseconds: Int {
    guard let frames = device?.bufferFrames, let rate = device?.rate else { return 0 }
    return min(BoardLimits.dozeMilliseconds, frames * 1_000 / rate / 2)
  }

  public func read(into samples: UnsafeMutableBufferPointer<Int16>) throws(BoardFailure) -> Int {
    guard let start = samples.baseAddress, samples.count == AudioFormat.periodSamples else { return 0 }
    guard let channels = device?.channels, let frames = device?.periodFrames, let handle = device?.handle
    else { return 0 }
    let before = dropouts
    let available = try device?.available(&dropouts) ?? 0
    var got = 0
    if available >= frames - held {
      got = snd_pcm_readi(handle, interleaved, snd_pcm_uframes_t(frames - held))
      if got < 0 { try device?.recover(from: Int32(got), &dropouts) }
    }
    // What came before a hole is no part of a period behind it.
    if dropouts != before { held = 0 }
    guard got > 0 else { return 0 }
    select(Int(got), of: channels)
    // A card may give less than it said it had; the rest comes with the next call.
    guard held == frames else { return 0 }
    held = 0
    guard let resampler else {
      start.copy(from: selected, count: frames)
      return frames
    }
    return resampler.process(UnsafeBufferPointer(start: selected, count: frames), into: start)
  }

  /// Adds `count` frames of `interleaved` to `selected`.
  private func select(_ count: Int, of channels: Int) {
    let target = selected + held
    held += count
    if channels == 1 { return target.copy(from: interleaved, count: count) }
    if channel > 0 {
      for index in 0..<count { target[index] = interleaved[index * channels + channel - 1] }
      return
    }
    for index in 0..<count {
      var sum: Int32 = 0
      for place in 0..<channels { sum += Int32(interleaved[index * channels + place]) }
      target[index] = Int16(channels == 2 ? sum >> 1 : sum / Int32(channels))
    }
  }
}
