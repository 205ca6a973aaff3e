import Testing

@testable import WebRTC

/// Real descriptions are read whole, and what we write of them says the same.
@Suite struct CaptureTests {
  @Test func thereAreCaptures() {
    #expect(Captures.names.count >= 28)
  }

  @Test(arguments: Captures.names) func roundTrip(_ name: String) throws {
    let text = try Captures.text(name)
    let parsed = try SessionDescription.parse(text)
    let written = parsed.serialized()
    #expect(try SessionDescription.parse(written) == parsed)
    #expect(try SessionDescription.parse(try Captures.wireText(name)) == parsed)
    #expect(written.hasSuffix("\r\n"))
    #expect(!written.replacing("\r\n", with: "").contains { $0 == "\n" || $0 == "\r" })
  }

  @Test(arguments: Captures.names) func sectionsAreComplete(_ name: String) throws {
    let parsed = try SessionDescription.parse(try Captures.text(name))
    #expect(parsed.bundleGroup == parsed.sections.map(\.mid))
    let transport = try parsed.transport()
    #expect(transport.fingerprints.count == 1)
    #expect(transport.fingerprints[0].algorithm == "sha-256")
    #expect(transport.fingerprints[0].digest.count == 32)
    #expect(transport.isICELite == name.contains("ice_lite"))
    for section in parsed.sections {
      switch section.kind {
      case .audio: #expect(section.opus?.payloadType == 111)
      case .application: #expect(section.sctpPort == 5000)
      default: Issue.record("unexpected kind of section")
      }
    }
  }

  @Test func subscriberOfferInDetail() throws {
    let offer = try SessionDescription.parse(try Captures.text("subscriber_join_2_tracks_answer111_offer_2"))
    #expect(offer.sessionID == 4_128_112_833_609_077_394)
    #expect(offer.version == 1_795_167_200)
    let data = try #require(offer.section(mid: "0"))
    #expect(data.maxMessageSize == 65535)
    #expect(data.candidates.count == 4)
    #expect(data.candidatesEnded)
    #expect(data.setup == .actpass)
    let audio = try #require(offer.section(mid: "2"))
    #expect(audio.formats == ["111", "63", "0", "8"])
    #expect(audio.direction == .sendrecv)
    #expect(audio.msid?.streamID == "PA_msVnymKFdivY|TR_AMaBjXgrVuiz6E")
    #expect(audio.msid?.trackID == "TR_AMaBjXgrVuiz6E")
    #expect(audio.sources.map(\.ssrc) == [2_453_098_599])
    #expect(audio.sources[0].canonicalName == "PA_msVnymKFdivY|TR_AMaBjXgrVuiz6E")
    #expect(audio.opus?.feedback == ["nack"])
    #expect(audio.opus?.parameter("useinbandfec") == "1")
    #expect(audio.opus?.parameter("usedtx") == nil)
    #expect(audio.extensionID("http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time") == 2)
    // The server leaves NACK out for a track that it may send as RED.
    #expect(offer.section(mid: "1")?.opus?.feedback == [])
  }

  @Test func endedSectionHasNoSource() throws {
    let offer = try SessionDescription.parse(try Captures.text("subscriber_offer_after_unpublish"))
    let ended = try #require(offer.section(mid: "1"))
    #expect(ended.direction == .recvonly)
    #expect(ended.sources.isEmpty)
    #expect(ended.msid == nil)
    #expect(!ended.isRejected)
  }

  @Test func answerAsksForDTX() throws {
    let answer = try SessionDescription.parse(try Captures.text("publisher_answer_data_audio"))
    let audio = try #require(answer.section(mid: "1"))
    #expect(audio.opus?.parameter("usedtx") == "1")
    #expect(audio.direction == .recvonly)
    #expect(audio.setup == .active)
    #expect(audio.extensionID(HeaderExtension.mid) == 4)
  }
}
