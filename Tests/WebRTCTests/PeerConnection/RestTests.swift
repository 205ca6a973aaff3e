import Base
import Testing

@testable import WebRTC

/// While only media passes, the parts below are not asked; whatever else happens, they are.
@Suite struct RestTests {
  /// A call that stands, and for long enough that SCTP is at rest.
  private func standing() throws -> (SimulatedCall, mid: String) {
    let call = try SimulatedCall(conditions: .init(jitterMilliseconds: 0))
    let mid = call.offerer.connection.addAudioSender(trackID: "TR_microphone")
    _ = call.offerer.connection.openDataChannel(label: "_reliable", ordered: true, maxRetransmits: nil)
    try call.negotiate()
    call.run(milliseconds: 10_000)
    #expect(call.offerer.connection.state == .connected)
    return (call, mid)
  }

  private func rests(_ end: SimulatedCall.End, _ call: SimulatedCall) -> Bool {
    end.connection.transportRests(call.now)
  }

  @Test func nobodyIsAskedWhileMediaPasses() throws {
    let (call, mid) = try standing()
    let packet = PeerConnection.AudioFrame(
      payload: [1, 2, 3], timestamp: 960, marker: false, level: 30, voice: true)
    #expect(rests(call.offerer, call) && rests(call.answerer, call))
    call.offerer.connection.send(packet, mid: mid, now: call.now)
    #expect(rests(call.offerer, call))
    call.drain()
    call.run(milliseconds: 15)
    #expect(call.answerer.audio.count == 1)
    #expect(rests(call.answerer, call))
  }

  @Test func nobodyRestsBeforeTheConnectionStands() throws {
    let call = try SimulatedCall()
    _ = call.offerer.connection.addAudioSender(trackID: "TR_microphone")
    call.drain()
    #expect(!rests(call.offerer, call))
    try call.negotiate()
    #expect(!rests(call.offerer, call))
  }

  @Test func theTimeOfAPartEndsTheRest() throws {
    let (call, mid) = try standing()
    let checks = { call.offerer.transmitted.count { DatagramKind($0) == .stun } }
    let before = checks()
    // RFC 7675 §5.1: consent is asked for about every 5 s, however much media passes.
    call.talk(mid: mid, frames: 600)
    #expect(checks() >= before + 2)
    #expect(call.offerer.connection.state == .connected)
  }

  @Test(arguments: 0..<5) func whateverElseHappensEndsTheRest(_ row: Int) throws {
    let (call, _) = try standing()
    let connection = call.offerer.connection
    #expect(rests(call.offerer, call))
    switch row {
    case 0:
      connection.handle(.localAddress(SocketAddress(ip: IPAddress(v4: 0xC000_0202), port: 1)), now: call.now)
    case 1: try connection.send([1], channel: try #require(call.offerer.channels.first).id, now: call.now)
    case 2: _ = connection.makeOffer(now: call.now)
    case 3: connection.addRemoteCandidate("candidate:1 1 udp 1 192.0.2.9 9 typ host", now: call.now)
    default:
      let check = try #require(call.answerer.transmitted.last { DatagramKind($0) == .stun })
      connection.handle(
        .datagram(check, from: call.answerer.address, to: call.offerer.address), now: call.now)
    }
    #expect(!rests(call.offerer, call))
    call.drain()
    call.run(milliseconds: 5_000)
    #expect(rests(call.offerer, call))
  }
}
