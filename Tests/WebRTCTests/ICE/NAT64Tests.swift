import Base
import Testing

@testable import WebRTC

@Suite struct NAT64Tests {
  /// The table of RFC 6052 §2.4 for 192.0.2.33, each with what such a network answers (RFC 7050).
  @Test(arguments: [
    ("2001:db8:c000:aa::", "2001:db8:c000:221::"),
    ("2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::"),
    ("2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::"),
    ("2001:db8:122:3c0:0:aa::", "2001:db8:122:3c0:0:221::"),
    ("2001:db8:122:344:c0:0:aa00:0", "2001:db8:122:344:c0:2:2100:0"),
    ("2001:db8:122:344::192.0.0.170", "2001:db8:122:344::192.0.2.33"),
    ("64:ff9b::192.0.0.171", "64:ff9b::192.0.2.33"),
  ])
  func prefixes(answer: String, translated: String) throws {
    let answer = try #require(IPAddress(answer))
    let prefix = try #require(NAT64Prefix(answer: answer))
    let address = SocketAddress(ip: IPAddress(v4: 0xC000_0221), port: 7882)
    let expected = SocketAddress(ip: try #require(IPAddress(translated)), port: 7882)
    #expect(prefix.translated(address) == expected)
    #expect(prefix.translated(expected) == nil)
  }

  @Test(arguments: [
    "192.0.0.170", "2001:db8::1", "::", "2001:db8:c000:ac::", "64:ff9b::192.0.0.172",
    // Something stands where a suffix or byte 8 would be zero.
    "2001:db8:c000:aa:100::", "2001:db8:c000:aa::1",
  ])
  func noPrefix(answer: String) throws {
    let answer = try #require(IPAddress(answer))
    #expect(NAT64Prefix(answer: answer) == nil)
  }

  /// Candidates before and after the prefix is known; those of IPv6 stay as they are.
  @Test(arguments: [false, true]) func candidates(isKnownBefore: Bool) throws {
    let now = Instant(microseconds: 0)
    let agent = ICEAgent(role: .controlling, random: SeededRandom(seed: 1))
    let answer = try #require(IPAddress("64:ff9b::192.0.0.170"))
    let prefix = try #require(NAT64Prefix(answer: answer))
    let local = SocketAddress(ip: try #require(IPAddress("2001:db8::2")), port: 5000)
    agent.addLocalAddress(local, now: now)
    agent.setRemote(
      ICECredentials(usernameFragment: "peer", password: "0123456789abcdefghijkl"), isLite: false, now: now)
    if isKnownBefore { agent.setTranslator(prefix, now: now) }
    agent.addRemoteCandidate("candidate:1 1 udp 2130706431 192.0.2.1 7882 typ host", now: now)
    agent.addRemoteCandidate("candidate:2 1 udp 2130706430 2001:db8::9 7882 typ host", now: now)
    #expect(agent.list.pairs.count == (isKnownBefore ? 2 : 1))
    agent.setTranslator(prefix, now: now)
    agent.setTranslator(prefix, now: now)
    #expect(
      Set(agent.list.pairs.map { "\($0.remote.address)" }) == [
        "[64:ff9b::c000:201]:7882", "[2001:db8::9]:7882",
      ])
    #expect(agent.list.pairs.count == 2)
  }
}
