import AudioEngine
import Foundation
import Testing

@testable import Board

/// One ALSA device at a time on the simulated card.
@Suite(
  .serialized, .measuredAgain,
  .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct AlsaTests {
  /// Rates that a card may have as its only one, but the engine's own.
  private static let rates = [8_000, 24_000, 32_000, 44_100, 48_000, 96_000, 192_000]

  private let workshop: Workshop
  private let plugin: String

  init() throws {
    workshop = try Workshop()
    plugin = try #require(soundcardPlugin)
  }

  private func microphone(
    hearing samples: [Int16], rate: Int = 16_000, channels: Int = 1, channel: Int = 0
  ) throws -> AlsaCapture {
    var card = SimulatedSoundcard(plugin: plugin)
    card.microphone = try workshop.write("mic.wav", wav: samples, rate: rate, channels: channels)
    card.microphoneControl = workshop.path("mic.ctl")
    return try LinuxBoard(simulated: card, channel: channel).capture
  }

  /// A converting plugin over a card that has this rate and no other.
  private func speaker(rate: Int) -> AlsaPlayback {
    AlsaPlayback(
      AlsaName(
        "speaker",
        configuration: """
          pcm_type.lintel { lib "\(plugin)" }
          pcm.card { type lintel file "\(workshop.path("spk.wav"))" control "\(workshop.path("spk.ctl"))" }
          pcm.speaker { type plug slave { pcm card rate \(rate) } }
          """))
  }

  /// Reads so many samples, in periods as they come.
  private func hear(_ microphone: AlsaCapture, samples: Int) throws -> [Int16] {
    becomeRealtime()
    defer { becomeOrdinary() }
    var heard: [Int16] = []
    var period = [Int16](repeating: 0, count: 160)
    let end = Date().addingTimeInterval(10)
    while heard.count < samples, Date() < end {
      usleep(2_000)
      while try period.withUnsafeMutableBufferPointer({ try microphone.read(into: $0) }) == 160 {
        heard += period
      }
    }
    return heard
  }

  private func say(_ samples: [Int16], to speaker: AlsaPlayback) throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    var done = 0
    let end = Date().addingTimeInterval(10)
    while done < samples.count, Date() < end {
      while done < samples.count, try speaker.writable() >= 160 {
        try samples[done..<done + 160].withUnsafeBufferPointer { try speaker.write($0) }
        done += 160
      }
      usleep(2_000)
    }
  }

  /// How often a sine crosses zero upwards, from `settled` on.
  private func crossings(_ samples: [Int16], settled: Int) -> Int {
    let rest = samples.dropFirst(settled)
    return zip(rest, rest.dropFirst()).filter { $0 < 0 && $1 >= 0 }.count
  }

  // MARK: Microphone

  @Test func captureDeliversTheFileSampleBySample() throws {
    let spoken = tone(440, seconds: 4)
    let microphone = try microphone(hearing: spoken)
    let parameters = try microphone.open()
    #expect(parameters.rateHertz == 16_000)
    #expect(parameters.line == "S16_LE 16000 Hz mono, period 160 frames (10 ms), buffer 3200 frames (200 ms)")
    let heard = try hear(microphone, samples: 48_000)
    #expect(heard.count >= 48_000 && heard == Array(spoken.prefix(heard.count)))
    #expect(microphone.dropouts == 0)
  }

  /// Its clock is the time: it gives no more than has passed, and somebody who waited for it has waited that long.
  @Test func captureIsPacedByTheCard() throws {
    let microphone = try microphone(hearing: [])
    let begin = monotonicMicroseconds()
    _ = try microphone.open()
    let heard = try hear(microphone, samples: 8_000)
    #expect(heard.count * 1_000 / 16 <= monotonicMicroseconds() - begin)
  }

  @Test(arguments: rates) func aFileOfAnotherRateIsConverted(rate: Int) throws {
    let samples = (0..<rate).map { Int16(12_000 * sin(2 * .pi * 440 * Double($0) / Double(rate))) }
    let microphone = try microphone(hearing: samples, rate: rate)
    let parameters = try microphone.open()
    #expect(parameters.rateHertz == rate)
    #expect(parameters.line.contains("S16_LE \(rate) Hz mono, period \(rate / 100) frames (10 ms)"))
    #expect(parameters.line.hasSuffix("converted to 16000 Hz"))
    let heard = try hear(microphone, samples: 8_000)
    // 440 Hz crosses zero upwards 220 times in half a second; the filter's ringing before the tone does too.
    #expect(abs(crossings(heard, settled: 160) * 8_000 / max(1, heard.count - 160) - 220) <= 1)
  }

  /// No whole number of its samples makes 10 ms, and so the plugin has to convert.
  @Test func aRateThatOnlyThePluginTakesIsThePlugins() throws {
    let rate = 22_050
    let samples = (0..<rate).map { Int16(12_000 * sin(2 * .pi * 440 * Double($0) / Double(rate))) }
    let microphone = try microphone(hearing: samples, rate: rate)
    #expect(try microphone.open().rateHertz == 16_000)
    let heard = try hear(microphone, samples: 8_000)
    #expect(abs(crossings(heard, settled: 160) * 8_000 / max(1, heard.count - 160) - 220) <= 1)
  }

  @Test(arguments: [0, 1, 2]) func oneChannelOfTwoIsChosenOrTheirMean(channel: Int) throws {
    let samples = (0..<32_000).map { $0 % 2 == 0 ? Int16(1_000) : Int16(3_000) }
    let microphone = try microphone(hearing: samples, channels: 2, channel: channel)
    // The plug mixes the channels itself where none is named.
    let words = channel == 0 ? "mono, period" : "stereo (channel \(channel)), period"
    #expect(try microphone.open().line.contains(words))
    let heard = try hear(microphone, samples: 160)
    #expect(heard.count >= 160 && heard.allSatisfy { $0 == [2_000, 1_000, 3_000][channel] })
  }

  @Test func aChannelThatTheCardHasNotIsRefused() throws {
    let file = try workshop.write("mic.wav", wav: [0])
    let configuration = """
      pcm_type.lintel { lib "\(plugin)" }
      pcm.microphone { type lintel file "\(file)" }
      """
    let direct = AlsaCapture(AlsaName("microphone", configuration: configuration), channel: 4)
    #expect(throws: BoardFailure.self) { try direct.open() }
  }

  @Test func anOverrunIsCountedAndCaptureGoesOn() throws {
    let microphone = try microphone(hearing: [])
    _ = try microphone.open()
    usleep(300_000)  // Longer than the buffer of 200 ms.
    #expect(try hear(microphone, samples: 160).count >= 160)
    #expect(microphone.dropouts == 1)
  }

  @Test func aMicrophoneFileThatIsNoWavFailsToOpen() throws {
    var card = SimulatedSoundcard(plugin: plugin)
    card.microphone = workshop.path("mic.wav")
    try Data("RIFF....WAVEnonsense".utf8).write(to: URL(fileURLWithPath: workshop.path("mic.wav")))
    let board = try LinuxBoard(simulated: card)
    #expect(throws: BoardFailure.self) { try board.capture.open() }
  }

  // MARK: Speaker

  @Test func playbackIsRecordedBitExact() throws {
    var card = SimulatedSoundcard(plugin: plugin)
    card.speaker = workshop.path("spk.wav")
    let speaker = try LinuxBoard(simulated: card).playback
    _ = try speaker.open()
    let said = tone(440, seconds: 2)
    try say(said, to: speaker)
    // The header is true before it is closed as well.
    #expect(try workshop.headerDataBytes("spk.wav") >= 2 * (said.count - 4_000))
    speaker.close()
    #expect(try workshop.read("spk.wav") == said)
    #expect(try workshop.headerDataBytes("spk.wav") == said.count * 2)
  }

  /// What is written into an underrun is played after it, so that nothing is lost however late the writer is.
  @Test(arguments: rates) func aSpeakerOfAnotherRateIsConvertedFor(rate: Int) throws {
    let speaker = speaker(rate: rate)
    #expect(try speaker.open().rateHertz == rate)
    let said = tone(440, seconds: 1)
    try say(Array(said.prefix(8_000)), to: speaker)
    try workshop.fault("spk.ctl", 3)
    try say(Array(said.dropFirst(8_000)), to: speaker)
    speaker.close()
    let heard = try workshop.read("spk.wav")
    #expect(speaker.dropouts >= 1 && heard.count == rate)
    #expect(abs(crossings(heard, settled: rate / 100) - 436) <= 1)
  }

  // MARK: What is wrong

  @Test func missingBusyAndUnpluggedAreToldApart() throws {
    let microphone = try microphone(hearing: [])
    let available = SoundCards().available(.capture)
    try workshop.fault("mic.ctl", 4)
    #expect(throws: BoardFailure.deviceBusy(name: "microphone", holder: "another program")) {
      try microphone.open()
    }
    try workshop.fault("mic.ctl", 1)
    #expect(throws: BoardFailure.deviceNotFound(name: "microphone", available: available)) {
      try microphone.open()
    }
    try workshop.fault("mic.ctl", 0)
    _ = try microphone.open()
    try workshop.fault("mic.ctl", 1)
    var period = [Int16](repeating: 0, count: 160)
    #expect(throws: BoardFailure.disconnected(name: "microphone")) {
      try period.withUnsafeMutableBufferPointer { _ = try microphone.read(into: $0) }
    }
    microphone.close()
    // It is not as if the name were wrong.
    #expect(throws: BoardFailure.deviceGone(name: "microphone", available: available)) {
      try microphone.open()
    }
  }

  @Test func aMissingPluginIsSaid() {
    #expect(
      throws: BoardFailure.file(
        path: "/nowhere/card.so",
        reason: "the simulated sound card is missing; board/soundcard/build makes it")
    ) { try LinuxBoard(simulated: SimulatedSoundcard(plugin: "/nowhere/card.so")) }
  }
}
