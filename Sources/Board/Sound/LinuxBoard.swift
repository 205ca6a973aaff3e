/// A board whose sound is an ALSA card, or two.
public struct LinuxBoard: AudioBoard {
  public let capture: AlsaCapture
  public let playback: AlsaPlayback
  public let wait: AlsaWait

  /// Names as in `[audio] capture` and `playback`: `default`, `plughw:...`, `hw:...`. `channel` is the
  /// microphone's, from 1, or 0 for the mean of all. Nothing is opened yet.
  public init(capture: String, playback: String, channel: Int = 0) throws(BoardFailure) {
    try self.init(AlsaCapture(AlsaName(capture), channel: channel), AlsaPlayback(AlsaName(playback)))
  }

  init(_ capture: AlsaCapture, _ playback: AlsaPlayback) throws(BoardFailure) {
    self.capture = capture
    self.playback = playback
    wait = try AlsaWait(capture, playback)
  }
}
