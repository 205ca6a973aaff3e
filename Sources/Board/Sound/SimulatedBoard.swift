import Base
import CLinux

/// How the simulated board's sound card is fed and recorded. Paths are absolute.
public struct SimulatedSoundcard: Equatable, Sendable {
  /// The ALSA plugin, as `board/soundcard/build` makes it.
  public var plugin: String
  /// WAV file (16-bit, 1 to 8 channels, 8 to 192 kHz) that the microphone hears; nil for silence.
  public var microphone: String?
  /// Again from the start when it ends; otherwise silence follows.
  public var microphoneLoops = false
  /// The file starts when capture starts. Otherwise its time goes on from the first opening on, so that what was
  /// said while nobody listened is lost.
  public var microphoneStartsWithCapture = true
  /// WAV file that the speaker records to, added to if it exists; nil to record nothing.
  public var speaker: String?
  /// Control files for faults and counters (see board/soundcard/README.md); nil for none.
  public var microphoneControl: String?
  public var speakerControl: String?

  public init(plugin: String) { self.plugin = plugin }
}

extension LinuxBoard {
  /// A board without hardware: the same drivers, on a sound card that lives in user space. Throws if a file is missing
  /// or its name cannot be written into a configuration.
  public init(simulated soundcard: SimulatedSoundcard, channel: Int = 0) throws(BoardFailure) {
    try demandReadable(
      soundcard.plugin, "the simulated sound card is missing; board/soundcard/build makes it")
    if let microphone = soundcard.microphone {
      try demandReadable(microphone, "the file for the simulated microphone cannot be read")
    }
    let text = try configuration(soundcard)
    try self.init(
      AlsaCapture(AlsaName("microphone", configuration: text), channel: channel),
      AlsaPlayback(AlsaName("speaker", configuration: text)))
  }
}

/// The plug converts sample formats; rates are converted by the drivers. Leaving out the system's alsa.conf spares 26 libraries.
private func configuration(_ card: SimulatedSoundcard) throws(BoardFailure) -> String {
  var text = "pcm_type.lintel { lib \(try quoted(card.plugin)) }\n"
  text += "pcm.microphone { type plug slave.pcm { type lintel"
  if let file = card.microphone { text += " file \(try quoted(file))" }
  if card.microphoneLoops { text += " loop 1" }
  if !card.microphoneStartsWithCapture { text += " start clock" }
  if let file = card.microphoneControl { text += " control \(try quoted(file))" }
  text += " } }\npcm.speaker { type plug slave.pcm { type lintel"
  if let file = card.speaker { text += " file \(try quoted(file))" }
  if let file = card.speakerControl { text += " control \(try quoted(file))" }
  return text + " } }\n"
}

private func quoted(_ path: String) throws(BoardFailure) -> String {
  for byte in Array(path.utf8) where byte < 32 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
    throw .file(path: path, reason: "a path for the simulated sound card must not hold quotes or backslashes")
  }
  return "\"\(path)\""
}

private func demandReadable(_ path: String, _ otherwise: String) throws(BoardFailure) {
  if access(path, R_OK) != 0 { throw .file(path: path, reason: otherwise) }
}
