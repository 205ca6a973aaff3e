import AudioEngine
import CALSA
import CLinux

/// A speaker behind ALSA. A stereo card gets the same on both channels.
public final class AlsaPlayback: AudioPlayback {
  public var name: String { wanted.device }
  public private(set) var underruns = 0
  private let wanted: AlsaName
  private var device: AlsaDevice?
  private let interleaved: UnsafeMutablePointer<Int16>

  public init(_ name: AlsaName) {
    wanted = name
    interleaved = .allocate(capacity: 2 * AudioFormat.periodSamples)
  }

  deinit { interleaved.deallocate() }

  public func open() throws(BoardFailure) -> String {
    device = nil
    let opened = try AlsaDevice(wanted, .playback)
    let line = opened.parameters
    device = consume opened
    return line
  }

  public func close() { device = nil }

  public func pollDescriptors(into descriptors: UnsafeMutableBufferPointer<pollfd>) -> Int {
    device?.pollDescriptors(into: descriptors) ?? 0
  }

  public func isReady(_ descriptors: UnsafeMutableBufferPointer<pollfd>) -> Bool {
    device?.isReady(descriptors) ?? false
  }

  public func writable() throws(BoardFailure) -> Int {
    try device?.available(&underruns) ?? 0
  }

  public func write(_ samples: UnsafeBufferPointer<Int16>) throws(BoardFailure) {
    guard let start = samples.baseAddress, samples.count <= AudioFormat.periodSamples else { return }
    guard let channels = device?.channels, let handle = device?.handle else { return }
    var source = start
    if channels == 2 {
      for index in 0..<samples.count {
        interleaved[2 * index] = samples[index]
        interleaved[2 * index + 1] = samples[index]
      }
      source = UnsafePointer(interleaved)
    }
    let took = snd_pcm_writei(handle, source, snd_pcm_uframes_t(samples.count))
    if took < 0 { try device?.recover(from: Int32(took), &underruns) }
  }
}
