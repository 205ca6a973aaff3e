import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// The room with its real peer connections, against a server made of two more, in virtual time.
@Suite struct LiveSessionTests {
  final class Call {
    static let addresses: [Room.Peer: SocketAddress] = [
      .publisher: .init(ip: IPAddress(v4: 0xC000_0201), port: 1),
      .subscriber: .init(ip: IPAddress(v4: 0xC000_0201), port: 2),
    ]
    static let serverAddresses: [Room.Peer: SocketAddress] = [
      .publisher: .init(ip: IPAddress(v4: 0xC000_0202), port: 1),
      .subscriber: .init(ip: IPAddress(v4: 0xC000_0202), port: 2),
    ]
    let room: Room
    /// The server's end of our publisher and of our subscriber.
    let ends: [Room.Peer: PeerConnection]
    var now = Instant(microseconds: 1_000_000)
    var connection = 0
    var heardByServer: [PeerConnection.ReceivedAudio] = []
    var heardByRoom: [(slot: Int, sequence: UInt16)] = []
    var slots: [Int] = []
    var events: [Event] = []
    /// Messages of the room's own channels, as the server gets them.
    var messages: [[UInt8]] = []
    var dataReachedServer: ([UInt8]) -> Void = { _ in }
    private var flying: [(bytes: [UInt8], from: SocketAddress, to: SocketAddress)] = []
    private var fromServer: [[UInt8]] = []

    init(rpcMethods: [Name] = []) throws {
      var configuration = Room.Configuration(certificate: try Certificate(), productVersion: "1")
      configuration.rpcMethods = rpcMethods
      configuration.prefersOneConnection = false
      room = Room(configuration: configuration, random: SeededRandom(seed: 1))
      let now = self.now
      func end(_ seed: UInt64) throws -> PeerConnection {
        PeerConnection(
          configuration: .init(certificate: try Certificate(), canonicalName: "server"),
          random: SeededRandom(seed: seed), now: now)
      }
      ends = [.publisher: try end(2), .subscriber: try end(3)]
      for (peer, end) in ends { end.handle(.localAddress(Self.serverAddresses[peer]!), now: now) }
    }

    func server(_ message: [UInt8]) { fromServer.append(message) }

    /// An offer of the server's own end, named as the server names its streams.
    func offer(_ id: Int, track: String) {
      let sdp = ends[.subscriber]!.makeOffer(now: now)
      let lines = sdp.split(separator: "\r\n").map { line in
        line.hasSuffix("- \(track)") ? line.dropLast(track.count + 2) + "PA_p|\(track) \(track)" : line
      }
      server(Server.offer(id, lines.joined(separator: "\r\n") + "\r\n"))
    }

    /// Runs both sides, with 1 ms of network, for this time.
    func run(_ milliseconds: Int) throws {
      for _ in 0..<milliseconds {
        try drain()
        now = now.advanced(byMilliseconds: 1)
        let arrived = flying
        let said = fromServer
        flying = []
        fromServer = []
        for message in said { room.handle(.webSocketMessage(message, connection: connection), now: now) }
        for datagram in arrived { deliver(datagram) }
        room.handle(.timeout, now: now)
        for end in ends.values { end.handle(.timeout, now: now) }
      }
      try drain()
    }

    private func deliver(_ datagram: (bytes: [UInt8], from: SocketAddress, to: SocketAddress)) {
      for (peer, address) in Self.addresses where address == datagram.to {
        room.handle(.datagram(datagram.bytes, from: datagram.from, to: datagram.to, peer: peer), now: now)
      }
      for (peer, address) in Self.serverAddresses where address == datagram.to {
        ends[peer]?.handle(.datagram(datagram.bytes, from: datagram.from, to: datagram.to), now: now)
      }
    }

