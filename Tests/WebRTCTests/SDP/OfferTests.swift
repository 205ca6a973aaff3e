import Testing

@testable import WebRTC

@Suite struct OfferTests {
  /// What a captured description says of its author.
  private func identity(of description: SessionDescription, canonicalName: String) throws -> LocalIdentity {
    let transport = try description.transport()
    return LocalIdentity(
      sessionID: description.sessionID, credentials: transport.credentials,
      fingerprint: transport.fingerprints[0], canonicalName: canonicalName)
  }

  @Test func isWhatAServerAccepted() throws {
    let captured = try SessionDescription.parse(try Captures.text("publisher_offer_data_audio"))
    var plan = OfferPlan()
    #expect(plan.addApplication() == "0")
    #expect(plan.addApplication() == "0")
    #expect(plan.addAudio(trackID: "ca17924a-936d-45a3-aded-304838ef3233", ssrc: 668_297_623) == "1")
    let offer = makeOffer(
      plan, identity: try identity(of: captured, canonicalName: "e682d05cf397"), version: captured.version)
    #expect(offer.serialized() == (try Captures.wireText("publisher_offer_data_audio")))
  }

  @Test func audioOnly() throws {
    let captured = try SessionDescription.parse(try Captures.text("publisher_offer_audio_only"))
    var plan = OfferPlan()
    #expect(plan.addAudio(trackID: "d850503c-5ca7-4425-b75a-6cd4df954c4e", ssrc: 1_080_531_667) == "0")
    let offer = makeOffer(
      plan, identity: try identity(of: captured, canonicalName: "1ff188e9bc84"), version: captured.version)
    #expect(offer.serialized() == (try Captures.wireText("publisher_offer_audio_only")))
  }

  /// One connection for both ways: the offer that livekit-server took with a join.
  @Test func withReceiversItIsWhatAServerAccepted() throws {
    let captured = try SessionDescription.parse(try Captures.text("v1_publisher_offer_in_join"))
    var plan = OfferPlan()
    _ = plan.addApplication()
    #expect(plan.addAudio(trackID: "c4d7a880-eb06-4258-aba8-b4312a32e042", ssrc: 161_138_011) == "1")
    for _ in 0..<3 { plan.addReceiver() }
    let offer = makeOffer(
      plan, identity: try identity(of: captured, canonicalName: "523c0c70adeb"), version: captured.version)
    #expect(offer.serialized() == (try Captures.wireText("v1_publisher_offer_in_join")))
  }

  @Test func sectionsNeverMoveAndAreRecycled() throws {
    let captured = try SessionDescription.parse(try Captures.text("publisher_offer_audio_only"))
    let identity = try identity(of: captured, canonicalName: "c")
    var plan = OfferPlan()
    let first = plan.addAudio(trackID: "first", ssrc: 1)
    let second = plan.addAudio(trackID: "second", ssrc: 2)
    plan.removeAudio(mid: first)
    plan.removeAudio(mid: "no such section")
    let removed = makeOffer(plan, identity: identity, version: 3)
    #expect(removed.sections.map(\.mid) == [first, second])
    #expect(removed.bundleGroup == [first, second])
    #expect(removed.sections[0].direction == .inactive)
    #expect(removed.sections[0].msid == nil)
    #expect(removed.sections[0].sources.isEmpty)
    #expect(!removed.sections[0].isRejected)
    #expect(removed.sections[1].direction == .sendonly)

    #expect(plan.addAudio(trackID: "third", ssrc: 3) == first)
    let recycled = makeOffer(plan, identity: identity, version: 4)
    #expect(recycled.sections[0].sources.map(\.ssrc) == [3])
    #expect(recycled.sections[0].msid == MediaStreamID(streamID: "-", trackID: "third"))
    #expect(plan.addApplication() == "2")
    #expect(plan.addAudio(trackID: "fourth", ssrc: 4) == "3")
  }
}
