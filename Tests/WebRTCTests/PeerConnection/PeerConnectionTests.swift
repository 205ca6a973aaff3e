import Base
import Testing

@testable import WebRTC

@Suite struct PeerConnectionTests {
  @Test(arguments: [true, false])
  func carriesAudioInBothDTLSRoles(answersActive: Bool) throws {
    let call = try SimulatedCall(answersActive: answersActive)
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    #expect(call.offerer.connection.senderParameters(mid: mid) == nil)
    try call.negotiate()
    call.run(milliseconds: 1000)
    #expect(call.offerer.states == [.connecting, .connected])
    #expect(call.answerer.states == [.connecting, .connected])
    #expect(call.offerer.connection.dtls?.role == (answersActive ? .server : .client))
    #expect(call.offerer.connection.senderParameters(mid: mid)?.usesInBandFEC == true)
    #expect(
      call.answerer.connection.remoteSections
        == [.init(mid: mid, isActive: true, streamID: "-", trackID: "microphone")])

    call.talk(mid: mid, frames: 100)
    call.run(milliseconds: 100)
    #expect(call.answerer.audio.map(\.frame).sorted() == Array(0..<100))
    // From 65 500 across the wrap.
    #expect(call.answerer.audio.contains { $0.sequence == 65_535 })
    #expect(call.answerer.audio.contains { $0.sequence == 63 })
    #expect(call.answerer.audio.allSatisfy { $0.mid == mid && $0.payloadType == 111 })
    let sent = call.offerer.connection.statistics
    let received = call.answerer.connection.statistics
    #expect(sent.packetsSent == 100 && received.packetsReceived == 100)
    #expect(sent.bytesSent == 6200 && received.bytesReceived == 6200)
    #expect(received.localPacketsLost == 0 && received.malformed == 0)
    #expect(received.authenticationFailures == 0)
    #expect(sent.selectedPair?.contains("198.51.100.1:40000") == true)
  }

  @Test func framesBeforeTheConnectionAreCountedAsDropped() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    call.talk(mid: mid, frames: 3)
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.talk(mid: "no such section", frames: 2)
    call.talk(mid: mid, frames: 1, firstFrame: 10)
    call.run(milliseconds: 100)
    #expect(call.offerer.connection.statistics.framesDropped == 5)
    #expect(call.answerer.audio.map(\.frame) == [10])
  }

  @Test(arguments: [(UInt64(1), 0), (2, 5), (3, 5), (4, 20), (5, 20), (6, 20)])
  func connectsAndTalksOverABadNetwork(seed: UInt64, lossPercent: Int) throws {
    let call = try SimulatedCall(
      seed: seed,
      conditions: .init(lossPercent: lossPercent, delayMilliseconds: 30, jitterMilliseconds: 60))
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 8000)
    #expect(call.offerer.connection.state == .connected)
    #expect(call.answerer.connection.state == .connected)
    call.talk(mid: mid, frames: 500)
    call.run(milliseconds: 500)
    let frames = Set(call.answerer.audio.map(\.frame))
    #expect(frames.count == call.answerer.audio.count, "no frame is handed out twice")
    // Repetition makes up for most of the loss.
    #expect(frames.count >= (lossPercent == 0 ? 500 : lossPercent == 5 ? 490 : 440))
    if lossPercent > 0 { #expect(call.offerer.connection.statistics.retransmissions > 0) }
  }

  @Test func aNackBringsTheLostPacketBack() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    var dropped = 0
    call.drops = { bytes, fromOfferer in
      // The 150th to the 154th RTP packet, once each: well after the first reports.
      guard fromOfferer, DatagramKind(bytes) == .media, !isControlPacket(bytes) else { return false }
      let sequence = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
      guard (114...118).contains(sequence), dropped < 5 else { return false }
      dropped += 1
      return true
    }
    call.talk(mid: mid, frames: 200)
    call.run(milliseconds: 300)
    #expect(dropped == 5)
    #expect(call.answerer.audio.map(\.frame).sorted() == Array(0..<200))
    #expect(call.answerer.connection.statistics.nacksSent >= 1)
    #expect(call.offerer.connection.statistics.retransmissions == 5)
    #expect(call.answerer.connection.statistics.localPacketsLost == 0)
  }

  @Test func reportsTellTheRoundTripAndTheLoss() throws {
    let call = try SimulatedCall(conditions: .init(delayMilliseconds: 40, jitterMilliseconds: 0))
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.talk(mid: mid, frames: 200)
    let roundTrip = try #require(call.offerer.connection.statistics.roundTripMilliseconds)
    #expect((78...82).contains(roundTrip))
    #expect(call.offerer.connection.statistics.remotePacketsLost == 0)
    #expect(call.offerer.connection.statistics.remoteJitterMilliseconds <= 1)
    call.drops = { bytes, _ in DatagramKind(bytes) == .media && !isControlPacket(bytes) && bytes[3] % 4 == 0 }
    call.talk(mid: mid, frames: 200, firstFrame: 200)
    let statistics = call.offerer.connection.statistics
    #expect(statistics.remotePacketsLost > 20)
    #expect((40...90).contains(statistics.remoteFractionLost))
  }

  @Test func sectionsAreAddedRemovedAndRecycled() throws {
    let call = try SimulatedCall()
    let first = call.offerer.connection.addAudioSender(trackID: "track-0")
    try call.negotiate()
    call.run(milliseconds: 1000)
    var ssrcs: Set<UInt32> = []
    for round in 1...20 {
      let mid = call.offerer.connection.addAudioSender(trackID: "track-\(round)")
      try call.negotiate()
      #expect(mid != first)
      #expect(
        call.answerer.connection.remoteSections.map(\.trackID).contains("track-\(round)"))
      call.answerer.audio = []
      call.talk(mid: mid, frames: 5)
      call.talk(mid: first, frames: 2)
      call.run(milliseconds: 50)
      #expect(call.answerer.audio.filter { $0.mid == mid }.count == 5)
      #expect(call.answerer.audio.filter { $0.mid == first }.count == 2)
      ssrcs.formUnion(call.answerer.audio.filter { $0.mid == mid }.map(\.ssrc))
      call.offerer.connection.removeAudioSender(mid: mid)
      try call.negotiate()
      #expect(call.answerer.connection.remoteSections.filter(\.isActive).map(\.mid) == [first])
    }
    #expect(ssrcs.count == 20)
    // One section was enough for all of them, and no stream is left behind.
    #expect(call.offerer.connection.plan.sections.count == 2)
    call.run(milliseconds: 100)
    #expect(call.answerer.connection.receiveStreams.count == 1)
    #expect(call.offerer.states == [.connecting, .connected])
  }

  @Test func anICERestartKeepsTheAssociation() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.talk(mid: mid, frames: 10)
    let before = call.offerer.connection.ice.localCredentials
    let handshakes = call.offerer.transmitted.filter { DatagramKind($0) == .dtls }.count
    call.offerer.connection.restartICE()
    try call.negotiate()
    #expect(call.offerer.connection.ice.localCredentials != before)
    call.talk(mid: mid, frames: 50, firstFrame: 10)
    call.run(milliseconds: 500)
    #expect(call.answerer.audio.map(\.frame).sorted() == Array(0..<60))
    #expect(call.offerer.connection.state == .connected)
    #expect(call.offerer.transmitted.filter { DatagramKind($0) == .dtls }.count == handshakes)
  }

  @Test func aVanishedPeerIsNoticedAndMayComeBack() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.severed = true
    call.run(milliseconds: 12_000)
    #expect(call.offerer.states.last == .disconnected)
    call.severed = false
    call.run(milliseconds: 2000)
    #expect(call.offerer.states.last == .connected)
    call.talk(mid: mid, frames: 5)
    call.run(milliseconds: 100)
    #expect(call.answerer.audio.count == 5)
    call.severed = true
    call.run(milliseconds: 60_000)
    #expect(call.offerer.states.suffix(2) == [.disconnected, .failed])
    #expect(call.answerer.states.suffix(2) == [.disconnected, .failed])
    #expect(call.offerer.reasons.allSatisfy { !$0.isEmpty })
  }

  @Test func aRestartBringsAFailedConnectionBack() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.severed = true
    call.run(milliseconds: 60_000)
    #expect(call.offerer.connection.state == .failed)
    call.severed = false
    call.offerer.connection.restartICE()
    try call.negotiate()
    call.run(milliseconds: 3000)
    #expect(call.offerer.connection.state == .connected)
    #expect(call.answerer.connection.state == .connected)
    call.talk(mid: mid, frames: 5)
    call.run(milliseconds: 100)
    #expect(call.answerer.audio.map(\.frame) == [0, 1, 2, 3, 4])
  }

  @Test func closingTellsThePeer() throws {
    let call = try SimulatedCall()
    let mid = call.offerer.connection.addAudioSender(trackID: "microphone")
    try call.negotiate()
    call.run(milliseconds: 1000)
    call.talk(mid: mid, frames: 5)
    #expect(call.answerer.connection.receiveStreams.count == 1)
    call.offerer.connection.close(now: call.now)
    call.run(milliseconds: 1000)
    #expect(call.offerer.states.last == .closed)
    #expect(call.answerer.states.last == .failed)
    #expect(call.answerer.connection.receiveStreams.isEmpty)
    // Nothing wakes a closed connection.
    let sent = call.offerer.transmitted.count
    call.offerer.connection.handle(.localAddress(call.offerer.address), now: call.now)
    call.offerer.connection.close(now: call.now)
    call.run(milliseconds: 60_000)
    #expect(call.offerer.transmitted.count == sent)
  }
}
