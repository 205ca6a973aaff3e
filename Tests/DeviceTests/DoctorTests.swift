import Base
import Configuration
import Control
import Device
import JSON
import LiveKit
import Testing

@Suite struct DoctorTests {
  /// Asks, lets all phases pass and answers with the rows by name.
  private func examine(_ bench: Bench, _ meanwhile: () -> Void = {}) throws -> [String: JSONValue] {
    #expect(bench.ask(.doctor(yes: false)) == nil)
    bench.advance(milliseconds: 1500)
    bench.advance(milliseconds: 1500)
    meanwhile()
    for _ in 0..<20 where bench.answers.count < 1 { bench.advance(milliseconds: 3000) }
    guard case .result(let result)? = bench.answers.first?.answer else { throw NoAnswer() }
    var rows: [String: JSONValue] = [:]
    for row in result["rows"].array { rows[row["name"].string ?? ""] = row }
    return rows
  }

  private struct NoAnswer: Error {}

  private func bench(_ change: (inout Settings) -> Void = { _ in }) throws -> Bench {
    let bench = try Bench(change)
    bench.handle(.soundCard(SoundCardEvent(.capture, .working(rateHertz: 48_000, parameters: "x"))))
    bench.handle(.soundCard(SoundCardEvent(.playback, .working(rateHertz: 48_000, parameters: "x"))))
    bench.soundProbe.periods = 100
    bench.soundProbe.span = 900
    bench.soundProbe.averageDecibels = -45
    bench.soundProbe.loudestDecibels = -30
    return bench
  }

  @Test func itListensPlaysJoinsAndAnswersEverybodyWhoAsked() throws {
    let bench = try bench()
    bench.ask(.doctor(yes: false))
    #expect(bench.audio.contains(.beginSoundProbe) && !bench.audio.contains(.playProbeTone))
    #expect(bench.timesAsked == ["wss://room.example"])
    bench.ask(.doctor(yes: false))
    #expect(bench.audio.filter { $0 == .beginSoundProbe }.count == 1)
    bench.advance(milliseconds: 1500)
    #expect(bench.audio.last == .playProbeTone)
    bench.advance(milliseconds: 1500)
    #expect(bench.audio.contains(.endSoundProbe))
    #expect(bench.tokenPaths == ["/run/token"])
    bench.handle(.tokenRead(.failure(.empty(path: "/run/token"))))
    bench.advance(milliseconds: 200)
    #expect(bench.answers.count == 2)
  }

  @Test func inACallTheToneIsAskedFor() throws {
    let bench = try bench { $0.device.board = .simulated }
    bench.enter()
    let refused = bench.ask(.doctor(yes: false))
    #expect(refused?["refused"].string == "others would hear the tone of the test")
    #expect(!bench.audio.contains(.beginSoundProbe))
    #expect(bench.ask(.doctor(yes: true)) == nil)
    #expect(bench.audio.contains(.beginSoundProbe))
  }

  @Test func whatWasMeasuredIsTold() throws {
    let bench = try bench {
      $0.audio.gainDecibels = 6
      $0.device.id = "hall"
    }
    bench.sound.echo = .active
    bench.sound.uplink.driftPartsPerMillion = -12
    bench.soundProbe.heardDecibels = -31
    bench.soundProbe.echoMilliseconds = 40
    bench.soundProbe.steadyDecibels = -30
    bench.soundProbe.leftDecibels = -50
    bench.soundProbe.speakerPartsPerMillion = 75
    bench.host.realtimeRefusal = "Operation not permitted"
    bench.host.stateProblem = "there is no folder for it"
    _ = try examine(bench) {
      bench.handle(.tokenRead(.success(token(expiresAt: bench.unixMilliseconds / 1000 + 100))))
    }
    guard case .result(let result)? = bench.answers.first?.answer else { throw NoAnswer() }
    let measured = result["measured"]
    #expect(measured["canceller"].string == "active" && measured["echo_db"].integer == -31)
    #expect(measured["tone_db"].integer == -30 && measured["left_db"].integer == -56)
    #expect(measured["speaker_ppm"].integer == 75 && measured["microphone_ppm"].integer == -12)
    #expect(measured["realtime_refused"].string == "Operation not permitted")
    #expect(measured["memory_refused"].isNull && measured["recorded"].bool == false)
    #expect(measured["state_problem"].string == "there is no folder for it")
    #expect(measured["id"].string == "hall" && measured["socket"].string == "/run/lintel/control.sock")
    let left = try #require(measured["token_left_s"].integer)
    #expect((0...100).contains(left))
  }

