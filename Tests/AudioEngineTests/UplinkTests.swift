import COpus
import Testing

@testable import AudioEngine

struct UplinkTests {
  private func speak(_ uplink: Uplink, frames: Int, amplitude: Double = 12_000) {
    for index in 0..<frames {
      let samples = sine(440, from: index * 320, count: 320, amplitude: amplitude)
      // As a card delivers: in periods of 10 ms.
      samples[..<160].withUnsafeBufferPointer { _ = uplink.capture($0) }
      samples[160...].withUnsafeBufferPointer { _ = uplink.capture($0) }
    }
  }

  @Test func framesCarryPositionLevelAndMarker() throws {
    let uplink = try Uplink()
    speak(uplink, frames: 10)
    var payload: [UInt8] = []
    var frames: [EncodedFrame] = []
    while let frame = uplink.pop(into: &payload) {
      frames.append(frame)
      #expect(opus_packet_get_nb_samples(payload, Int32(payload.count), 48_000) == 960)
    }
    #expect(frames.map(\.position) == (0..<10).map { UInt32($0 * 320) })
    #expect(frames.map(\.rtpTimestamp) == (0..<10).map { UInt32($0 * 960) })
    #expect(frames.map(\.marker) == [true] + [Bool](repeating: false, count: 9))
    // 12 000 of 32 768 as a sine: -8.7 - 3.0 dBov.
    #expect(frames.allSatisfy { $0.level == 12 && !$0.discontinuous })
    #expect(frames.last?.voice == true)
    #expect(uplink.statistics.frames == 10 && uplink.statistics.levelDecibels == -12)
  }

  /// The engine's share of the way from the microphone to the packet, counted in samples: the card adds its period.
  @Test func aFrameLeavesWithThePeriodThatCompletesIt() throws {
    let uplink = try Uplink()
    let sound = sine(440, count: 16_000, amplitude: 12_000)
    var payload: [UInt8] = []
    var captured = 0
    var delays: [Int] = []
    while captured < sound.count {
      sound[captured..<captured + 160].withUnsafeBufferPointer { _ = uplink.capture($0) }
      captured += 160
      while let frame = uplink.pop(into: &payload) { delays.append(captured - Int(frame.position)) }
    }
    #expect(delays == [Int](repeating: 320, count: 50))
  }

  @Test func bitrateIsNearWhatWasAskedFor() throws {
    let packets = try talk(440, frames: 250)
    let bits = packets.map(\.payload.count).reduce(0, +) * 8 / 5
    #expect(bits > 15_000 && bits < 29_000)
  }

  /// A level tells who is there, who speaks and when somebody knocks.
  @Test func theLevelOfAClosedMicrophoneIsKnownToNobody() throws {
    let uplink = try Uplink()
    #expect(uplink.statistics.levelDecibels == nil)
    speak(uplink, frames: 5)
    #expect(uplink.statistics.levelDecibels == -12)
    uplink.muted = true
    #expect(uplink.statistics.levelDecibels == nil)
    speak(uplink, frames: 5)
    #expect(uplink.statistics.levelDecibels == nil)
    uplink.muted = false
    #expect(uplink.statistics.levelDecibels == nil, "nor afterwards what it was")
    speak(uplink, frames: 2, amplitude: 1_200)
    #expect(uplink.statistics.levelDecibels == -32)
  }

  @Test func muteLetsNothingOutAndTheClockGoesOn() throws {
    let uplink = try Uplink()
    var payload: [UInt8] = []
    speak(uplink, frames: 5)
    uplink.muted = true
    #expect(uplink.pop(into: &payload) == nil, "what waited before the mute is not sent either")
    speak(uplink, frames: 20)
    #expect(uplink.pop(into: &payload) == nil)
    uplink.muted = false
    speak(uplink, frames: 5)
    let first = try #require(uplink.pop(into: &payload))
    #expect(first.position == 25 * 320, "not a frame of what is said after it is lost")
    #expect(first.marker)
  }

  @Test func aFrameThatWasPartlyMutedIsNotSent() throws {
    let uplink = try Uplink()
    var payload: [UInt8] = []
    let period = sine(440, count: 160)
    uplink.muted = true
    _ = period.withUnsafeBufferPointer { uplink.capture($0) }
    uplink.muted = false
    let ready = period.withUnsafeBufferPointer { uplink.capture($0) }
    #expect(!ready)
    #expect(uplink.pop(into: &payload) == nil)
    speak(uplink, frames: 1)
    #expect(try #require(uplink.pop(into: &payload)).position == 320)
  }

  @Test func skippedSamplesMoveThePosition() throws {
    let uplink = try Uplink()
    var payload: [UInt8] = []
    speak(uplink, frames: 1)
    uplink.skip(1_000)
    speak(uplink, frames: 1)
    #expect(try #require(uplink.pop(into: &payload)).position == 0)
    let second = try #require(uplink.pop(into: &payload))
    #expect(second.position == 1_320 && second.marker)
  }

  @Test func aFullRingDropsAndCounts() throws {
    let uplink = try Uplink()
    speak(uplink, frames: 500)
    #expect(uplink.statistics.ringFull > 0)
    #expect(uplink.statistics.ringFull + uplink.statistics.frames == 500)
  }

  @Test func silenceIsNoVoice() throws {
    let uplink = try Uplink()
    var payload: [UInt8] = []
    speak(uplink, frames: 20, amplitude: 0)
    while let frame = uplink.pop(into: &payload) { #expect(!frame.voice && frame.level == 127) }
  }
}
