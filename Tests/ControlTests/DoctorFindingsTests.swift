import JSON
import Testing

@testable import Control

@Suite("What lintelctl finds in a self-test")
struct DoctorFindingsTests {
  private func rows(
    _ measured: String, socket: String? = nil, clockIsKept: Bool? = true
  ) throws -> [(name: String, verdict: String, finding: String)] {
    let result = try json(
      "{\"verdict\":\"pass\",\"rows\":[{\"name\":\"board\",\"verdict\":\"pass\",\"finding\":\"x\"},"
        + "{\"name\":\"clock\",\"verdict\":\"pass\",\"finding\":\"x\"}],\"measured\":\(measured)}")
    let whole = DoctorFindings.complete(result, .init(socket: socket, clockIsKept: clockIsKept))
    #expect(whole["measured"] == result["measured"])
    let all = whole["rows"].array
    #expect(all.allSatisfy { $0["verdict"].isText("pass") || $0["advice"].string != nil })
    let worst = all.contains { $0["verdict"].isText("warn") } ? "warn" : "pass"
    #expect(whole["verdict"].isText(worst))
    return all.map {
      ($0["name"].string ?? "", $0["verdict"].string ?? "", $0["finding"].string ?? "")
    }
  }

  @Test(
    "each row by what was measured",
    arguments: [
      (#"{"canceller":"active","tone_db":-30,"left_db":-55}"#, "canceller", "pass", "-55 dB"),
      (#"{"canceller":"active","tone_db":-30,"left_db":-41}"#, "canceller", "pass", "-41 dB"),
      (#"{"canceller":"active","tone_db":-30,"left_db":-39}"#, "canceller", "warn", "-39 dB"),
      (#"{"canceller":"active","tone_db":-56,"left_db":-57}"#, "canceller", "pass", "too faint"),
      (#"{"canceller":"active"}"#, "canceller", "pass", "did not tell"),
      (#"{"canceller":"waiting"}"#, "canceller", "pass", "waits"),
      (#"{"canceller":"no-time"}"#, "canceller", "warn", "late too often"),
      (#"{"canceller":"no-reference"}"#, "canceller", "warn", "not known"),
      (#"{"canceller":"not-available"}"#, "canceller", "warn", "started"),
      (#"{"speaker_ppm":-50,"microphone_ppm":12}"#, "drift", "pass", "12 ppm fast, the speaker's"),
      (#"{"speaker_ppm":51}"#, "drift", "warn", "51 ppm fast against"),
      (#"{"speaker_ppm":-51}"#, "drift", "warn", "51 ppm slow against"),
      (#"{"speaker_ppm":0}"#, "drift", "pass", "true against"),
      (#"{"microphone_ppm":-7}"#, "drift", "pass", "7 ppm slow"),
      (#"{"realtime_refused":"Operation not permitted"}"#, "realtime", "warn", "not permitted"),
      (#"{"memory_refused":"Cannot allocate memory"}"#, "memory", "warn", "paged out"),
      (#"{"recorded":true}"#, "recorded", "warn", "recorded"),
      (#"{"token_left_s":3600}"#, "token-end", "warn", "1 h"),
      (#"{"state_problem":"/s: Read-only file system"}"#, "state", "warn", "Read-only"),
      (#"{"id":"lintel"}"#, "identity", "warn", "called lintel"),
      (#"{"socket":"/b"}"#, "socket", "warn", "answers at /a"),
    ] as [(String, String, String, String)])
  func table(measured: String, name: String, verdict: String, words: String) throws {
    let found = try rows(measured, socket: "/a").filter { $0.name != "board" && $0.name != "clock" }
    #expect(found.map { $0.name } == [name])
    #expect(found.first?.verdict == verdict && found.first?.finding.contains(words) == true, "\(found)")
  }

  @Test(
    "what is as it should be has no row",
    arguments: [
      "{}", #"{"canceller":"off","recorded":false,"id":"hall","socket":"/a","token_left_s":null}"#,
      #"{"token_left_s":604800}"#, #"{"token_left_s":-5}"#, #"{"speaker_ppm":null,"microphone_ppm":null}"#,
    ])
  func silence(measured: String) throws {
    #expect(try rows(measured, socket: "/a").map { $0.name } == ["board", "clock"])
  }

  @Test("the clock is the machine's to tell, and sound stands before the way to the room")
  func order() throws {
    let found = try rows(#"{"canceller":"waiting","socket":"/b"}"#, clockIsKept: false)
    #expect(found.map { $0.name } == ["board", "canceller", "clock", "ntp"])
    #expect(try rows("{}", clockIsKept: nil).count == 2)
  }

  @Test("what may not be read is said behind the missing daemon, whatever was measured")
  func rights() throws {
    for measured in ["", ",\"measured\":{}"] {
      let result = try json(
        "{\"verdict\":\"fail\",\"rows\":[{\"name\":\"daemon\",\"verdict\":\"fail\",\"finding\":\"x\"}]\(measured)}"
      )
      let whole = DoctorFindings.complete(
        result, .init(socket: nil, clockIsKept: nil, unreadable: ["/etc/lintel/token"]))
      #expect(whole["rows"].array.map { $0["name"].string } == ["daemon", "rights"])
      #expect(whole["rows"].array[1]["finding"].string?.contains("/etc/lintel/token cannot be read") == true)
      #expect(whole["verdict"].isText("fail"))
    }
  }

  @Test("a daemon that measures nothing is taken as it is")
  func older() throws {
    let result = try json("{\"verdict\":\"pass\",\"rows\":[]}")
    #expect(DoctorFindings.complete(result, .init(socket: "/a", clockIsKept: false)) == result)
  }
}
