/// A board whose sound is an ALSA card.
public struct LinuxBoard {
  public let capture: AlsaCapture
  public let playback: AlsaPlayback

  /// Names as in `[audio] capture` and `playback`: `default`, `plughw:...`, `hw:...`. `channel` is the
  /// microphone's, from 1, or 0 for the mean of all. Nothing is opened yet.
  public init(capture: String, playback: String, channel: Int = 0) {
    self.capture = AlsaCapture(AlsaName(capture), channel: channel)
    self.playback = AlsaPlayback(AlsaName(playback))
  }
}
