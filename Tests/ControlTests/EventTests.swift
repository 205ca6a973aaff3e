import Testing

@testable import Control

@Suite("Events")
struct EventTests {
  @Test("a failure carries code, message, whether it is retried and when")
  func failure() {
    let event = Event.roomFailure(
      RoomFailure(code: "http.401", message: "the server refused the token", retriable: false))
    #expect(
      event.json(unixMilliseconds: 1_795_170_278_123).text
        == "{\"time\":\"2026-11-20T10:24:38.123Z\",\"event\":\"room.failure\",\"code\":\"http.401\","
        + "\"message\":\"the server refused the token\",\"retriable\":false,\"retry_in_ms\":null}")
  }

  @Test("every event has a name of its own and can be read by a person")
  func names() {
    let track = TrackStatus(
      sid: "T", name: nil, kind: "audio", source: "microphone", muted: false, subscribed: true)
    let all: [Event] = [
      .deviceStarted(version: "1"), .callState(.talking, reason: nil),
      .roomConnection(.connected, reason: nil),
      .roomFailure(RoomFailure(code: "c", message: "m", retriable: true)), .roomQuality("good"),
      .roomSpeakers(["a", "b"]), .participantJoined(identity: "a", kind: "agent"),
      .participantLeft(identity: "a", reason: nil), .trackPublished(identity: "a", track),
      .trackUnpublished(identity: "a", sid: "T"), .trackSubscribed(identity: "a", sid: "T"),
      .trackUnsubscribed(identity: "a", sid: "T"), .trackMuted(identity: "a", sid: "T", muted: true),
      .audioMuted(muted: true, hardMuted: false), .audioVolume(percent: 3),
      .audioDevice(stream: "capture", device: "hw:0", state: .absent, reason: "unplugged"),
      .eventsDropped(count: 4),
    ]
    #expect(Set(all.map(\.name)).count == all.count)
    for event in all {
      let json = event.json(unixMilliseconds: 0)
      #expect(json["event"].string == event.name)
      #expect(EventText.render(json).hasPrefix("1970-01-01T00:00:00.000Z  \(event.name)"))
    }
  }

  @Test("an event for a person: members that are null are left out, texts with blanks are in quotes")
  func text() {
    let event = Event.audioDevice(
      stream: "capture", device: "", state: .absent, reason: "no \"such\" card\u{1B}[2J")
    #expect(
      EventText.render(event.json(unixMilliseconds: 0))
        == "1970-01-01T00:00:00.000Z  audio.device     stream=capture device=\"\" state=absent "
        + "reason=\"no \\\"such\\\" card\\u001b[2J\"")
    let quiet = Event.roomConnection(.connected, reason: nil).json(unixMilliseconds: 0)
    #expect(EventText.render(quiet) == "1970-01-01T00:00:00.000Z  room.connection  state=connected")
  }

  @Test(
    "times",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (1_735_689_599_001, "2024-12-31T23:59:59.001Z"), (-5, "1970-01-01T00:00:00.000Z"),
      (Int64.max, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func times(milliseconds: Int64, expected: String) {
    #expect(utcText(unixMilliseconds: milliseconds) == expected)
  }

  @Test("the history keeps the last 64, oldest first")
  func history() {
    var history = EventHistory()
    for number in 0..<200 { history.append(.integer(Int64(number))) }
    #expect(history.recent.count == 64)
    #expect(history.recent.first == .integer(136) && history.recent.last == .integer(199))
  }
}
