import Base
import Foundation
import Testing

@testable import Board

/// The table of cards and names that work, in Sources/Board/Sound/README.md: a test a row.
@Suite(
  .serialized, .measuredAgain,
  .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct CardTableTests {
  /// A card and what it has as its only one.
  struct Card: CustomTestStringConvertible {
    var format = "S16_LE"
    var rate = 48_000
    var channels = 1
    var testDescription: String { "\(format) \(rate) Hz \(channels)" }
  }

  private let workshop: Workshop
  private let plugin: String

  init() throws {
    workshop = try Workshop()
    plugin = try #require(soundcardPlugin)
  }

  // MARK: What a card is

  @Test(arguments: [8_000, 16_000, 32_000, 44_100, 48_000, 96_000])
  func everyRate(rate: Int) throws { try hears(Card(rate: rate), "card") }

  @Test(arguments: [1, 2, 6])
  func everyNumberOfChannels(channels: Int) throws { try hears(Card(channels: channels), "card") }

  @Test(arguments: ["S24_3LE", "S32_LE", "FLOAT_LE"])
  func everyFormatThroughPlug(format: String) throws {
    try hears(Card(format: format, rate: 48_000, channels: 2), "plugged")
  }

  @Test(arguments: [
    Card(format: "S24_3LE", rate: 96_000, channels: 6), Card(format: "S32_LE", rate: 44_100, channels: 2),
    Card(format: "FLOAT_LE", rate: 32_000), Card(format: "S16_LE", rate: 8_000, channels: 2),
    Card(format: "S32_LE", rate: 16_000, channels: 6),
  ])
  func allAtOnceThroughPlug(card: Card) throws { try hears(card, "plugged") }

  /// The name that helps is in its words.
  @Test(arguments: ["S24_3LE", "S32_LE", "FLOAT_LE"])
  func anotherFormatWithoutPlugIsRefused(format: String) throws {
    let card = Card(format: format)
    #expect(throws: BoardFailure.self) { try microphone(card, "card").open() }
    let named =
      try configuration(card)
      + "pcm.hw { @args [ CARD ] @args.CARD { type string } type empty slave.pcm card }\n"
    do {
      _ = try AlsaPlayback(AlsaName("hw:1", configuration: named)).open()
      Issue.record("a card without 16-bit samples was opened")
    } catch {
      #expect(
        error.description.contains("refuses 16-bit samples (S16_LE); try 'plughw:1', which converts"),
        "\(error)")
    }
  }

  // MARK: What stands before it

  /// Capture and playback of one card, and of two.
  @Test(arguments: ["one", "two"]) func asym(name: String) throws {
    try hears(Card(rate: 44_100, channels: 2), name)
  }

  /// What lets sound through to a card is one.
  @Test func fileBeforeACard() throws { try hears(Card(), "recorded") }

  // MARK: How it is heard

  /// 440 Hz come through in both directions.
  private func hears(_ card: Card, _ name: String) throws {
    becomeRealtime()
    defer { becomeOrdinary() }
    let microphone = try microphone(card, name)
    let speaker = try speaker(card, name)
    #expect(try microphone.open().rateHertz == speaker.open().rateHertz)
    let said = tone(440, seconds: 1)
    var heard: [Int16] = []
    var done = 0
    var period = [Int16](repeating: 0, count: 160)
    let end = Date().addingTimeInterval(5)
    while heard.count < 6_400 || done < 6_400, Date() < end {
      while try period.withUnsafeMutableBufferPointer({ try microphone.read(into: $0) }) == 160 {
        heard += period
      }
      while done < said.count - 160, try speaker.writable() >= 160 {
        try said[done..<done + 160].withUnsafeBufferPointer { try speaker.write($0) }
        done += 160
      }
      usleep(2_000)
    }
    #expect(microphone.dropouts == 0 && speaker.dropouts == 0)
    microphone.close()
    speaker.close()
    try #require(heard.count >= 6_400 && done >= 6_400, "captured \(heard.count), played \(done)")
    expectTone(heard, rate: 16_000, "captured")
    let recorded = try workshop.read("spk.wav")
    expectTone(
      stride(from: 0, to: recorded.count, by: card.channels).map { recorded[$0] }, rate: card.rate, "played")
  }

  private func expectTone(_ samples: [Int16], rate: Int, _ what: String) {
    let settled = samples.dropFirst(rate / 50).prefix(rate * 3 / 10)
    let crossings = zip(settled, settled.dropFirst()).filter { $0 < 0 && $1 >= 0 }.count
    #expect(abs(crossings - 132) <= 1, "\(what): \(crossings) of 132 waves")
    #expect(rms(Array(settled)) > 7_000, "\(what): \(rms(Array(settled)))")
  }

  private func microphone(_ card: Card, _ name: String) throws -> AlsaCapture {
    AlsaCapture(AlsaName(name, configuration: try configuration(card)))
  }

  private func speaker(_ card: Card, _ name: String) throws -> AlsaPlayback {
    AlsaPlayback(AlsaName(name, configuration: try configuration(card)))
  }

  private func configuration(_ card: Card) throws -> String {
    let wave = (0..<card.rate).flatMap { frame in
      let sample = Int16(12_000 * sin(2 * .pi * 440 * Double(frame) / Double(card.rate)))
      return [Int16](repeating: sample, count: card.channels)
    }
    let file = try workshop.write("mic.wav", wav: wave, rate: card.rate, channels: card.channels)
    let what = "type lintel format \(card.format) rate \(card.rate) channels \(card.channels)"
    return """
      pcm_type.lintel { lib "\(plugin)" }
      pcm.mic { \(what) file "\(file)" }
      pcm.spk { \(what) file "\(workshop.path("spk.wav"))" }
      pcm.card { type asym capture.pcm mic playback.pcm spk }
      pcm.plugged { type plug slave.pcm card }
      pcm.one { type asym capture.pcm plugged playback.pcm plugged }
      pcm.two { type asym capture.pcm { type plug slave.pcm mic } playback.pcm { type plug slave.pcm spk } }
      pcm.recorded { type file slave.pcm plugged file "\(workshop.path("both.raw"))" format raw }

      """
  }
}