    private func drain() throws {
      room: while true {
        switch room.poll(now: now) {
        case .openWebSocket(let id, _, _):
          connection = id
          room.handle(.webSocketOpened(connection: id), now: now)
          server(Server.join(others: [Server.participant("phone", "PA_p", tracks: [Server.track("TR_P")])]))
        case .sendWebSocket(_, let bytes): try answer(#require(Fields(bytes)))
        case .openSockets(let peer): room.handle(.localAddress(Self.addresses[peer]!, peer: peer), now: now)
        case .transmit(let bytes, let from, let to, _): flying.append((bytes, from, to))
        case .event(.trackSubscribed(let subscription, _)): slots.append(subscription.slot)
        case .event(let event): events.append(event)
        case .wait:
          while let packet = room.nextAudio() { heardByRoom.append((packet.slot, packet.sequence)) }
          break room
        default: break
        }
      }
      for (peer, end) in ends { drain(peer, end) }
    }

    private func drain(_ peer: Room.Peer, _ end: PeerConnection) {
      while true {
        switch end.poll(now: now) {
        case .transmit(let bytes, let from, let to): flying.append((bytes, from, to))
        case .openStream, .sendStream, .closeStream, .event(.pathHealthChanged), .event(.relayFailed): break
        case .event(.candidate(let line, let mid, let index)):
          let json = CandidateInit(candidate: line, mid: mid, sectionIndex: index).json
          server(Server.trickle(json, subscriber: peer == .subscriber))
        case .event(.audio(let packet)): heardByServer.append(packet)
        case .event(.dataChannelMessage(_, let bytes)):
          messages.append(bytes)
          dataReachedServer(bytes)
        case .event: break
        case .wait: return
        }
      }
    }

    private func answer(_ request: Fields) throws {
      if let offer = request.message(1) {
        let sdp = try ends[.publisher]!.acceptOffer(offer.text(2), now: now)
        server(Server.answer(offer.number(3), sdp))
      }
      if let answer = request.message(2) { try ends[.subscriber]!.acceptAnswer(answer.text(2), now: now) }
      if let trickle = request.message(3) {
        let candidate = try #require(CandidateInit(json: trickle.text(1)))
        let peer: Room.Peer = trickle.number(2) == 1 ? .subscriber : .publisher
        ends[peer]!.addRemoteCandidate(candidate.candidate, now: now)
      }
      if let track = request.message(4) { server(Server.published(track.text(1), "TR_ME")) }
      if request.message(8) != nil { server(Server.leave(action: 0, reason: 1)) }
    }
  }

  @Test func audioFlowsBothWays() throws {
    let call = try Call()
    let microphone = try call.room.publish(name: "mic", source: .microphone, muted: false, now: call.now)
    try call.room.join(
      url: "ws://server", token: Bench.token(), now: call.now)
    try call.run(5)
    let phone = call.ends[.subscriber]!.addAudioSender(trackID: "TR_P")
    call.offer(9, track: "TR_P")
    try call.run(2_000)
    #expect(call.room.state == .connected)
    #expect(call.slots == [0])
    for number in 0..<50 {
      let frame = PeerConnection.AudioFrame(
        payload: [1, 2, 3], timestamp: UInt32(number * 960), marker: false, level: 30, voice: true)
      call.room.send(frame, track: microphone, now: call.now)
      call.ends[.subscriber]!.send(frame, mid: phone, now: call.now)
      try call.run(20)
    }
    #expect(call.heardByServer.count == 50)
    #expect(call.heardByServer.map(\.marker) == [true] + [Bool](repeating: false, count: 49))
    #expect(call.heardByRoom.count == 50)
    #expect(call.heardByRoom.allSatisfy { $0.slot == 0 })
    #expect(call.room.mediaStatistics(.publisher)?.packetsSent == 50)
    call.room.setMuted(true, track: microphone, now: call.now)
    call.room.send(
      .init(payload: [1], timestamp: 0, marker: false, level: 30, voice: true), track: microphone,
      now: call.now)
    try call.run(50)
    #expect(call.heardByServer.count == 50)
    call.room.leave(now: call.now)
    try call.run(10)
    #expect(call.room.state == .disconnected)
  }
}
