import JSON
import Testing

@testable import Control

@Suite("Phones for a person")
struct PhoneTextTests {
  static let events: [(Event, String)] = [
    (.callRinging(target: "anna", identity: "sip_a", seconds: 30), "anna rings, for 30 s at most"),
    (
      .callAnswered(target: "anna", identity: "sip_a", afterMilliseconds: 4300), "anna answered after 4 s"
    ),
    (.callFailed(target: "anna", code: "busy", words: "busy (486)"), "anna: busy (486)"),
    (.callEnded(target: "anna", by: "there", seconds: 61), "anna hung up after 1 min 1 s"),
    (.callEnded(target: "anna", by: "here", seconds: 5), "anna let go after 5 s"),
    (.phoneStatus(identity: "sip_a", status: "hangup"), "sip_a: hangup"),
    (.ringStarted(from: "+15550100", kind: "sip", timeoutSeconds: 40), "+15550100 (sip) rings this device"),
    (.ringAnswered(from: "+15550100", by: "button"), "+15550100, by button"),
    (.ringEnded(from: "+15550100", reason: "nobody answered"), "+15550100: nobody answered"),
    (.keypadDialled(digits: "101"), "101 so far"), (.keypadDialled(digits: ""), "taken back"),
    (.webhookRefused(kind: "twilio", reason: "wrong signature"), "twilio: wrong signature"),
  ]

  @Test("events", arguments: events)
  func event(event: Event, sentence: String) {
    let text = EventText.render(event.json(unixMilliseconds: 0))
    #expect(text.hasPrefix("1970-01-01T00:00:00.000Z  \(event.name) "))
    #expect(text.hasSuffix(" " + sentence), "\(text)")
  }

  @Test("a name from outside cannot move the cursor")
  func hostile() {
    let event = Event.ringStarted(from: "\u{1B}[2J\n", kind: "sip", timeoutSeconds: 1)
    let text = EventText.render(event.json(unixMilliseconds: 0))
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test("the status says who is rung, who rings, and that it stands by")
  func status() {
    var status = Status()
    status.call.legs = [
      LegStatus(target: "anna", identity: "a", state: "ringing", sinceSeconds: 3),
      LegStatus(target: "bert", identity: "b", state: "dialling", sinceSeconds: 0),
    ]
    status.call.isHeld = true
    status.ring.standby = "room"
    let text = StatusText.render(status.json)
    #expect(text.contains("\nCall        idle for 0 s, held\n"))
    #expect(text.contains("\nRung        anna ringing for 3 s, bert dialling for 0 s\n"))
    #expect(text.contains("\nRings       nobody; it stands by in its room, with a closed microphone"))
    status.ring.standby = "off"
    #expect(!StatusText.render(status.json).contains("Rings"))
    status.ring.from = "+15550100"
    status.ring.kind = "sip"
    #expect(
      StatusText.render(status.json).contains(
        "\nRings       +15550100 (sip); `lintelctl answer` or `lintelctl refuse`\n"))
    #expect(status.json["ring"]["state"] == .string("ringing"))
  }

  @Test("the live screen has a row for who rings, and tells of it below")
  func screen() {
    var status = Status()
    status.ring.from = "+15550100"
    var screen = MonitorScreen()
    screen.take(Event.callFailed(target: "anna", code: "busy", words: "busy (486)").json(unixMilliseconds: 0))
    let frame = screen.frame(status.json, columns: 80, rows: 30)
    #expect(frame.contains("Rings       +15550100"))
    #expect(frame.contains("anna: busy (486)"))
    #expect(!frame.contains("Rung"))
  }

  @Test(
    "results",
    arguments: [
      (
        .dial(DialRequest(target: "a")), #"{"target":"a","state":"answered","after_ms":3250}"#,
        "a answered after 3.2 s\n"
      ),
      (.dial(DialRequest(target: "a")), #"{"target":"a","state":"answered"}"#, "a answered\n"),
      (.dial(DialRequest(target: "a")), #"{"target":"a","state":"dialling"}"#, "ringing a\n"),
      (.answer, #"{"from":"b"}"#, "answered b\n"), (.refuse, #"{"from":"b"}"#, "refused b\n"),
      (.hold(on: true), #"{"held":true}"#, "held\n"), (.hold(on: false), #"{"held":false}"#, "not held\n"),
      (.transfer(TransferRequest(to: "tel:+1")), #"{"to":"tel:+1"}"#, "handed on to tel:+1\n"),
      (
        .directory,
        #"{"entries":[{"name":"101","targets":["sip:+1","device:d"],"group":true}],"plan":[{"name":"101","seconds":15},{"name":"d","seconds":9}]}"#,
        "  101  sip:+1 + device:d\na call rings 101 for 15 s, then d for 9 s\n"
      ), (.directory, "{}", "[directory] has no names\na call waits for whoever is in the room\n"),
    ] as [(Request, String, String)])
  func results(request: Request, result: String, text: String) throws {
    #expect(request.method.shown.text(try json(result)) == text)
  }
}
