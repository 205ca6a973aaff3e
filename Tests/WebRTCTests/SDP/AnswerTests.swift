import Testing

@testable import WebRTC

@Suite struct AnswerTests {
  private let identity = LocalIdentity(
    sessionID: 7, credentials: ICECredentials(usernameFragment: "abcd", password: "0123456789abcdefghijkl"),
    fingerprint: Fingerprint(algorithm: "sha-256", digest: [UInt8](repeating: 0xA5, count: 32)),
    canonicalName: "c")

  private func answer(_ offer: SessionDescription) throws -> SessionDescription {
    try makeAnswer(to: offer, identity: identity, version: 1, prefersActive: true)
  }

  @Test(arguments: [
    ("subscriber_join_1_track_offer_2", "subscriber_join_1_track_answer"),
    ("subscriber_offer_0_tracks", "subscriber_answer_0_tracks"),
  ]) func isWhatAServerAccepted(_ names: (offer: String, answer: String)) throws {
    let offer = try SessionDescription.parse(try Captures.text(names.offer))
    let captured = try SessionDescription.parse(try Captures.text(names.answer))
    let transport = try captured.transport()
    let identity = LocalIdentity(
      sessionID: captured.sessionID, credentials: transport.credentials,
      fingerprint: transport.fingerprints[0], canonicalName: "")
    let answer = try makeAnswer(
      to: offer, identity: identity, version: captured.version, prefersActive: true)
    #expect(answer.serialized() == (try Captures.wireText(names.answer)))
  }

  @Test func keepsOrderAndListsNoRED() throws {
    let offer = try SessionDescription.parse(try Captures.text("subscriber_join_2_tracks_answer63_offer_2"))
    let answer = try answer(offer)
    #expect(answer.sections.map(\.mid) == ["0", "1", "2"])
    #expect(answer.bundleGroup == ["0", "1", "2"])
    for section in answer.sections.dropFirst() {
      #expect(section.formats == ["111"])
      #expect(section.codecs.map(\.payloadType) == [111])
      #expect(section.direction == .recvonly)
    }
    #expect(answer.sections[1].opus?.feedback == [])
    #expect(answer.sections[2].opus?.feedback == ["nack"])
  }

  @Test func endedSectionIsAnsweredInactive() throws {
    let offer = try SessionDescription.parse(try Captures.text("subscriber_offer_after_unpublish"))
    let answer = try answer(offer)
    #expect(answer.sections.map(\.direction) == [.sendrecv, .inactive, .recvonly])
    #expect(answer.bundleGroup == ["0", "1", "2"])
  }

  @Test func stereoIsEchoed() throws {
    let text = try Captures.text("subscriber_join_1_track_offer_2")
      .replacing("useinbandfec=1", with: "useinbandfec=1;sprop-stereo=1")
    let answer = try answer(try SessionDescription.parse(text))
    #expect(answer.sections[1].opus?.parameter("stereo") == "1")
  }

  @Test func payloadTypeOfTheOfferIsKept() throws {
    let text = try Captures.text("subscriber_join_1_track_offer_2")
      .replacing("111", with: "96").replacing("opus/", with: "OPUS/")
    let answer = try answer(try SessionDescription.parse(text))
    #expect(answer.sections[1].formats == ["96"])
    #expect(answer.sections[1].direction == .recvonly)
  }

  @Test func whatIsNotOpusBecomesInactive() throws {
    let text = try Captures.text("subscriber_join_1_track_offer_2").replacing("opus", with: "speex")
    let answer = try answer(try SessionDescription.parse(text))
    #expect(answer.sections[1].direction == .inactive)
    #expect(answer.sections[1].formats == ["111", "63", "0", "8"])
    #expect(answer.bundleGroup == ["0", "1"])
  }

  @Test func rejectedSectionStaysRejected() throws {
    let text = try Captures.text("subscriber_join_1_track_offer_2").replacing("m=audio 9", with: "m=audio 0")
    let answer = try answer(try SessionDescription.parse(text))
    #expect(answer.sections[1].isRejected)
    #expect(answer.bundleGroup == ["0"])
  }

  @Test func ourOwnOfferIsAnsweredWithItsExtensions() throws {
    let offer = try SessionDescription.parse(try Captures.text("publisher_offer_data_audio"))
    let answer = try answer(offer)
    #expect(answer.sections[1].extensions == offer.sections[1].extensions)
    #expect(answer.sections[1].setup == .active)
  }

  @Test func setupRoles() throws {
    #expect(try answeringSetup(to: .actpass, prefersActive: true) == .active)
    #expect(try answeringSetup(to: .actpass, prefersActive: false) == .passive)
    #expect(try answeringSetup(to: .active, prefersActive: true) == .passive)
    #expect(try answeringSetup(to: .passive, prefersActive: false) == .active)
    #expect(throws: DescriptionFailure.unsupported("setup:holdconn")) {
      try answeringSetup(to: .holdconn, prefersActive: true)
    }
  }

  @Test func refusesWhatItCannotTrustOrReach() throws {
    let text = try Captures.text("subscriber_offer_0_tracks")
    let bare = text.split(separator: "\n").filter { !$0.hasPrefix("a=fingerprint") }.joined(separator: "\n")
    #expect(throws: DescriptionFailure.noFingerprint) {
      try answer(try SessionDescription.parse(bare))
    }
    let secret = text.split(separator: "\n").filter { !$0.hasPrefix("a=ice-pwd") }.joined(separator: "\n")
    #expect(throws: DescriptionFailure.malformed(line: 0, "section 0 has no ice-ufrag and ice-pwd")) {
      try answer(try SessionDescription.parse(secret))
    }
    var split = try SessionDescription.parse(try Captures.text("subscriber_join_1_track_offer_2"))
    split.sections[1].credentials?.usernameFragment = "other"
    #expect(throws: DescriptionFailure.unsupported("sections with different transports (no BUNDLE)")) {
      try answer(split)
    }
  }
}
