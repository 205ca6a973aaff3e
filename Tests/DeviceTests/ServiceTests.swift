import Configuration
import Control
import Device
import Testing

@Suite struct ServiceTests {
  @Test func aReloadAppliesWhatItCanAndSaysTheRest() throws {
    let bench = try Bench()
    #expect(bench.ask(.configReload) == nil)
    #expect(bench.configurationReads == 1)
    var fresh = Settings()
    fresh.token.url = "wss://room.example"
    fresh.token.file = "/run/token"
    fresh.audio.volumePercent = 33
    fresh.control.socket = "/elsewhere"
    bench.handle(.configurationRead(.success(fresh)))
    guard case .result(let result)? = bench.answers.last?.answer else {
      Issue.record("no result")
      return
    }
    #expect(result["applied"].array == [.string("[audio] volume")])
    #expect(result["needs_restart"].array == [.string("[control] socket")])
    #expect(bench.audio.last == .setVolume(percent: 33))
    #expect(bench.ask(.configShow)?["text"].string?.contains("volume = 33\n") == true)
  }

  @Test func mistakesChangeNothing() throws {
    let bench = try Bench()
    bench.handle(.reload)
    bench.handle(.configurationRead(.failure(ConfigurationMistakes(lines: ["lintel.conf:3: no"]))))
    #expect(bench.log.contains { $0.priority == .error && $0.text == "lintel.conf:3: no" })
    #expect(bench.log.last?.text == "the configuration stays as it was")
    #expect(bench.audio.filter { $0 == .setVolume(percent: 80) }.count == 1)
  }

  @Test func aCheckChangesNothing() throws {
    let bench = try Bench()
    bench.ask(.configCheck)
    var fresh = Settings()
    fresh.audio.volumePercent = 1
    bench.handle(.configurationRead(.success(fresh)))
    #expect(bench.ask(.configShow)?["text"].string?.contains("volume = 80\n") == true)
  }

  @Test func theLogLevelDecidesWhatIsLogged() throws {
    let bench = try Bench()
    #expect(bench.ask(.logLevel(nil))?["level"].string == "info")
    #expect(bench.ask(.logLevel("loud"))?["refused"].string?.contains("debug") == true)
    bench.ask(.logLevel("debug"))
    bench.ask(.mute(on: true))
    #expect(bench.log.contains { $0.priority == .debug && $0.text.contains("\"event\"") })
    bench.ask(.logLevel("error"))
    let before = bench.log.count
    bench.ask(.mute(on: false))
    #expect(bench.log.count == before)
  }

  /// Whatever the engine counts has a figure of its own.
  @Test func everyCounterReachesSomebody() throws {
    let bench = try Bench.withDoor()
    bench.sound.echo = .active
    bench.sound.uplink.ringFull = 1
    bench.sound.uplink.refused = 2
    bench.sound.downlink.late = 3
    bench.sound.downlink.duplicates = 4
    bench.sound.downlink.undecodable = 5
    bench.sound.downlink.discarded = 6
    bench.sound.downlink.ringFull = 7
    bench.sound.downlink.recovered = 8
    bench.sound.downlink.underruns = 9
    bench.sound.downlink.trimmedMilliseconds = 10_000
    bench.sound.downlink.stretchedMilliseconds = 11_000
    bench.sound.downlink.targetMilliseconds = 12_000
    bench.handle(.board(.part(BoardPart(name: "relay", place: "line 4", problem: "is in use"))))
    let stats = try #require(bench.ask(.stats))
    let figures = [
      "lintel_uplink_dropped_total{by=\"queue\"}", "lintel_uplink_dropped_total{by=\"encoder\"}",
      "lintel_downlink_unplayed_total{why=\"late\"}", "lintel_downlink_unplayed_total{why=\"duplicate\"}",
      "lintel_downlink_unplayed_total{why=\"undecodable\"}",
      "lintel_downlink_unplayed_total{why=\"discarded\"}",
      "lintel_downlink_unplayed_total{why=\"queue\"}", "lintel_downlink_recovered_total",
      "lintel_downlink_underruns_total", "lintel_downlink_bent_seconds_total{way=\"shorter\"}",
      "lintel_downlink_bent_seconds_total{way=\"longer\"}", "lintel_downlink_wanted_seconds",
    ]
    for (index, name) in figures.enumerated() {
      let text = stats[name].text
      #expect(text == "\(index + 1)" || text == "\(index + 1).0", "\(name) is \(text)")
    }
    #expect(stats["lintel_echo_canceller_active"].integer == 1)
    #expect(stats["lintel_hardware_problems"].integer == 1)
    #expect(stats["lintel_events_suppressed_total"].integer == 0)
    #expect(bench.status["audio"]["canceller"].string == "active")
  }

  @Test func wrongCodesAndTheLockOutAreFigures() throws {
    let bench = try Bench.withDoor {
      $0.door.wrongCodesMax = 2
      $0.door.codeAllow = AllowRules([.init(kind: "keypad")])
      $0.door.codeWhen = .always
    }
    for wrong in 1...2 {
      for key in Array("9999#".utf8) { bench.handle(.board(.key(key))) }
      #expect(bench.ask(.stats)?["lintel_door_wrong_codes_total"].integer == Int64(wrong))
      #expect(bench.ask(.stats)?["lintel_door_locked_out"].integer == (wrong == 2 ? 1 : 0))
    }
  }

  @Test func figuresCountCallsAndTheDoor() throws {
    let bench = try Bench.withDoor { $0.door.localWhen = .never }
    bench.sound.uplink.driftPartsPerMillion = -37
    bench.ask(.doorOpen)
    bench.ask(.doorOverride)
    bench.ask(.join(url: nil, token: token()))
    bench.refuseToken()
    let stats = try #require(bench.ask(.stats))
    #expect(stats["lintel_calls_total"].integer == 1)
    #expect(stats["lintel_call_failures_total"].integer == 1)
    #expect(stats["lintel_door_openings_total"].integer == 1)
    #expect(stats["lintel_door_refusals_total"].integer == 1)
    #expect(stats["lintel_call_state{state=\"failed\"}"].integer == 1)
    let text = try #require(bench.ask(.metrics)?["text"].string)
    #expect(text.contains("lintel_clock_drift_ratio{direction=\"uplink\"} -0.000037\n"))
    #expect(text.hasSuffix("# EOF\n"))
  }

  @Test func anOverrideOpensWhateverThePolicySays() throws {
    let bench = try Bench.withDoor { $0.door.localWhen = .never }
    #expect(bench.ask(.doorOpen)?["refused"].string?.contains("not opened this way") == true)
    #expect(bench.ask(.doorOverride)?["state"].string == "open")
    #expect(bench.events(named: "door.opened").last?["how"].string == "override")
    #expect(try Bench().ask(.doorOverride)?["refused"] != nil)
  }
}
