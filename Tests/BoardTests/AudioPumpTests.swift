import Base
import Testing

@testable import AudioEngine
@testable import Board

/// What the audio thread does, round by round, on a board in memory: hours of it are an instant, and the same each time.
struct AudioPumpTests {
  @Test func bothCardsRunWithoutAGap() throws {
    let rig = try PumpRig()
    rig.run(milliseconds: 10_000)
    #expect(rig.told.count == 2 && rig.lines("open: in memory").count == 2)
    #expect(rig.frames.count == 499 && rig.steps.allSatisfy { $0 == 20 })
    #expect(rig.board.capture.dropouts == 0 && rig.board.playback.dropouts == 0)
    #expect(rig.played.count / 160 == 1_001, "what was played, and what lies ahead in the card")
    #expect(!rig.board.capture.isOpen && !rig.board.playback.isOpen, "closed at the end")
    #expect(rig.board.wait.waits < 2_100, "a round a period and direction, and no more")
  }

  /// The first half of a frame is taken along when the speaker wakes the thread; the frame is whole no later for it.
  @Test(arguments: [10, 20, 40]) func theMicrophoneWakesForWholeFrames(milliseconds: Int) throws {
    var configuration = UplinkConfiguration()
    configuration.frameMilliseconds = milliseconds
    let rig = try PumpRig(configuration)
    // Neither card's periods fall on the other's.
    rig.board.wait.lateMicroseconds = { $0 < rig.begin.advanced(byMilliseconds: 5) ? 3_000 : 0 }
    var latest = 0
    rig.uplink.onEncoderInput = { position, samples in
      let whole = (Int(position) + samples.count) / AudioFormat.samplesPerMillisecond
      latest = max(latest, rig.board.wait.now.milliseconds(since: rig.begin) - whole)
    }
    rig.run(milliseconds: 10_000)
    #expect(rig.steps.allSatisfy { $0 == milliseconds } && rig.frames.count >= 10_000 / milliseconds - 1)
    #expect(latest <= 4 && rig.board.capture.dropouts == 0 && rig.board.playback.dropouts == 0, "\(latest)")
    #expect(rig.board.wait.waits < 1_000 + 10_000 / milliseconds + 100, "\(rig.board.wait.waits)")
  }

