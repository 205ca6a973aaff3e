import Configuration
import Control
import Device
import Testing

@Suite struct SoundTests {
  @Test func volumeAndMuteReachTheEngineOnce() throws {
    let bench = try Bench { $0.audio.volumePercent = 35 }
    #expect(bench.audio.first == .setVolume(percent: 35))
    #expect(bench.ask(.volume(level: nil))?["volume"].integer == 35)
    #expect(bench.ask(.volume(level: 60))?["volume"].integer == 60)
    bench.ask(.volume(level: 60))
    #expect(bench.audio.filter { $0 == .setVolume(percent: 60) }.count == 1)
    #expect(bench.ask(.mute(on: true))?["muted"].bool == true)
    bench.ask(.mute(on: true))
    #expect(bench.audio.filter { $0 == .setMuted(true) }.count == 1)
    #expect(bench.events(named: "audio.muted").count == 1)
    #expect(bench.status["audio"]["muted"].bool == true)
    #expect(bench.ask(.mute(on: false))?["muted"].bool == false)
    #expect(bench.audio.filter { $0 == .setMuted(false) }.count == 1)
  }

  @Test func dtxFollowsTheConfigurationFromTheStart() throws {
    #expect(try Bench { $0.audio.dtx = .on }.audio.contains(.setDiscontinuousTransmission(true)))
    #expect(try Bench { $0.audio.dtx = .off }.audio.contains(.setDiscontinuousTransmission(false)))
  }

  @Test func aLostCardIsAnEventAndAStateAndComesBack() throws {
    let bench = try Bench()
    #expect(bench.status["audio"]["capture"]["state"].string == "stopped")
    bench.sound.uplink.levelDecibels = -23
    bench.handle(
      .soundCard(SoundCardEvent(.capture, .working(rateHertz: 16_000, parameters: "16000 Hz mono"))))
    #expect(bench.status["audio"]["capture"]["state"].string == "running")
    #expect(bench.status["audio"]["capture"]["level_db"] == .real(-23))
    bench.handle(.soundCard(SoundCardEvent(.capture, .failed(reason: "unplugged"))))
    let capture = bench.status["audio"]["capture"]
    #expect(capture["state"].string == "absent")
    #expect(capture["reason"].string == "unplugged")
    #expect(capture["level_db"].isNull)
    #expect(bench.status["audio"]["playback"]["state"].string == "stopped")
    bench.handle(
      .soundCard(SoundCardEvent(.capture, .working(rateHertz: 16_000, parameters: "16000 Hz mono"))))
    #expect(
      bench.events(named: "audio.device").map { $0["state"].string } == ["running", "absent", "running"])
  }

  @Test func subscribersGetTheStatusAndWhatWentBefore() throws {
    let bench = try Bench()
    bench.ask(.mute(on: true))
    let snapshot = try #require(bench.ask(.eventsSubscribe))
    #expect(snapshot["status"]["audio"]["muted"].bool == true)
    #expect(snapshot["recent"].array.map { $0["event"].string } == ["device.started", "audio.muted"])
    #expect(snapshot["recent"].array[0]["time"].string == "2027-01-15T08:00:00.000Z")
  }

  @Test func statusTellsMemoryAndVersion() throws {
    let bench = try Bench()
    let status = bench.status
    #expect(status["memory"]["rss_kb"].integer == 9000)
    #expect(status["device"]["version"].string == "1.2.3")
    #expect(bench.ask(.version)?["version"].string == "1.2.3")
    #expect(bench.ask(.participants)?.array.isEmpty == true)
    bench.memory = nil
    #expect(bench.status["memory"]["rss_kb"].isNull)
  }

  /// A starved machine loses periods all the time; the journal is for people.
  @Test func dropoutsAreToldWhenTheyHaveDoubled() throws {
    let bench = try Bench()
    for count in 1...1000 { bench.handle(.soundCard(SoundCardEvent(.playback, .dropouts(count)))) }
    let told = bench.log.filter { $0.text.contains("dropouts") }
    #expect(told.count == 10)
    #expect(told.last?.text == "speaker: 512 dropouts since start")
  }
}
