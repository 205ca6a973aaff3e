import Base
import Testing

@testable import WebRTC

@Suite struct MalformedDescriptionTests {
  private static let head = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
  private static let audio = head + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"

  @Test(arguments: [
    ("", 0), ("garbage", 1), ("v=1\r\n", 1), ("s=-\r\n", 1), ("v=0\r\n", 0),
    ("v=0\r\no=- 1 2 IN IP4 x\r\no=- 1 2 IN IP4 x\r\n", 3),
    ("v=0\r\no=- one 2 IN IP4 127.0.0.1\r\n", 2), ("v=0\r\no=- 1\r\n", 2),
    ("v=0\r\no=- 99999999999999999999 2 IN IP4 x\r\n", 2),
    (head + "\r\nm=audio 9 X 1\r\n", 5), (head + "v=0\r\n", 5), (head + "m=audio\r\n", 5),
    (head + "m=audio 9 UDP/TLS/RTP/SAVPF\r\n", 5), (head + "m=audio 70000 X 1\r\n", 5),
    (head + "a=fingerprint:sha-256\r\n", 5), (head + "a=fingerprint:sha-256 A:BC\r\n", 5),
    (head + "a=fingerprint:sha-256 AB:C\r\n", 5), (head + "a=fingerprint:sha-256 AB:\r\n", 5),
    (head + "a=ice-ufrag:ab\r\n", 5), (head + "a=ice-ufrag:ab cd\r\n", 5), (head + "a=ice-pwd:short\r\n", 5),
    (head + "a=setup:maybe\r\n", 5), (audio + "a=rtpmap:111\r\n", 6),
    (audio + "a=rtpmap:200 opus/48000\r\n", 6),
    (audio + "a=rtpmap:111 opus\r\n", 6), (audio + "a=rtpmap:111 opus/48000/2/3\r\n", 6),
    (audio + "a=rtpmap:111 opus/0\r\n", 6), (audio + "a=rtpmap:111 opus/4e4\r\n", 6),
    (audio + "a=fmtp:x y\r\n", 6), (audio + "a=rtcp-fb:\r\n", 6), (audio + "a=extmap:0 urn:x\r\n", 6),
    (audio + "a=extmap:1\r\n", 6), (audio + "a=ssrc:4294967296 cname:x\r\n", 6),
    (audio + "a=ssrc:-1 x\r\n", 6),
    (audio + "a=msid:\r\n", 6), (audio + "a=mid:\r\n", 6), (audio + "a=mid:two words\r\n", 6),
    (audio + "a=sctp-port:65536\r\n", 6), (audio + "a=max-message-size:-1\r\n", 6),
    (audio + "a=mid:0\r\nm=audio 9 X 1\r\na=mid:0\r\n", 8),
  ]) func namesTheLine(_ input: (sdp: String, line: Int)) throws {
    do {
      _ = try SessionDescription.parse(input.sdp)
      Issue.record("accepted: \(input.sdp)")
    } catch {
      guard case .malformed(input.line, let what) = error else {
        Issue.record("\(error) instead of line \(input.line) for \(input.sdp)")
        return
      }
      #expect(!what.isEmpty)
    }
  }

  @Test func toleratesWhatItDoesNotKnow() throws {
    let parsed = try SessionDescription.parse(
      Self.head + "a=unknown:thing\nz=1\na=group:LS 1 2\nm=message 9/2 X y\na=novel\na=extmap:4096 urn:x\n\n")
    #expect(parsed.sections.map(\.kind) == [.other("message")])
    #expect(parsed.bundleGroup.isEmpty)
    #expect(parsed.sections[0].extensions.isEmpty)
  }

  @Test func superfluousSpacesAreNoTokens() throws {
    let parsed = try SessionDescription.parse(
      Self.audio + "a=ice-options:  trickle  ice2 \na=ice-options: renomination\n")
    #expect(parsed.sections[0].iceOptions == ["trickle", "ice2", "renomination"])
    #expect(try SessionDescription.parse(parsed.serialized()) == parsed)
  }

  @Test func sessionLevelIsInherited() throws {
    let parsed = try SessionDescription.parse(
      Self.head + "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijkl\na=setup:passive\n"
        + "a=fingerprint:SHA-256 ab:CD\nm=audio 9 X 1\nm=audio 9 X 1\na=setup:active\na=ice-ufrag:efgh\n")
    #expect(parsed.sections.map(\.setup) == [.passive, .active])
    #expect(parsed.sections.map { $0.credentials?.usernameFragment } == ["abcd", "efgh"])
    #expect(parsed.sections[1].fingerprints == [Fingerprint(algorithm: "sha-256", digest: [0xAB, 0xCD])])
  }

  @Test func isBounded() throws {
    func expectRefused(_ sdp: String, sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(throws: DescriptionFailure.self, sourceLocation: sourceLocation) {
        try SessionDescription.parse(sdp)
      }
    }
    expectRefused(Self.head + String(repeating: "a=x\n", count: Limits.descriptionLinesMax))
    expectRefused(Self.head + "a=" + String(repeating: "x", count: Limits.descriptionBytesMax))
    expectRefused(Self.head + String(repeating: "m=audio 9 X 1\n", count: Limits.descriptionSectionsMax + 1))
    let most = Limits.attributesPerSectionMax
    for line in [
      "candidate:1 1 udp 1 127.0.0.1 1 typ host", "extmap:1 urn:x", "fmtp:1 x=y", "rtcp-fb:* nack",
    ] {
      let parsed = try SessionDescription.parse(Self.audio + String(repeating: "a=\(line)\n", count: most))
      #expect(parsed.sections.count == 1)
      expectRefused(Self.audio + String(repeating: "a=\(line)\n", count: most + 1))
    }
    var sources = Self.audio
    for ssrc in 0...Limits.attributesPerSectionMax { sources += "a=ssrc:\(ssrc) cname:x\n" }
    expectRefused(sources)
  }

  /// Whatever is cut off or flipped, parsing ends with a value or a failure.
  @Test func survivesDamage() throws {
    let random = SeededRandom(seed: 4)
    let whole = Array(try Captures.wireText("subscriber_join_2_tracks_answer111_offer_2").utf8)
    for end in stride(from: 0, to: whole.count, by: 7) {
      _ = try? SessionDescription.parse(String(decoding: whole[..<end], as: UTF8.self))
    }
    var refused = 0
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<4 { bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 128)) }
      do {
        let parsed = try SessionDescription.parse(String(decoding: bytes, as: UTF8.self))
        #expect(try SessionDescription.parse(parsed.serialized()) == parsed)
      } catch { refused += 1 }
    }
    #expect(refused > 0 && refused < 500)
  }
}
