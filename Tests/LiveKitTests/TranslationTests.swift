import Base
import Testing
import WebRTC

@testable import LiveKit

@Suite struct TranslationTests {
  /// Addresses in the order in which they come, best first, and which of them asks for a translator.
  @Test(
    arguments: [
      (["10.0.0.2", "2001:db8::2"], nil), (["2001:db8::2", "fd00::2"], 0), (["2001:db8::2", "10.0.0.2"], 0),
      (["127.0.0.1", "::1", "2001:db8::2"], 2), (["169.254.1.1", "2001:db8::2"], 1),
      (["127.0.0.1", "::1"], nil),
    ] as [([String], Int?)])
  func wanted(addresses: [String], place: Int?) throws {
    var translation = Translation()
    for (index, text) in addresses.enumerated() {
      let isWanted = translation.isWanted(by: try #require(IPAddress(text)))
      #expect(isWanted == (index == place), "\(text)")
    }
  }

  @Test func answers() throws {
    var translation = Translation()
    translation.resolved([])
    translation.resolved([IPAddress(v4: 0xC000_00AA)])
    #expect(translation.prefix == nil)
    let answer = try #require(IPAddress("64:ff9b::192.0.0.170"))
    translation.resolved([IPAddress(v4: 0xC000_00AA), answer])
    #expect(translation.prefix == NAT64Prefix(answer: answer))
  }

  /// The room asks once, and both peer connections are told.
  @Test func roomAsks() throws {
    let bench = try ResumeTests.inCall()
    let local = SocketAddress(ip: try #require(IPAddress("2001:db8::2")), port: 4000)
    for peer in [Room.Peer.publisher, .subscriber] { bench.handle(.localAddress(local, peer: peer)) }
    #expect(bench.resolving == [NAT64Prefix.name])
    let answer = try #require(IPAddress("64:ff9b::192.0.0.170"))
    bench.handle(.hostResolved(name: NAT64Prefix.name, addresses: [answer]))
    for peer in [bench.publisher, bench.subscriber] {
      let told = peer?.inputs.filter { if case .translator = $0 { true } else { false } }
      #expect(told?.count == 1)
    }
  }
}
