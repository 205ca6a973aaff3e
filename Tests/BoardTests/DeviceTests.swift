import AudioEngine
import Foundation
import Testing

@testable import Board

/// One ALSA device at a time on the simulated card.
@Suite(.serialized, .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct DeviceTests {
  @Test func captureDeliversTheFileSampleBySampleInRealTime() throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let workshop = try Workshop()
    let spoken = tone(440, seconds: 4)
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphone = try workshop.write("mic.wav", wav: spoken)
    let board = try LinuxBoard(simulated: card)
    let parameters = try board.capture.open()
    #expect(parameters.line.contains("16000 Hz mono, period 160 frames (10 ms), buffer 640 frames (40 ms)"))
    let begin = Date()
    var heard: [Int16] = []
    var period = [Int16](repeating: 0, count: 160)
    while heard.count < 48_000, Date().timeIntervalSince(begin) < 6 {
      usleep(2_000)
      while try period.withUnsafeMutableBufferPointer({ try board.capture.read(into: $0) }) == 160 {
        heard += period
      }
    }
    let took = Date().timeIntervalSince(begin)
    board.capture.close()
    #expect(heard.count >= 48_000)
    #expect(took > 2.9 && took < 3.3)
    #expect(heard == Array(spoken.prefix(heard.count)))
    #expect(board.capture.dropouts == 0)
  }

  @Test(arguments: [8_000, 44_100, 48_000])
  func aFileOfAnotherRateIsConverted(rate: Int) throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let workshop = try Workshop()
    let samples = (0..<rate).map { Int16(12_000 * sin(2 * .pi * 440 * Double($0) / Double(rate))) }
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphone = try workshop.write("mic.wav", wav: samples, rate: rate)
    let board = try LinuxBoard(simulated: card)
    let parameters = try board.capture.open()
    #expect(parameters.line.contains("S16_LE \(rate) Hz mono, period \(rate / 100) frames (10 ms)"))
    #expect(parameters.line.hasSuffix("converted to 16000 Hz"))
    var heard: [Int16] = []
    var period = [Int16](repeating: 0, count: 160)
    let end = Date().addingTimeInterval(3)
    while heard.count < 8_000, Date() < end {
      usleep(2_000)
      while try period.withUnsafeMutableBufferPointer({ try board.capture.read(into: $0) }) == 160 {
        heard += period
      }
    }
    #expect(board.capture.dropouts == 0)
    // 440 Hz crosses zero upwards 220 times in half a second; the filter's ringing before the tone does too.
    let settled = heard.dropFirst(160)
    let crossings = zip(settled, settled.dropFirst()).filter { $0 < 0 && $1 >= 0 }.count
    #expect(heard.count >= 8_000)
    #expect(abs(crossings * 8_000 / max(1, settled.count) - 220) <= 1)
  }

  /// A converting plugin over a card of one rate: it is asked not to convert.
  @Test(arguments: [8_000, 44_100, 48_000])
  func aSpeakerOfAnotherRateIsConvertedFor(rate: Int) throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    // A machine that stood still for longer than the card's buffer lasts has to play again.
    var recorded: [Int16]?
    for _ in 0..<5 where recorded == nil { recorded = try playedWithoutUnderrun(rate: rate) }
    let heard = try #require(recorded)
    #expect(heard.count == rate)
    let settled = heard.dropFirst(rate / 100)
    let crossings = zip(settled, settled.dropFirst()).filter { $0 < 0 && $1 >= 0 }.count
    #expect(abs(crossings - 436) <= 1)
  }

  /// What a speaker of that rate made of a second of 440 Hz; nil if it ran dry.
  private func playedWithoutUnderrun(rate: Int) throws -> [Int16]? {
    let workshop = try Workshop()
    let card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    let playback = AlsaPlayback(
      AlsaName(
        "speaker",
        configuration: """
          pcm_type.lintel { lib "\(card.plugin)" }
          pcm.card { type lintel file "\(workshop.path("spk.wav"))" }
          pcm.speaker { type plug slave { pcm card rate \(rate) } }
          """))
    let parameters = try playback.open()
    #expect(parameters.line.contains("S16_LE \(rate) Hz"))
    let said = tone(440, seconds: 1)
    var done = 0
    let end = Date().addingTimeInterval(3)
    while done < said.count, Date() < end {
      while done < said.count, try playback.writable() >= 160 {
        try said[done..<done + 160].withUnsafeBufferPointer { try playback.write($0) }
        done += 160
      }
      usleep(2_000)
    }
    playback.close()
    return playback.dropouts == 0 ? try workshop.read("spk.wav") : nil
  }

  @Test(arguments: [0, 1, 2]) func oneChannelOfTwoIsChosenOrTheirMean(channel: Int) throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    let samples = (0..<32_000).map { $0 % 2 == 0 ? Int16(1_000) : Int16(3_000) }
    card.microphone = try workshop.write("mic.wav", wav: samples, channels: 2)
    let board = try LinuxBoard(simulated: card, channel: channel)
    let parameters = try board.capture.open()
    // The plug mixes the channels itself where none is named.
    #expect(parameters.line.contains(channel == 0 ? "mono, period" : "stereo (channel \(channel)), period"))
    var period = [Int16](repeating: 0, count: 160)
    let end = Date().addingTimeInterval(2)
    var got = 0
    while got == 0, Date() < end {
      usleep(2_000)
      got = try period.withUnsafeMutableBufferPointer { try board.capture.read(into: $0) }
    }
    #expect(got == 160 && period.allSatisfy { $0 == [2_000, 1_000, 3_000][channel] })
  }

  @Test func aChannelThatTheCardHasNotIsRefused() throws {
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphone = try workshop.write("mic.wav", wav: [0])
    let text = "pcm.microphone { type lintel file \"\(card.microphone ?? "")\" }\n"
    let direct = AlsaCapture(
      AlsaName("microphone", configuration: "pcm_type.lintel { lib \"\(card.plugin)\" }\n" + text), channel: 4
    )
    #expect(throws: BoardFailure.self) { try direct.open() }
  }

  @Test func playbackIsRecordedBitExact() throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.speaker = workshop.path("spk.wav")
    let board = try LinuxBoard(simulated: card)
    _ = try board.playback.open()
    let said = tone(1_000, seconds: 2)
    var done = 0
    let begin = Date()
    while done < said.count, Date().timeIntervalSince(begin) < 4 {
      while done < said.count, try board.playback.writable() >= 160 {
        try said[done..<done + 160].withUnsafeBufferPointer { try board.playback.write($0) }
        done += 160
      }
      usleep(2_000)
    }
    // What the header says while the card still plays is what a killed program leaves behind.
    #expect(try workshop.headerDataBytes("spk.wav") >= 2 * (said.count - 4_000))
    board.playback.close()
    #expect(try workshop.read("spk.wav") == said)
    #expect(try workshop.headerDataBytes("spk.wav") == said.count * 2)
    #expect(board.playback.dropouts == 0)
  }

  @Test func anOverrunIsCountedAndCaptureGoesOn() throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphoneControl = workshop.path("mic.ctl")
    let board = try LinuxBoard(simulated: card)
    _ = try board.capture.open()
    usleep(100_000)  // Longer than the buffer of 40 ms.
    var period = [Int16](repeating: 0, count: 160)
    var got = 0
    for _ in 0..<50 {
      got += try period.withUnsafeMutableBufferPointer { try board.capture.read(into: $0) }
      usleep(2_000)
    }
    #expect(board.capture.dropouts == 1)
    #expect(got > 0)
  }

  @Test func missingBusyAndUnpluggedAreToldApart() throws {
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphoneControl = workshop.path("mic.ctl")
    let board = try LinuxBoard(simulated: card)
    try workshop.fault("mic.ctl", 4)
    #expect(throws: BoardFailure.deviceBusy(name: "microphone", holder: SoundCards().holder(.capture))) {
      try board.capture.open()
    }
    try workshop.fault("mic.ctl", 1)
    #expect(
      throws: BoardFailure.deviceNotFound(name: "microphone", available: SoundCards().available(.capture))
    ) { try board.capture.open() }
    try workshop.fault("mic.ctl", 0)
    _ = try board.capture.open()
    try workshop.fault("mic.ctl", 1)
    var period = [Int16](repeating: 0, count: 160)
    #expect(throws: BoardFailure.disconnected(name: "microphone")) {
      try period.withUnsafeMutableBufferPointer { _ = try board.capture.read(into: $0) }
    }
  }

  @Test func aMicrophoneFileThatIsNoWavFailsToOpen() throws {
    let workshop = try Workshop()
    try Data("RIFF....WAVEnonsense".utf8).write(to: URL(fileURLWithPath: workshop.path("mic.wav")))
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphone = workshop.path("mic.wav")
    let board = try LinuxBoard(simulated: card)
    #expect(throws: BoardFailure.self) { try board.capture.open() }
  }
}

struct SimulatedBoardTests {
  @Test func aMissingPluginIsSaid() {
    #expect(
      throws: BoardFailure.file(
        path: "/nowhere/card.so",
        reason: "the simulated sound card is missing; board/soundcard/build makes it")
    ) { try LinuxBoard(simulated: SimulatedSoundcard(plugin: "/nowhere/card.so")) }
  }
}
