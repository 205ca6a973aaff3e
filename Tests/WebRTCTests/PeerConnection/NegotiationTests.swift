import Base
import Testing

@testable import WebRTC

/// Descriptions that are large, late, or differ in what does not matter.
@Suite struct NegotiationTests {
  /// A room with so many tracks, in the words of a server.
  static func offer(tracks: Int) throws -> String {
    let text = try Captures.text("subscriber_join_1_track_offer_2")
    let start = try #require(text.firstRange(of: "m=audio")).lowerBound
    let section = String(text[start...])
    var offer = text[..<start].replacing(
      "BUNDLE 0 1", with: "BUNDLE " + (0...tracks).map { "\($0)" }.joined(separator: " "))
    for track in 1...tracks {
      offer += section.replacing("a=mid:1", with: "a=mid:\(track)").replacing(
        "3175521322", with: "\(1000 + track)"
      )
      .replacing("TR_AMfAZF5JViCeWk", with: "TR_\(track)")
    }
    return String(offer)
  }

  @Test(arguments: [130, 511]) func aRoomOfManyTracksIsAnswered(tracks: Int) throws {
    let call = try SimulatedCall()
    let answer = try call.answerer.connection.acceptOffer(Self.offer(tracks: tracks), now: call.now)
    #expect(try SessionDescription.parse(answer).sections.count == tracks + 1)
    #expect(call.answerer.connection.remoteSections.filter(\.isActive).count == tracks)
  }

  /// Not left aside, as what is no description is: without an answer the server ends the session, again and again.
  @Test func moreThanThatIsSaid() throws {
    let call = try SimulatedCall()
    #expect(throws: DescriptionFailure.unsupported("more than 512 tracks in one room")) {
      try call.answerer.connection.acceptOffer(Self.offer(tracks: 512), now: call.now)
    }
  }

  @Test func furtherFingerprintsInAnyOrderAreTheSamePeer() throws {
    let call = try SimulatedCall()
    _ = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    let other =
      "a=fingerprint:sha-512 " + [String](repeating: "AB", count: 64).joined(separator: ":") + "\r\n"
    let offer = call.offerer.connection.makeOffer(now: call.now)
      .replacing("a=fingerprint:sha-256", with: other + "a=fingerprint:sha-256")
    _ = try call.answerer.connection.acceptOffer(offer, now: call.now)
    call.run(milliseconds: 1000)
    #expect(call.answerer.connection.state == .connected)
  }

  @Test func anAnswerHasTheSectionsOfTheOffer() throws {
    let call = try SimulatedCall()
    for number in 0..<2 { _ = call.offerer.connection.addAudioSender(trackID: "track-\(number)") }
    let offer = call.offerer.connection.makeOffer(now: call.now)
    let answer = try call.answerer.connection.acceptOffer(offer, now: call.now)
    let swapped = answer.replacing("a=mid:0", with: "a=mid:x").replacing("a=mid:1", with: "a=mid:0")
      .replacing("a=mid:x", with: "a=mid:1")
    #expect(throws: DescriptionFailure.self) {
      try call.offerer.connection.acceptAnswer(swapped, now: call.now)
    }
    try call.offerer.connection.acceptAnswer(answer, now: call.now)
  }

  /// The section was given to another track while the answer to the offer before was on its way.
  @Test func anAnswerSpeaksForTheTrackThatItsOfferNamed() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "old")
    let offer = call.offerer.connection.makeOffer(now: call.now)
    let answer = try call.answerer.connection.acceptOffer(offer, now: call.now)
    call.offerer.connection.removeAudioSender(mid: mid)
    #expect(call.offerer.connection.addAudioSender(trackID: "new") == mid)
    try call.offerer.connection.acceptAnswer(answer, now: call.now)
    #expect(call.offerer.connection.senderParameters(mid: mid) == nil)
    try call.negotiate()
    #expect(call.offerer.connection.senderParameters(mid: mid) != nil)
  }

  /// What SCTP repeats while there is no path does not wait for one.
  @Test func nothingPilesUpWithoutAPath() throws {
    let call = try SimulatedCall()
    let channel = call.offerer.connection.openDataChannel(label: "x", ordered: true, maxRetransmits: nil)
    try call.negotiate()
    call.run(milliseconds: 1000)
    #expect(!call.offerer.channels.isEmpty)
    call.severed = true
    call.run(milliseconds: 25_000)
    #expect(call.offerer.connection.path == nil)
    for _ in 0..<20 { try call.offerer.connection.send([1], channel: channel, now: call.now) }
    call.run(milliseconds: 10_000)
    #expect(call.offerer.connection.dtls?.nextDatagram() == nil)
  }
}
