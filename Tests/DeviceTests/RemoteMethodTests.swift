import Base
import Control
import JSON
import Testing

@testable import Device

@Suite struct RemoteMethodTests {
  @Test(arguments: [
    ("lintel.volume", "", "{\"volume\":80}"), ("lintel.volume", "{\"level\":30}", "{\"volume\":30}"),
    ("lintel.mute", "{\"on\":true}", "{\"muted\":true,\"hard_muted\":false}"),
    ("lintel.indicator", "{\"show\":\"attention\"}", "{\"indicator\":\"attention\"}"),
    ("lintel.tone", "{\"tone\":\"busy\"}", "{}"),
    ("lintel.dtmf", "{\"digits\":\"12#\",\"to\":\"phone\"}", "{\"sent\":3}"),
    ("lintel.door.open", "{}", "{\"state\":\"open\",\"last_opened_by\":\"bot\"}"),
  ]) func answers(method: String, payload: String, answer: String) throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent), ("phone", .sip))
    #expect(bench.call(method, payload) == .done(payload: answer))
    let event = try #require(bench.events(named: "rpc").last)
    #expect(event["method"].string == method && event["identity"].string == "bot" && event["failure"].isNull)
  }

  @Test func statusIsTheStatus() throws {
    let bench = try Bench()
    bench.enter(("bot", .agent))
    guard case .done(let payload)? = bench.call("lintel.status", "") else {
      Issue.record("no answer")
      return
    }
    let status = try JSONValue.parse(Array(payload.utf8))
    #expect(status["device"]["id"].string == "lintel" && status["call"]["state"].string == "talking")
  }

  @Test(arguments: [
    ("lintel.volume", "{\"level\":101}", "a whole number from 0 to 100"),
    ("lintel.volume", "{\"level\":\"1\"}", "a whole number"),
    ("lintel.volume", "{\"levle\":1}", "did you mean 'level'?"),
    ("lintel.volume", "{\"level\":1", "not JSON"), ("lintel.volume", "volume", "not JSON"),
    ("lintel.volume", "[]", "must be an object"), ("lintel.volume", "3", "must be an object"),
    ("lintel.mute", "{}", "'on' is missing"), ("lintel.mute", "{\"on\":1}", "true or false"),
    ("lintel.indicator", "{\"show\":\"hard-muted\"}", "there is off, attention, success, refused"),
    ("lintel.indicator", "{}", "'show' is missing"),
    ("lintel.indicator", "{\"show\":\"off\",\"for\":60001}", "1 to 60000"),
    ("lintel.tone", "{\"tone\":\"song\"}", "no tone 'song'"), ("lintel.dtmf", "{}", "'digits' is missing"),
    ("lintel.dtmf", "{\"digits\":\"1e\"}", "0-9, *, #"), ("lintel.status", "{\"all\":1}", "it takes none"),
    ("lintel.door.open", "{\"code\":\"4711\"}", "it takes none"),
    ("lintel.status", String(repeating: "[", count: 100), "nested"),
    ("lintel.status", "{\"a\":[" + String(repeating: "1,", count: 300) + "1]}", "too many values"),
    ("lintel.status", String(repeating: " ", count: 15_361), "longer than 15360"),
  ]) func refusesWhatItDoesNotUnderstand(method: String, payload: String, words: String) throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    guard case .refused(400, let message, "bad-payload")? = bench.call(method, payload) else {
      Issue.record("not refused")
      return
    }
    #expect(message.contains(words), "\(message)")
    #expect(bench.events(named: "rpc").last?["failure"].string?.contains(words) == true)
    #expect(bench.lock == [false])
  }

  @Test func onlyWhoMayDoes() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent), ("ann", .standard), ("phone", .sip))
    // Who may ring is another rule.
    for method in RemoteMethods.all where method != RemoteMethods.ring {
      for name in ["ann", "phone", "ghost"] {
        guard case .refused(403, _, "not-allowed")? = bench.call(method, "", by: Name(name) ?? "") else {
          Issue.record("\(method) was not refused to \(name)")
          continue
        }
      }
    }
    let open = try Bench { $0.rpc.allow = .init([.init(kind: "standard", pattern: "a*")]) }
    open.enter(("ann", .standard), ("bob", .standard))
    #expect(open.call("lintel.volume", "", by: "ann") == .done(payload: "{\"volume\":80}"))
    guard case .refused(403, let words, _)? = open.call("lintel.volume", "", by: "bob") else { return }
    #expect(words == "bob may not call lintel.volume")
  }

  @Test func otherRequestsOfTheSocketAreNoMethods() {
    for method in [
      "lintel.join", "lintel.leave", "lintel.version", "lintel.events.subscribe", "status", "lintel.",
    ] {
      #expect(throws: ControlFailure.self) { _ = try RemoteMethods.request(method: method, payload: "") }
    }
  }

  @Test func aMuteOnTheDeviceIsNotTakenBackFromAfar() throws {
    let bench = try Bench()
    bench.enter(("bot", .agent))
    bench.ask(.mute(on: true))
    guard case .refused(403, _, _)? = bench.call("lintel.mute", "{\"on\":false}") else {
      Issue.record("unmuted from afar")
      return
    }
    #expect(bench.status["audio"]["muted"].bool == true)
    bench.ask(.mute(on: false))
    #expect(
      bench.audio.filter { if case .setMuted = $0 { true } else { false } } == [
        .setMuted(true), .setMuted(false),
      ])
  }

  @Test func whatWasAskedForIsShownForItsTime() throws {
    let bench = try Bench()
    bench.enter(("bot", .agent))
    _ = bench.call("lintel.indicator", "{\"show\":\"success\",\"for\":500}")
    #expect(bench.board.last == .indicate(.success))
    bench.advance(milliseconds: 500)
    #expect(bench.board.last == .indicate(.talking))
    _ = bench.call("lintel.indicator", "{\"show\":\"success\"}")
    _ = bench.call("lintel.indicator", "{\"show\":\"off\"}")
    #expect(bench.board.last == .indicate(.talking))
    #expect(bench.events(named: "indicator").last?["show"].string == "talking")
  }
}
