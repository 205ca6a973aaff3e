import AudioEngine
import CALSA
import CLinux

/// A speaker behind ALSA. Every channel of the card gets the same, converted from 16 kHz where it has to be.
public final class AlsaPlayback: AudioPlayback {
  public var name: String { wanted.device }
  public private(set) var underruns = 0
  private let wanted: AlsaName
  private var device: AlsaDevice?
  private var resampler: Resampler?
  private let converted: UnsafeMutablePointer<Int16>
  private let interleaved: UnsafeMutablePointer<Int16>

  public init(_ name: AlsaName) {
    wanted = name
    // A length that is not a whole period may give a frame more.
    converted = .allocate(capacity: BoardLimits.cardPeriodFramesMax + 1)
    interleaved = .allocate(capacity: BoardLimits.cardChannelsMax * (BoardLimits.cardPeriodFramesMax + 1))
  }

  deinit {
    converted.deallocate()
    interleaved.deallocate()
  }

  public func open() throws(BoardFailure) -> String {
    device = nil
    let opened = try AlsaDevice(wanted, .playback)
    let line = opened.parameters
    resampler =
      opened.rate == AudioFormat.sampleRate
      ? nil
      : Resampler(from: AudioFormat.sampleRate, to: opened.rate, inputMax: AudioFormat.periodSamples)
    opened.wakeForQueue()
    device = consume opened
    return line
  }

  public func close() { device = nil }

  public var delaySamples: Int? { device?.delaySamples ?? nil }

  public func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int {
    device?.pollDescriptors(into: descriptors) ?? 0
  }

  public func isReady(_ descriptors: UnsafeMutableBufferPointer<pollfd>) -> Bool {
    device?.isReady(descriptors) ?? false
  }

  public func writable() throws(BoardFailure) -> Int {
    guard let frames = try device?.room(&underruns), let period = device?.periodFrames else { return 0 }
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
    let took = snd_pcm_writei(handle, source, snd_pcm_uframes_t(count))
    if took < 0 { try device?.recover(from: Int32(took), &underruns) }
  }
}