  @Test func anExpiredTokenIsTheTokensFault() throws {
    let bench = try bench()
    let rows = try examine(bench) {
      bench.handle(.tokenRead(.success(token(expiresAt: 1_700_000_000))))
      bench.handle(.serverAnswered(.success(bench.unixMilliseconds / 1000)))
    }
    // Our clock is no judge, so it warns; the server's refusal is a failure.
    #expect(rows["token"]?["verdict"].string == "warn" && rows["server"]?["verdict"].string == "pass")
    #expect(rows["token"]?["finding"].string?.contains("2023-11-14") == true)
    #expect(rows["clock"]?["verdict"].string == "pass")
  }

  @Test(arguments: [(-61, "fail"), (-60, "pass"), (0, "pass"), (60, "pass"), (4000, "fail")])
  func theClockIsMeasuredAgainstTheServers(off: Int64, verdict: String) throws {
    let bench = try bench()
    let rows = try examine(bench) {
      bench.handle(.serverAnswered(.success(bench.unixMilliseconds / 1000 + off)))
      bench.handle(.tokenRead(.success(token(expiresAt: 1))))
    }
    #expect(rows["clock"]?["verdict"].string == verdict)
  }

  @Test func aClockThatWasNeverSet() throws {
    let bench = try bench()
    bench.unixMilliseconds = 5_000_000
    let rows = try examine(bench) { bench.handle(.tokenRead(.success(token()))) }
    #expect(rows["clock"]?["finding"].string?.contains("1970") == true)
  }

  @Test(arguments: [
    (TransportFailure.resolve("no such name"), "dns"), (.refused("x"), "server"), (.timeout, "server"),
    (.tls("the certificate is old"), "tls"),
  ])
  func whatIsBehindTheFirstFaultIsNotBlamed(failure: TransportFailure, name: String) throws {
    let bench = try bench()
    let rows = try examine(bench) {
      bench.handle(.serverAnswered(.failure(failure)))
      bench.handle(.tokenRead(.success(token(expiresAt: 1))))
    }
    let failed = rows.values.filter { $0["verdict"].string == "fail" }.compactMap { $0["name"].string }
    #expect(Set(failed) == [name])
    #expect(rows["room"] == nil)
  }

  @Test func aMicrophoneByItsLevel() throws {
    let cases: [(span: Int, loudest: Int, verdict: String)] = [
      (0, -127, "fail"), (2, -80, "fail"), (30, -70, "warn"), (900, -30, "pass"), (65_000, -1, "warn"),
    ]
    for (span, loudest, verdict) in cases {
      let bench = try bench()
      bench.soundProbe.span = span
      bench.soundProbe.loudestDecibels = loudest
      let rows = try examine(bench) { bench.handle(.tokenRead(.success(token(expiresAt: 1)))) }
      #expect(rows["level"]?["verdict"].string == verdict, "\(span)")
    }
  }

  @Test func aCardThatIsNotThereAndOneThatIsTaken() throws {
    let bench = try bench()
    bench.handle(.soundCard(SoundCardEvent(.capture, .failed(reason: "sound device 'x' is in use by y"))))
    bench.handle(.soundCard(SoundCardEvent(.playback, .failed(reason: "sound device 'x' does not exist"))))
    let rows = try examine(bench) { bench.handle(.tokenRead(.success(token(expiresAt: 1)))) }
    #expect(rows["microphone"]?["advice"].string?.contains("end that program") == true)
    #expect(rows["speaker"]?["advice"].string?.contains("plug it in") == true)
    #expect(rows["level"] == nil && rows["echo"] == nil)
    #expect(!bench.audio.contains(.playProbeTone))
  }
}
