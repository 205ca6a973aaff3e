/// A board whose sound is an ALSA card.
public struct LinuxBoard {
  public let capture: AlsaCapture
  public let playback: AlsaPlayback

  /// Names as in `[audio] capture` and `playback`: `default`, `plughw:...`, `hw:...`. Nothing is opened yet.
  public init(capture: String, playback: String) {
    self.capture = AlsaCapture(AlsaName(capture))
    self.playback = AlsaPlayback(AlsaName(playback))
  }
}
