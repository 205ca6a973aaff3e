import Foundation
import Testing

@testable import AudioEngine

/// The canceller in rooms of arithmetic, with real speech on both sides.
struct EchoTests {
  static let far = speech(
    "Good morning, this is the reception desk speaking. Please tell me your name and whom you would like to visit, "
      + "and I will open the door for you. The lift is on the left, and the meeting rooms are on the second floor.",
    voice: "en-us", seconds: 18)
  static let near = speech(
    "Hello, I have a parcel for the third floor, could you open the door please? It is rather heavy.",
    voice: "en-gb", seconds: 6)

  @Test(arguments: [20, 60, 120])
  func theEchoIsGoneAfterTwoSecondsAndTheNearTalkerStays(milliseconds: Int) throws {
    let bench = try EchoBench(Self.far)
    let room = Room(milliseconds: milliseconds, seed: UInt64(milliseconds))
    #expect(bench.uplink.echoReducedDecibels == nil)
    bench.run(seconds: 6, room: room)
    #expect(bench.uplink.echoState == .active)
    let single = bench.enhancement(2, 6)
    #expect(single > 25)
    // What it says of itself is what is measured, in a spectrum that is flatter.
    let said = Double(bench.uplink.echoReducedDecibels ?? 0)
    #expect(abs(said - bench.enhancement(4, 6)) < 8, "\(said)")
    // Double talk.
    bench.run(seconds: 4, room: room) { Self.near[$0 - 96_000] }
    #expect(
      Double(bench.uplink.echoReducedDecibels ?? 0) > said - 15, "a near talker is no echo that was left")
    let near = Self.near[..<64_000].map { Double($0) * Double($0) }.reduce(0, +)
    let level = 10 * log10(bench.power(96_000..<160_000) / near)
    #expect(abs(level) < 3)
    // Somebody moves the door: another path.
    bench.run(seconds: 4, room: Room(milliseconds: milliseconds, seed: 7))
    let changed = bench.enhancement(12, 14)
    #expect(changed > 25)
    print(
      "room of \(milliseconds) ms: ERLE \(single) dB, after a change \(changed) dB, near talker \(level) dB")
  }

  @Test(arguments: [-640, 640]) func aDelayThatIsWrongByFortyMillisecondsIsSurvived(error: Int) throws {
    let bench = try EchoBench(Self.far)
    bench.delayError = error
    bench.run(seconds: 8, room: Room(milliseconds: 60, seed: 5))
    let late = bench.enhancement(5, 8)
    #expect(late > 25)
    print("delay wrong by \(error / 16) ms: ERLE \(late) dB after 5 s")
  }

  @Test func withoutWordOfTheSpeakerThereIsOneWarningAndTheMicrophoneGoesOn() throws {
    var configuration = UplinkConfiguration()
    configuration.echoCancellation = true
    let uplink = try Uplink(configuration)
    func run(_ periods: Int, delay: Int?) -> [EchoState] {
      var warnings: [EchoState] = []
      var payload: [UInt8] = []
      for index in 0..<periods {
        let period = sine(440, from: index * 160, count: 160)
        _ = period.withUnsafeBufferPointer { uplink.capture($0, echoDelay: delay) }
        while uplink.pop(into: &payload) != nil {}
        if let warning = uplink.takeEchoWarning() { warnings.append(warning) }
      }
      return warnings
    }
    #expect(run(99, delay: nil).isEmpty && uplink.echoState == .waiting)
    #expect(run(500, delay: nil) == [.noReference])
    #expect(run(10, delay: 640).isEmpty && uplink.echoState == .active)
    #expect(run(50, delay: nil).isEmpty, "a speaker that is opened again within a second is no news")
    #expect(run(200, delay: nil) == [.noReference])
    #expect(uplink.statistics.frames == (99 + 500 + 10 + 50 + 200) / 2)
  }

  @Test func withoutTimeItIsOffWithOneWarningUntilItIsTriedAgain() throws {
    let bench = try EchoBench(Self.far)
    let room = Room(milliseconds: 20, seed: 1)
    bench.run(seconds: 0.5, room: room)
    bench.uplink.giveUpEcho()
    bench.uplink.giveUpEcho()
    #expect(bench.uplink.takeEchoWarning() == .noTime)
    bench.run(seconds: 1, room: room)
    #expect(bench.uplink.takeEchoWarning() == nil && bench.uplink.echoState == .noTime)
    #expect(abs(bench.enhancement(0.7, 1.5)) < 1, "the microphone comes through as it is")
    bench.uplink.tryEchoAgain()
    bench.run(seconds: 4, room: room)
    #expect(bench.uplink.echoState == .active && bench.enhancement(4.5, 5.5) > 15)
  }

  @Test func halfDuplexClosesTheMicrophoneWhileTheSpeakerPlaysAndAWhileLonger() throws {
    var configuration = UplinkConfiguration()
    configuration.halfDuplex = true
    configuration.preConnectMilliseconds = 0
    let uplink = try Uplink(configuration)
    var heard: [Int16] = []
    uplink.onEncoderInput = { heard += $1 }
    for index in 0..<200 {
      let played = (50..<100).contains(index) ? sine(500, count: 160) : [Int16](repeating: 3, count: 160)
      played.withUnsafeBufferPointer { uplink.played($0) }
      let said = sine(440, from: index * 160, count: 160)
      _ = said.withUnsafeBufferPointer { uplink.capture($0) }
    }
    func level(_ periods: Range<Int>) -> Double {
      rms(Array(heard[(periods.lowerBound * 160)..<(periods.upperBound * 160)]))
    }
    #expect(level(0..<50) > 8_000 && level(51..<129) == 0 && level(131..<200) > 8_000)
    #expect(uplink.echoState == .notWanted)
  }

  @Test(.enabled(if: VoicePreprocessor.isBuilt, "there is no SpeexDSP in this build"))
  func steadyNoiseIsTurnedDown() throws {
    var configuration = UplinkConfiguration()
    configuration.noiseSuppression = true
    configuration.preConnectMilliseconds = 0
    let uplink = try Uplink(configuration)
    var heard: [Int16] = []
    uplink.onEncoderInput = { heard += $1 }
    var random = Seeded(3)
    for _ in 0..<300 {
      let noise = (0..<160).map { _ in Int16(random.below(1_001) - 500) }
      _ = noise.withUnsafeBufferPointer { uplink.capture($0) }
    }
    #expect(rms(Array(heard[32_000...])) < 289 / 3)
  }
}
