import Base
import Testing

@testable import AudioEngine
@testable import Board

/// While nobody is in a call: what is read, what is kept, and how often the audio thread wakes.
struct RestTests {
  /// A microphone whose sample of that number has it for its value.
  private func rig(_ listening: Listening, preRoll: Int = 300) throws -> PumpRig {
    var configuration = UplinkConfiguration()
    configuration.blocksOffset = false
    let rig = try PumpRig(configuration)
    rig.board.capture.hears = { Int16(truncatingIfNeeded: $0 % 30_000) }
    rig.uplink.listen(listening, preRollMilliseconds: preRoll)
    return rig
  }

  /// What the recording holds.
  private func recorded(_ uplink: Uplink) throws -> [Int16] {
    let recording = try #require(uplink.preConnectRecording)
    var samples = [Int16](repeating: 0, count: recording.count)
    let count = samples.withUnsafeMutableBufferPointer {
      var done = 0
      while done < $0.count {
        let target = UnsafeMutableBufferPointer(rebasing: $0[done...])
        let more = uplink.readPreConnect(from: recording.first &+ UInt32(done), into: target)
        if more == 0 { break }
        done += more
      }
      return done
    }
    return Array(samples.prefix(count))
  }

  @Test func whoKeepsThePreRollWakesRarelyAndEncodesNothing() throws {
    let rig = try rig(.kept)
    rig.run(milliseconds: 60_000)
    #expect(rig.frames.isEmpty && rig.uplink.statistics.frames == 0)
    #expect(rig.uplink.statistics.levelDecibels == nil)
    // Two seconds of silence to the speaker, and then the microphone alone, of which a card of 40 ms wants more.
    #expect(rig.board.wait.waits < 60 * 50 + 300, "\(rig.board.wait.waits)")
    #expect(rig.board.capture.dropouts == 0 && rig.board.capture.opens == 1)
    #expect(rig.played.count / 16 < 2_100 && rig.board.playback.dropouts == 0)
  }

  @Test func aCardWithALongBufferIsReadTenTimesASecond() throws {
    let rig = try PumpRig(bufferSamples: 3_200)
    rig.uplink.listen(.kept, preRollMilliseconds: 300)
    rig.run(milliseconds: 62_000)
    #expect(rig.board.wait.waits < 60 * 10 + 500, "\(rig.board.wait.waits)")
    #expect(rig.board.capture.dropouts == 0)
  }

  @Test func withoutAPreRollTheMicrophoneIsNeverOpened() throws {
    let rig = try rig(.closed)
    rig.run(milliseconds: 62_000)
    #expect(rig.board.capture.opens == 0 && rig.frames.isEmpty)
    #expect(rig.board.wait.waits < 60 + 300, "\(rig.board.wait.waits)")
    #expect(rig.signals.turnCount >= 60, "it shows that it is not stuck")
  }

  /// Of the pre-roll, as long as it is, not one sample is missing or doubled, and nothing older is there.
  @Test(arguments: [0, 100, 300, 1_000, 2_000])
  func theRecordingBeginsWithThePreRoll(preRoll: Int) throws {
    let rig = try rig(.kept, preRoll: preRoll)
    rig.run(
      milliseconds: 4_000,
      (
        3_004,
        { _ in
          rig.uplink.start(preRollMilliseconds: preRoll)
          rig.uplink.listen(.live, preRollMilliseconds: preRoll)
        }
      ), (3_500, { _ in rig.uplink.handOver() }))
    // The clock's resampler begins with silence.
    let samples = Array(try recorded(rig.uplink).drop { $0 == 0 })
    #expect(samples.count >= (preRoll + 460) * 16 && samples.count <= (preRoll + 560) * 16)
    let steps = zip(samples, samples.dropFirst()).filter {
      Int($1) - Int($0) != 1 && !($0 == 29_999 && $1 == 0)
    }
    #expect(steps.isEmpty, "\(steps.count) steps")
    #expect(rig.frames.first?.marker == true)
    #expect(rig.steps.allSatisfy { $0 == 20 })
  }

  @Test func whatACallSaidIsNotKept() throws {
    let rig = try rig(.live)
    rig.run(
      milliseconds: 6_000, (2_000, { _ in rig.uplink.listen(.kept, preRollMilliseconds: 300) }),
      (
        2_100,
        { _ in
          rig.uplink.start(preRollMilliseconds: 300)
          rig.uplink.listen(.live, preRollMilliseconds: 300)
        }
      ), (2_500, { _ in rig.uplink.handOver() }))
    #expect(try recorded(rig.uplink).count <= 560 * 16, "a tenth of a second, and what came since")
  }

  @Test func aMuteForgetsThePreRoll() throws {
    let rig = try rig(.kept)
    rig.run(
      milliseconds: 6_000,
      (
        2_000,
        { _ in
          rig.uplink.muted = true
          rig.uplink.muted = false
          rig.uplink.start(preRollMilliseconds: 300)
          rig.uplink.listen(.live, preRollMilliseconds: 300)
        }
      ), (2_500, { _ in rig.uplink.handOver() }))
    #expect(try recorded(rig.uplink).count <= 560 * 16)
  }

  @Test func aMicrophoneThatNobodyWantsIsClosedAndOpenedAgain() throws {
    let rig = try rig(.live)
    rig.run(
      milliseconds: 9_000, (2_000, { _ in rig.uplink.listen(.closed, preRollMilliseconds: 0) }),
      (
        5_000,
        {
          #expect(!$0.capture.isOpen)
          rig.uplink.listen(.live, preRollMilliseconds: 0)
          $0.wait.wake()
        }
      ))
    #expect(rig.board.capture.opens == 2 && rig.told.contains(.closed(.capture)))
    #expect(rig.lines("lost").isEmpty && rig.lines("unavailable").isEmpty)
    // The time line goes on.
    #expect(rig.steps.filter { $0 != 20 }.count == 1)
    #expect(rig.steps.contains { $0 > 2_900 && $0 < 3_100 }, "\(rig.steps.filter { $0 != 20 })")
  }

  @Test func aToneWakesTheSpeakerThatRests() throws {
    let rig = try rig(.kept)
    rig.run(
      milliseconds: 9_000,
      (
        5_000,
        {
          #expect($0.playback.isResting)
          rig.downlink.play(.probe)
          $0.wait.wake()
        }
      ), (8_900, { #expect($0.playback.isResting) }))
    #expect(rig.played.contains { $0 > 3_000 })
    #expect(rig.board.playback.opens == 1 && rig.board.playback.dropouts == 0)
  }

  @Test func aSpeakerThatIsPulledWhileItRestsIsMissed() throws {
    let rig = try rig(.kept)
    rig.run(
      milliseconds: 9_000, (5_000, { $0.playback.trouble = .missing }),
      (7_000, { $0.playback.trouble = .none })
    )
    #expect(rig.lines("playback lost").count == 1)
    #expect(rig.board.playback.opens == 2)
  }
}
