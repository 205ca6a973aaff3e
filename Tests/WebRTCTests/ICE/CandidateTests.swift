import Base
import Testing

@testable import WebRTC

@Suite struct CandidateTests {
  @Test func priorities() {
    #expect(ICECandidate.priority(.host, localPreference: 65535) == 2_130_706_431)
    #expect(ICECandidate.priority(.serverReflexive, localPreference: 65535) == 1_694_498_815)
    var pair = CandidatePair(
      id: 1, base: .udp(address("192.0.2.1")), localPriority: 5,
      remote: ICECandidate(
        foundation: "1", priority: 7, address: address("192.0.2.2"), kind: .host))
    pair.updatePriority(.controlling)
    #expect(pair.priority == 5 << 32 + 14)
    pair.updatePriority(.controlled)
    #expect(pair.priority == 5 << 32 + 14 + 1)
  }

  @Test func lineOfAServer() throws {
    let candidate = try ICECandidate.parse(
      "candidate:2878742611 1 udp 2130706431 127.0.0.1 17882 typ host ufrag wykAYlqdiebnPcrh")
    #expect(candidate.foundation == "2878742611")
    #expect(candidate.priority == 2_130_706_431)
    #expect(candidate.address == address("127.0.0.1", 17882))
    #expect(candidate.kind == .host)
    #expect(candidate.usernameFragment == "wykAYlqdiebnPcrh")
  }

  @Test func linesOfBrowsers() throws {
    let reflexive = try ICECandidate.parse(
      "a=candidate:842163049 1 UDP 1677729535 203.0.113.5 46154 typ srflx raddr 10.0.0.17 rport 46154 "
        + "generation 0 ufrag EsAw network-id 1 network-cost 10\r\n")
    #expect(reflexive.kind == .serverReflexive)
    #expect(reflexive.related == address("10.0.0.17", 46154))
    #expect(reflexive.usernameFragment == "EsAw")
    let relayed = try ICECandidate.parse(
      "candidate:1 1 udp 41885439 2001:db8::9 50000 typ relay raddr 0.0.0.0 rport 0")
    #expect(relayed.kind == .relayed)
    #expect(relayed.address == address("2001:db8::9", 50000))
  }

  @Test func roundTrip() throws {
    for line in [
      "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
      "candidate:2 1 udp 1694498815 203.0.113.5 40000 typ srflx raddr 192.0.2.1 rport 5000 ufrag abcd",
      "candidate:3 1 udp 1 2001:db8::1 1 typ relay ufrag abcd",
    ] { #expect(try ICECandidate.parse(line).serialized() == line) }
  }

  @Test(arguments: [
    "", "candidate:", "candidate:1 1 udp 1 192.0.2.1 1 typ", "candidate:1 0 udp 1 192.0.2.1 1 typ host",
    "candidate:1 999 udp 1 192.0.2.1 1 typ host", "candidate:1 1 udp 0 192.0.2.1 1 typ host",
    "candidate:1 1 udp 4294967296 192.0.2.1 1 typ host", "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
    "candidate:1 1 udp 1 192.0.2.1 1 type host", "candidate:1_ 1 udp 1 192.0.2.1 1 typ host",
    "candidate:1 1 udp 1 192.0.2 1 typ host x", "candidate:1 1 udp 1 nonsense 1 typ host",
    "candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 1 typ host", "garbage",
  ]) func malformed(_ line: String) {
    do {
      _ = try ICECandidate.parse(line)
      Issue.record("accepted")
    } catch {
      guard case .malformed(let what) = error else {
        Issue.record("ignored instead of malformed: \(line)")
        return
      }
      #expect(!what.isEmpty)
    }
  }
}
