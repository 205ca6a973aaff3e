import Foundation
import Testing

@testable import AudioEngine

struct ToneTests {
  private func play(_ downlink: Downlink, milliseconds: Int) -> [Int16] {
    var heard: [Int16] = []
    var block = [Int16](repeating: 0, count: 160)
    for _ in 0..<(milliseconds / 10) {
      block.withUnsafeMutableBufferPointer { downlink.playback(into: $0, at: 0) }
      heard += block
    }
    return heard
  }

  @Test func everyKeySoundsItsTwoFrequencies() throws {
    let rows = ["123A", "456B", "789C", "*0#D"]
    for (row, low) in [697.0, 770, 852, 941].enumerated() {
      for (column, high) in [1_209.0, 1_336, 1_477, 1_633].enumerated() {
        let key = Array(rows[row].utf8)[column]
        let downlink = try Downlink()
        #expect(downlink.play(try #require(Tone(key: key))))
        let heard = play(downlink, milliseconds: 300)
        let sounding = Array(heard[160..<1_440])
        let parts = (share(sounding, at: low), share(sounding, at: high))
        #expect(parts.0 > 0.45 && parts.1 > 0.45, "\(key): \(parts)")
        #expect(heard[1_600...].allSatisfy { $0 == 0 }, "100 ms and no more")
      }
    }
    #expect(Tone(key: UInt8(ascii: "d")) == .digitD && Tone(key: UInt8(ascii: "E")) == nil)
    #expect(Tone(key: UInt8(ascii: " ")) == nil && Tone(key: 255) == nil)
  }

  @Test(arguments: Tone.allCases) func everyToneIsHeardAndAllButRingingEnd(tone: Tone) throws {
    let downlink = try Downlink()
    downlink.play(tone)
    let heard = play(downlink, milliseconds: 10_000)
    #expect(rms(Array(heard[..<1_600])) > (tone == .click ? 500 : 1_500))
    #expect(heard.map { abs(Int($0)) }.max() ?? 0 <= 6_001)
    let late = rms(Array(heard[80_000..<96_000]))
    #expect(tone == .ringing ? late > 1_500 : late == 0)
  }

  @Test func theCadenceOfBusyIsHalfAndHalf() throws {
    let downlink = try Downlink()
    downlink.play(.busy)
    let heard = play(downlink, milliseconds: 4_500)
    for beat in 0..<4 {
      let begin = beat * 960 * 16
      #expect(share(Array(heard[(begin + 800)..<(begin + 6_800)]), at: 425) > 0.99)
      #expect(heard[(begin + 7_700)..<(begin + 15_300)].allSatisfy { $0 == 0 })
    }
    #expect(heard[(4 * 960 * 16)...].allSatisfy { $0 == 0 })
  }

  @Test func tonesWaitForOneAnotherAndEndOneThatRepeats() throws {
    let downlink = try Downlink()
    downlink.play(.ringing)
    _ = play(downlink, milliseconds: 200)
    downlink.play(.digit1)
    downlink.play(.digit2)
    let heard = play(downlink, milliseconds: 400)
    #expect(share(Array(heard[160..<1_440]), at: 697) > 0.45)
    #expect(share(Array(heard[160..<1_440]), at: 1_209) > 0.45)
    #expect(heard[1_600..<2_560].allSatisfy { $0 == 0 })
    #expect(share(Array(heard[2_720..<4_000]), at: 1_336) > 0.45)
    #expect(heard[4_160...].allSatisfy { $0 == 0 })
  }

  @Test func stopSilencesWhatPlaysAndWhatWaitsAndNothingLater() throws {
    let downlink = try Downlink()
    downlink.play(.ringing)
    downlink.play(.error)
    _ = play(downlink, milliseconds: 100)
    downlink.stopTones()
    #expect(play(downlink, milliseconds: 3_000).allSatisfy { $0 == 0 })
    downlink.play(.busy)
    downlink.stopTones()
    downlink.play(.digit5)
    let heard = play(downlink, milliseconds: 200)
    #expect(share(Array(heard[160..<1_440]), at: 770) > 0.45)
  }

  @Test func tooManyAreRefusedAndThoseThatFitPlay() throws {
    let downlink = try Downlink()
    let taken = (0..<100).filter { _ in downlink.play(.digit9) }.count
    #expect(taken >= 16 && taken < 100)
    let heard = play(downlink, milliseconds: 160 * taken + 500)
    #expect(heard[(160 * 16 * (taken - 1) + 160)..<(160 * 16 * (taken - 1) + 1_440)].contains { $0 > 1_000 })
    #expect(heard[(160 * 16 * taken)...].allSatisfy { $0 == 0 })
  }

  /// It is heard, and nothing that listens for keys takes it for one.
  @Test func aClickTellsNoKey() throws {
    let downlink = try Downlink()
    downlink.play(.click)
    let heard = play(downlink, milliseconds: 100)
    #expect(heard.contains { $0 > 2_000 })
    #expect(heard[320...].allSatisfy { $0 == 0 }, "shorter than the 40 ms that make a key (ITU-T Q.24)")
    let sounding = Array(heard[..<192])
    for frequency in [697.0, 770, 852, 941, 1_209, 1_336, 1_477, 1_633] {
      #expect(share(sounding, at: frequency) < 0.05)
    }
  }

  @Test func theVolumeIsTheMastersAndFullScaleSaturates() throws {
    let downlink = try Downlink()
    downlink.volumePercent = 0
    downlink.play(.ringing)
    #expect(play(downlink, milliseconds: 500).allSatisfy { $0 == 0 })
    let generator = ToneGenerator()
    #expect(generator.play(.ringing))
    var loud = [Int16](repeating: 32_000, count: 1_600)
    loud.withUnsafeMutableBufferPointer { generator.mix(into: $0.baseAddress!, 1_600, gain: 4_096) }
    #expect(loud.allSatisfy { $0 > 25_000 } && loud.contains(Int16.max))
  }

  @Test func aToneBeginsAndEndsWithoutAClick() throws {
    let downlink = try Downlink()
    downlink.play(.muted)
    let heard = play(downlink, milliseconds: 400)
    // 400 Hz at 6000 moves by 942 a sample at the most.
    #expect(zip(heard, heard.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 960 })
  }
}
