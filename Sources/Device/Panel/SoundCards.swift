import Configuration
import Control

/// What became of a sound device, in the words of its driver.
public struct SoundCardEvent: Equatable, Sendable {
  public enum Stream: String, Sendable { case capture, playback }

  public enum Change: Equatable, Sendable {
    /// Open and moving at the card's own rate; `parameters` is all that was negotiated, in one line.
    case working(rateHertz: Int, parameters: String)
    /// Not there, or lost; it is asked for again while the call goes on.
    case failed(reason: String)
    /// Nobody wants it for now.
    case closed
    /// Samples were lost because nobody came in time; the count since start.
    case dropouts(Int)
  }

  public var stream: Stream
  public var change: Change

  public init(_ stream: Stream, _ change: Change) {
    self.stream = stream
    self.change = change
  }
}

/// The microphone's and the speaker's devices, as their driver tells of them.
struct SoundCards {
  private(set) var capture = AudioDeviceStatus()
  private(set) var playback = AudioDeviceStatus()
  private(set) var captureDropouts = 0
  private(set) var playbackDropouts = 0

  init(_ settings: Settings) {
    let isSimulated = settings.device.board == .simulated
    capture.device = isSimulated ? settings.simulated.microphone ?? "silence" : settings.audio.capture
    playback.device = isSimulated ? settings.simulated.speaker ?? "nowhere" : settings.audio.playback
  }

  mutating func handle(_ event: SoundCardEvent) -> [Effect] {
    let name = event.stream == .capture ? "microphone" : "speaker"
    switch event.change {
    case .working(let rate, let parameters):
      return set(.running, rateHertz: rate, parameters: parameters, of: event.stream)
        + [.log(.info, "\(name): \(parameters)", event: "audio.device")]
    case .failed(let reason):
      return set(.absent, reason: reason, of: event.stream)
        + [.log(.warning, "\(name): \(reason)", event: "audio.device")]
    case .closed:
      return set(.stopped, of: event.stream)
        + [.log(.info, "\(name): closed until it is wanted", event: "audio.device")]
    case .dropouts(let count):
      let before = event.stream == .capture ? captureDropouts : playbackDropouts
      if event.stream == .capture { captureDropouts = count } else { playbackDropouts = count }
      // Told when they have doubled, as a starved machine has ten a second; the metric counts each.
      guard count.leadingZeroBitCount < before.leadingZeroBitCount else { return [] }
      return [.log(.info, "\(name): \(count) dropouts since start")]
    }
  }

  private mutating func set(
    _ state: AudioDeviceState, rateHertz: Int? = nil, parameters: String? = nil, reason: String? = nil,
    of stream: SoundCardEvent.Stream
  ) -> [Effect] {
    var status = stream == .capture ? capture : playback
    status.state = state
    status.rateHertz = rateHertz
    status.reason = reason
    status.parameters = parameters
    if stream == .capture { capture = status } else { playback = status }
    return [
      .tell(.audioDevice(stream: stream.rawValue, device: status.device, state: state, reason: reason))
    ]
  }
}