  @Test func oneCardGoesAndTheOtherDoesNotNotice() throws {
    let rig = try PumpRig()
    rig.run(
      milliseconds: 6_000, (1_000, { $0.capture.trouble = .missing }), (3_000, { $0.capture.trouble = .none })
    )
    #expect(
      rig.lines("capture lost") == ["capture lost: sound device 'the microphone in memory' was disconnected"])
    #expect(rig.lines("capture unavailable").count == 1 && rig.lines("capture 'the").count == 2)
    #expect(rig.board.playback.dropouts == 0 && rig.board.playback.opens == 1)
    #expect(rig.played.count / 160 == 601)
    // Silence stands in, on the same time line.
    #expect(rig.steps.allSatisfy { $0 == 20 || $0 == 40 } && rig.steps.filter { $0 == 40 }.count <= 2)
    let silent = rig.frames.filter { $0.level == 127 }.count
    #expect(silent > 95 && silent < 115, "\(silent)")
  }

  @Test func theSpeakerGoesAndTheMicrophoneDoesNotNotice() throws {
    let rig = try PumpRig()
    rig.run(
      milliseconds: 6_000, (1_000, { $0.playback.trouble = .missing }),
      (3_000, { $0.playback.trouble = .none }))
    #expect(rig.lines("playback lost").count == 1 && rig.board.playback.opens == 2)
    #expect(rig.frames.count == 299 && rig.steps.allSatisfy { $0 == 20 })
    #expect(rig.board.capture.dropouts == 0)
  }

  @Test func aCardThatStallsIsOpenedAgain() throws {
    let rig = try PumpRig()
    rig.run(
      milliseconds: 5_000, (1_000, { $0.capture.trouble = .stalled }), (2_500, { $0.capture.trouble = .none })
    )
    #expect(rig.lines("moved no sample for 1000 ms").count == 1)
    #expect(rig.frames.last?.level ?? 127 < 20)
  }

  @Test func dropoutsAreRecoveredFromAndTold() throws {
    let rig = try PumpRig()
    rig.run(milliseconds: 4_000, (1_000, { $0.capture.drop() }), (2_000, { $0.playback.drop() }))
    #expect(
      rig.told.contains(.dropouts(.capture, total: 1)) && rig.told.contains(.dropouts(.playback, total: 1)))
    #expect(rig.lines("lost").isEmpty)
    #expect(rig.board.capture.opens == 1 && rig.board.playback.opens == 1)
  }

  @Test func withoutAnyCardTheTimeGoesOn() throws {
    let rig = try PumpRig()
    rig.board.capture.trouble = .busy(holder: "another")
    rig.board.playback.trouble = .missing
    rig.run(milliseconds: 10_000)
    #expect(rig.frames.count == 500 && rig.steps.allSatisfy { $0 == 20 })
    #expect(rig.told.count == 2 && rig.lines("unavailable").count == 2, "each reason once")
    #expect(rig.signals.turnCount >= 1_000)
  }

  /// As ALSA's `null`: it gives samples as fast as they are asked for.
  @Test func aMicrophoneThatIsAlwaysReadyIsNone() throws {
    let rig = try PumpRig()
    rig.board.capture.trouble = .endless
    rig.run(milliseconds: 150_000)
    #expect(
      rig.lines("lost") == [
        "capture lost: sound device 'the microphone in memory' moves sound faster than it can be heard, "
          + "so it is no sound card (as null and file are)"
      ])
    #expect(rig.told.count == 3, "it is not told at each attempt: \(rig.told)")
    #expect(rig.board.capture.opens == 3, "asked for again once a minute")
    #expect(rig.board.playback.dropouts == 0 && rig.played.count / 160 == 15_001, "the speaker plays on")
    // 150 s of silence, and a second of each attempt.
    #expect(rig.frames.count > 7_400 && rig.frames.count < 7_700)
    #expect(rig.board.wait.waits < 60_000)
  }

  @Test func aSpeakerThatIsAlwaysReadyIsNone() throws {
    let rig = try PumpRig()
    rig.board.playback.trouble = .endless
    rig.run(milliseconds: 10_000)
    #expect(rig.lines("playback lost").count == 1 && rig.board.playback.opens == 1)
    #expect(rig.frames.count == 499 && rig.steps.allSatisfy { $0 == 20 })
  }

  @Test(arguments: [2_000_000, 4_000_000])
  func aCardThatRunsAtTwiceTheSpeedIsNone(speed: Int) throws {
    let rig = try PumpRig()
    rig.board.capture.speedPartsPerMillion = speed
    rig.run(milliseconds: 20_000)
    #expect(rig.lines("no sound card").count == 1 && rig.board.capture.opens == 1)
  }

  /// Somebody has put another card behind the name.
  @Test func oneThatBecameACardIsBelievedWhenItHasKeptTime() throws {
    let rig = try PumpRig()
    rig.board.capture.trouble = .endless
    rig.run(milliseconds: 70_000, (30_000, { $0.capture.trouble = .none }))
    #expect(rig.board.capture.opens == 2)
    let lines = rig.lines("capture")
    #expect(lines.count == 3 && lines.last?.contains("open: in memory") == true, "\(lines)")
    #expect(rig.frames.last?.level ?? 127 < 20)
  }

  /// The thread tells the canceller what the speaker plays, and when that is heard.
  @Test func theEchoIsTakenOutOfTheMicrophone() throws {
    var levels: [Int] = []
    for cancels in [false, true] {
      var configuration = UplinkConfiguration()
      configuration.echoCancellation = cancels
      let rig = try PumpRig(configuration)
      // A room of 20 ms, in which the speaker is half as loud as before.
      rig.board.capture.hears = { sample in
        let played = sample - (rig.board.playback.startedAt ?? .max) - 320
        return rig.played.indices.contains(played) ? rig.played[played] / 2 : 0
      }
      let packets = try voice(seconds: 6)
      rig.downlink.open(slot: 0)
      rig.pushes = { milliseconds in
        let number = milliseconds / 20
        guard number < packets.count else { return }
        rig.downlink.push(
          slot: 0, sequence: UInt16(number), timestamp: UInt32(number * 960), payload: packets[number][...],
          arrivedAt: UInt32(truncatingIfNeeded: rig.board.wait.now.microseconds))
      }
      rig.run(milliseconds: 6_000)
      #expect(rig.uplink.echoState == (cancels ? .active : .notWanted))
      let late = rig.frames.suffix(100).map { Int($0.level) }
      levels.append(late.reduce(0, +) / late.count)
    }
    #expect(levels[1] - levels[0] >= 15, "\(levels) dB below full scale without and with the canceller")
  }

  /// Noise that comes and goes as syllables do, as a peer sends it.
  private func voice(seconds: Int) throws -> [[UInt8]] {
    var encoder = try VoiceEncoder(complexity: 5, inbandFEC: false, frameSamples: 320)
    encoder.apply(
      EncoderSettings(bitrate: 32_000, expectedLossPercent: 0, discontinuousTransmission: false))
    var seed: UInt32 = 1
    return (0..<(seconds * 50)).map { frame in
      let samples = (0..<320).map { _ in
        seed = seed &* 1_664_525 &+ 1_013_904_223
        return Int16(truncatingIfNeeded: Int(seed >> 16)) / (frame % 12 < 8 ? 4 : 40)
      }
      return [UInt8](unsafeUninitializedCapacity: 1_275) { bytes, count in
        count = samples.withUnsafeBufferPointer {
          encoder.encode($0.baseAddress!, into: bytes.baseAddress!, bytesMax: 1_275)
        }
      }
    }
  }

  @Test func stopEndsItWhateverADeviceSays() throws {
    let rig = try PumpRig()
    rig.board.capture.trouble = .endless
    rig.board.playback.trouble = .endless
    rig.board.wait.stop()
    rig.run(milliseconds: 1_000)
    #expect(rig.board.wait.now < rig.begin.advanced(byMilliseconds: 100))
  }

  @Test func aDeviceThatIsReadyAndMovesNothingCostsLittle() throws {
    let rig = try PumpRig()
    rig.board.capture.isAlwaysReady = true
    rig.run(milliseconds: 3_000)
    #expect(rig.board.wait.waits < 4_500 && rig.board.wait.rests > 300)
  }
}
