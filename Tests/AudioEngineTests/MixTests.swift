import Testing

@testable import AudioEngine

struct MixTests {
  @Test func threeTonesAreHeardTogether() throws {
    let player = try Player(slots: 3)
    let tracks = try [0: talk(440, frames: 150), 1: talk(1_000, frames: 150), 2: talk(1_700, frames: 150)]
    player.play(tracks, periods: 300)
    let steady = Array(player.heard[3_200...].prefix(32_000))
    for frequency in [440.0, 1_000, 1_700] {
      let part = share(steady, at: frequency)
      #expect(part > 0.28 && part < 0.38, "\(frequency) Hz has \(part)")
    }
  }

  @Test func eightLoudTracksSaturate() throws {
    let player = try Player(slots: 8)
    let track = try talk(440, frames: 100, amplitude: 30_000)
    player.play(Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, track) }), periods: 200)
    let steady = player.heard[3_200...]
    // A wrapped sum would turn loud positive samples into negative ones; a saturated one looks like a square.
    #expect(rms(Array(steady)) > 29_000)
    #expect(share(Array(steady), at: 440) > 0.8)
  }

  @Test func volumesScaleTracksAndEverything() throws {
    let player = try Player(slots: 2)
    player.downlink.setVolume(percent: 0, slot: 1)
    let tracks = try [0: talk(440, frames: 150), 1: talk(1_000, frames: 150)]
    player.play(tracks, periods: 100)
    #expect(share(Array(player.heard[3_200...]), at: 440) > 0.98)
    let loud = rms(Array(player.heard[8_000...]))
    player.downlink.volumePercent = 50
    player.play(tracks, periods: 100)
    let half = rms(Array(player.heard[20_800..<32_000]))
    #expect(abs(half / loud - 0.5) < 0.02)
    player.downlink.volumePercent = 900
    #expect(player.downlink.volumePercent == 200)
  }

  @Test func aVolumeChangeDoesNotClick() throws {
    let player = try Player()
    let packets = try talk(440, frames: 100)
    player.play(packets, periods: 100)
    player.downlink.volumePercent = 0
    player.play(packets, periods: 1)
    let steps = zip(player.heard.dropFirst(15_800), player.heard.dropFirst(15_801)).map {
      abs(Int($0) - Int($1))
    }
    // The steepest step of the tone itself is 2073 (12 000 · 2π · 440 / 16 000).
    #expect(try #require(steps.max()) < 2_700)
    player.play(packets, periods: 1)
    #expect(player.heard.suffix(160).allSatisfy { $0 == 0 })
  }
}
