import AudioEngine
import CALSA
import CLinux

/// A microphone behind ALSA. A stereo card gives the mean of its channels.
public final class AlsaCapture: AudioCapture {
  public var name: String { wanted.device }
  public private(set) var overruns = 0
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
    let opened = try AlsaDevice(wanted, .capture)
    let line = opened.parameters
    let code = snd_pcm_start(opened.handle)
    if code < 0 { throw .driver(name: name, operation: "start", reason: alsaReason(code)) }
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

  public func read(into samples: UnsafeMutableBufferPointer<Int16>) throws(BoardFailure) -> Int {
    guard let start = samples.baseAddress, samples.count <= AudioFormat.periodSamples else { return 0 }
    guard let channels = device?.channels, let handle = device?.handle else { return 0 }
    guard let available = try device?.available(&overruns), available >= samples.count else { return 0 }
    let target = channels == 1 ? start : interleaved
    let got = snd_pcm_readi(handle, target, snd_pcm_uframes_t(samples.count))
    if got < 0 {
      try device?.recover(from: Int32(got), &overruns)
      return 0
    }
    if channels == 2 {
      for index in 0..<Int(got) {
        start[index] = Int16((Int32(interleaved[2 * index]) + Int32(interleaved[2 * index + 1])) >> 1)
      }
    }
    return Int(got)
  }
}
