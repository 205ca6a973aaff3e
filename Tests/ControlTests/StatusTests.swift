import Testing

@testable import Control

@Suite("Status")
struct StatusTests {
  @Test("the shape on the wire, with null where there is nothing")
  func emptyShape() {
    #expect(
      Status().json.text
        == "{\"device\":{\"id\":\"\",\"board\":\"\",\"version\":\"\",\"uptime_s\":0,\"next\":null},"
        + "\"call\":{\"state\":\"idle\",\"since_s\":0,\"reason\":null,\"held\":false,\"legs\":[]},"
        + "\"ring\":{\"state\":\"idle\",\"standby\":\"off\",\"from\":null,\"kind\":null,\"since_s\":null},"
        + "\"room\":{\"name\":null,\"sid\":null,\"connection\":\"disconnected\",\"server\":null,\"region\":null,"
        + "\"quality\":null,\"rtt_ms\":null,\"reconnects\":0,\"resumes\":0,\"failure\":null},"
        + "\"participant\":{\"identity\":null,\"sid\":null},\"agent\":null,\"participants\":[],"
        + "\"encryption\":{\"mode\":\"off\",\"sends\":\"clear\",\"fingerprint\":null,\"opened\":0,"
        + "\"failed\":0,\"refused\":0,\"problems\":[]},"
        + "\"audio\":{\"muted\":false,\"hard_muted\":false,\"volume\":0,\"canceller\":\"off\",\"echo_reduced_db\":null,"
        + "\"capture\":{\"device\":\"\",\"state\":\"stopped\",\"reason\":null,\"parameters\":null,\"rate\":null,\"level_db\":null},"
        + "\"playback\":{\"device\":\"\",\"state\":\"stopped\",\"reason\":null,\"parameters\":null,\"rate\":null,\"level_db\":null},"
        + "\"uplink\":{\"packets\":0,\"bitrate\":0,\"loss\":null,\"drift_ppm\":0},"
        + "\"downlink\":{\"packets\":0,\"lost\":0,\"concealed_ms\":0,\"jitter_ms\":0,\"delay_ms\":0,"
        + "\"drift_ppm\":0},"
        + "\"pre_connect\":null},\"door\":null,\"board\":{\"inputs\":{},\"outputs\":{},"
        + "\"indicator\":\"off\",\"lights\":{},\"problems\":[]},\"memory\":{\"rss_kb\":null,\"anon_kb\":null}}"
    )
  }

  @Test("encryption from end to end: nothing where it is off, else what a technician compares")
  func encryption() {
    var status = Status()
    #expect(!StatusText.render(status.json).contains("Encryption"))
    status.encryption.mode = "required"
    status.encryption.sends = "encrypted"
    status.encryption.fingerprint = "0011-2233-4455-6677"
    status.encryption.failed = 3
    status.encryption.problems = ["ann is encrypted with another key"]
    var ann = ParticipantStatus(identity: "ann", sid: "s", kind: "standard")
    for privacy in ["clear", "private", "encrypted", "wrong-key", "no-key"] {
      ann.tracks.append(
        TrackStatus(
          sid: "t", name: nil, kind: "audio", source: privacy, muted: false, subscribed: true,
          privacy: privacy))
    }
    status.participants = [ann]
    let text = StatusText.render(status.json).split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }.joined(separator: " ")
    #expect(text.hasPrefix("Problem ann is encrypted with another key"))
    #expect(
      text.contains(
        "Encryption required, what is sent is encrypted, fingerprint 0011-2233-4455-6677, 3 failures"))
    #expect(
      text.contains(
        "ann (standard): clear, private private, encrypted encrypted, wrong-key encrypted with another key, "
          + "no-key encrypted with an unknown key"))
    status.encryption.sends = "nothing"
    #expect(StatusText.render(status.json).contains("sends nothing"))
  }

  @Test("what the canceller takes out, once there was an echo")
  func echo() {
    var status = Status()
    #expect(!StatusText.render(status.json).contains("Echo"))
    status.audio.echoReducedDecibels = 31
    #expect(StatusText.render(status.json).contains("\nEcho        31 dB of it are taken out\n"))
  }

  @Test("the next deadline, by its name")
  func nextDeadline() {
    #expect(
      busyStatus().json["device"]["next"].text == "{\"name\":\"max-duration\",\"in_ms\":1765001}")
  }

  @Test("one line for the service manager: what is wrong first")
  func oneLine() {
    #expect(StatusSummary.render(Status().json) == "call idle, disconnected")
    var status = Status()
    status.call.state = .waitingAgent
    status.room.connection = .connected
    status.room.name = "lobby\n"
    status.participants = [ParticipantStatus(identity: "p", sid: "s", kind: "standard")]
    status.audio.muted = true
    #expect(
      StatusSummary.render(status.json)
        == "call waiting for the agent, room lobby. connected, 1 other, muted")
    status.audio.hardMuted = true
    status.audio.capture.state = .absent
    status.audio.capture.reason = "no card"
    #expect(
      StatusSummary.render(status.json)
        == "Problem: the microphone is absent: no card; call waiting for the agent, room lobby. connected, 1 other, "
        + "muted by the switch")
  }

  @Test("participants are bounded, the rest is counted")
  func manyParticipants() {
    var status = Status()
    status.participants = (0..<250).map { ParticipantStatus(identity: "p\($0)", sid: "s", kind: "standard") }
    #expect(status.json["participants"].array.count == 100)
    #expect(status.json["participants_left_out"] == .integer(150))
    #expect(StatusText.render(status.json).contains("\n            and 150 more\n"))
  }

  @Test("the largest status fits into what lintelctl reads")
  func largest() throws {
    var status = busyStatus()
    var participant = ParticipantStatus(
      identity: String(repeating: "i", count: 256), sid: "PA_x", kind: "standard")
    participant.name = String(repeating: "n", count: 256)
    let track = TrackStatus(
      sid: "TR_0123456789", name: String(repeating: "t", count: 256), kind: "audio", source: "microphone",
      muted: false, subscribed: true)
    participant.tracks = Array(repeating: track, count: 30)
    status.participants = Array(repeating: participant, count: 200)
    let line = Reply.result(status.json, to: .number(1))
    #expect(line.count < ControlLimits.replyLineBytesMax)
    #expect(throws: Never.self) { try ServerMessage.parse(line.dropLast()) }
  }

  @Test("a talking device, for a person")
  func talking() {
    #expect(
      StatusText.render(busyStatus().json) == """
        Device      lobby-3, simulated board, lintel 0.1.0, up 2 h 13 min
        Next        max-duration in 29 min 26 s
        Call        talking for 34 s
        Room        front-door (RM_abc), connected, server wss://rooms.example.org,
                    quality good, round trip 23 ms, 1 reconnect
        Here as     lobby-3
        Agent       concierge, listening
        Others      alice (standard), speaking: microphone, camera muted
                    concierge (agent): no tracks
        Microphone  hw:1,0, running, 16000 Hz, level -23.4 dB
        Speaker     hw:1,0, running, 48000 Hz, volume 80 %
        Sent        1700 packets, 24.1 kbit/s, 0.4 % lost
        Heard       1650 packets, 3 lost, 60 ms concealed, jitter 12 ms, delay 80 ms
        Memory      8.1 MB, 900 kB of it its own

        """)
  }

  @Test("a level that is no sound is told as such")
  func silence() {
    var status = busyStatus()
    status.audio.capture.levelTenthsDecibel = -1270
    #expect(StatusText.render(status.json).contains("Microphone  hw:1,0, running, 16000 Hz, silent\n"))
  }

  @Test("what is wrong comes first")
  func failing() {
    var status = Status()
    status.device.id = "lobby-3"
    status.call.state = .failed
    status.call.reason = "the token expired on 2026-11-19 at 10:00 UTC"
    status.room.failure = RoomFailure(
      code: "token.expired", message: "the token expired on 2026-11-19 at 10:00 UTC", retriable: false)
    status.audio.hardMuted = true
    status.audio.capture.device = "hw:1,0"
    status.audio.capture.state = .absent
    status.audio.capture.reason = "no such device hw:1,0"
    #expect(
      StatusText.render(status.json) == """
        Problem     the token expired on 2026-11-19 at 10:00 UTC (trying again would not
                    help)
        Problem     the microphone is absent: no such device hw:1,0
        Muted       by the switch on the device; no command can undo it
        Device      lobby-3, up 0 s
        Call        failed for 0 s
        Room        disconnected
        Microphone  hw:1,0, absent
        Speaker     stopped, volume 0 %

        """)
  }

  struct ProblemCase: Sendable {
    let words: String
    let change: @Sendable (inout Status) -> Void
  }

  static let problemCases: [ProblemCase] = [
    .init(words: "the connection to the room was lost and is being restored") {
      $0.room.connection = .reconnecting
    },
    .init(words: "the connection to the room was lost and is being restored") {
      $0.room.connection = .resuming
    },
    .init(words: "refused (next attempt in 3 s)") {
      $0.room.failure = RoomFailure(code: "x", message: "refused", retriable: true, retryInMilliseconds: 2001)
    },
    .init(words: "refused (it is being tried again)") {
      $0.room.failure = RoomFailure(code: "x", message: "refused", retriable: true)
    },
    .init(words: "the server calls the connection lost") {
      $0.room.connection = .connected
      $0.room.quality = "lost"
    },
    .init(words: "the call failed") { $0.call.state = .failed },
    .init(words: "the door was forced") {
      $0.door = DoorStatus(state: "closed", lastOpenedBy: nil, contactIsOpen: true, alarm: "forced")
    },
    .init(words: "the door was left-open") {
      $0.door = DoorStatus(state: "closed", lastOpenedBy: nil, contactIsOpen: true, alarm: "left-open")
    },
    .init(words: "the echo canceller is off: the audio thread came late too often") {
      $0.audio.canceller = "no-time"
    },
    .init(words: "the speaker is absent: device hw:9") {
      $0.audio.playback.state = .absent
      $0.audio.playback.device = "hw:9"
    },
  ]

  @Test("problems", arguments: problemCases)
  func problems(problem: ProblemCase) {
    var status = Status()
    problem.change(&status)
    #expect(StatusProblems.of(status.json) == [problem.words])
  }

  @Test("no line is wider than 80 columns, and names from the room cannot move the cursor")
  func hostileNames() {
    var status = busyStatus()
    status.room.name = "\u{1B}[31m\u{202E}" + String(repeating: "very long name ", count: 20)
    status.participants[0].identity = String(repeating: "x", count: 300) + "\u{9B}2J\n\rProblem     fake"
    let text = StatusText.render(status.json)
    for line in text.split(separator: "\n") {
      #expect(line.unicodeScalars.count <= 80, "\(line)")
      #expect(!line.hasPrefix("Problem"))
    }
    #expect(
      text.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value)) }
    )
    #expect(!text.unicodeScalars.contains("\u{202E}"))
  }

  @Test(
    "a status of another version, or of the wrong types, is no crash",
    arguments: [
      "null", "5", "[]", "{}", "{\"room\":5,\"audio\":[],\"participants\":{\"a\":1}}",
      "{\"participants\":[1,null,{}],\"device\":{\"uptime_s\":-9223372036854775808}}",
      "{\"room\":{\"failure\":{\"message\":\"m\",\"retriable\":true,\"retry_in_ms\":9223372036854775807}}}",
      "{\"audio\":{\"capture\":{\"level_db\":1e300},\"uplink\":{\"packets\":1,\"bitrate\":-9223372036854775808}}}",
      "{\"memory\":{\"rss_kb\":9223372036854775807,\"anon_kb\":-5}}",
    ])
  func otherShapes(text: String) throws {
    _ = StatusText.render(try json(text))
    _ = ParticipantsText.render(try json(text)["participants"])
    _ = EventText.render(try json(text))
  }

  @Test(
    "durations",
    arguments: [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3600, "1 h 0 min"), (90_000, "1 d 1 h")]
      as [(Int64, String)])
  func durations(seconds: Int64, words: String) { #expect(durationText(seconds: seconds) == words) }
}
