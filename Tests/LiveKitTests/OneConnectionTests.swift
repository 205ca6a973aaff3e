import Base
import Testing
import WebRTC

@testable import LiveKit

/// Signalling version 1, against a scripted server and a scripted peer connection.
@Suite struct OneConnectionTests {
  /// Joined over one connection; what the room then has to say is in `requests`.
  private func joined(
    _ others: [Wire] = [], limits: LiveKit.Limits = LiveKit.Limits(), canPublish: Bool = true,
    publish: Bool = true
  ) throws -> Bench {
    let bench = try Bench(limits: limits, oneConnection: true)
    if publish {
      _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    }
    try bench.join()
    bench.handle(.socketsOpened(.publisher))
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.join(others: others, subscriberPrimary: false, canPublish: canPublish))
    return bench
  }

  private func request(_ bench: Bench) throws -> Fields {
    let prefix = "wss://example.com/rtc/v1?join_request="
    let url = try #require(bench.opened.last).url
    #expect(url.hasPrefix(prefix))
    let text = String(url.dropFirst(prefix.count))
    // Without padding, or in the other alphabet, a server answers 400.
    #expect(text.count % 4 == 0 && !text.contains("+") && !text.contains("/"))
    let bytes = try #require(Base64.decode(text.utf8))
    let wrapped = try #require(Fields(bytes))
    #expect(wrapped.number(1) == 0)
    return try #require(wrapped.message(2))
  }

  private func person(_ name: String, _ tracks: [Wire], version: Int = 1) -> Wire {
    Server.participant(name, "PA_" + name, version: version, tracks: tracks)
  }

  private func offers(_ bench: Bench) -> [Int] {
    bench.requests.compactMap { $0.message(1)?.number(3) }
  }

  @Test func theJoinCarriesOfferAndTrack() throws {
    let bench = try Bench(oneConnection: true)
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: true, now: bench.now)
    try bench.join()
    #expect(bench.sockets == ["open publisher"] && bench.opened.isEmpty)
    let address = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 4_000)
    bench.handle(.localAddress(address, peer: .publisher))
    #expect(bench.opened.isEmpty)
    bench.handle(.socketsOpened(.publisher))
    #expect(bench.opened.count == 1)
    let request = try request(bench)
    let client = try #require(request.message(1))
    #expect(client.number(1) == 10 && client.text(2) == "1.0 x" && client.number(3) == 16)
    #expect(client.text(4) == "linux")
    #expect(request.message(2)?.number(1) == 1)
    let track = try #require(request.message(5))
    #expect(track.text(1) == bench.publisher?.senders[0].trackID && track.text(2) == "mic")
    #expect(track.number(6) == 1 && track.number(8) == 2 && track.number(13) == 1)
    let offer = try #require(request.message(6))
    #expect(offer.text(1) == "offer" && offer.text(2) == "our offer 1" && offer.number(3) == 1)
    #expect(bench.publisher?.receivers == 3)
    #expect(bench.publisher?.channels.map(\.label) == ["_reliable", "_lossy"])
    #expect(bench.opened[0].token == Bench.token() && !bench.opened[0].url.contains(Bench.token()))
  }

  @Test func socketsAreNotWaitedForLong() throws {
    let bench = try Bench(oneConnection: true)
    try bench.join()
    #expect(bench.room.nextDeadline?.name == "sockets")
    bench.advance(49)
    #expect(bench.opened.isEmpty)
    bench.advance(1)
    #expect(bench.opened.count == 1)
    bench.handle(.socketsOpened(.publisher))
    bench.advance(1_000)
    #expect(bench.opened.count == 1)
  }

  @Test func joinPublishedAndAnswerComeTogether() throws {
    let bench = try joined()
    let cid = try #require(bench.publisher?.senders[0].trackID)
    bench.server(Server.published(cid, "TR_ME"))
    bench.server(Server.answer(1))
    #expect(bench.room.localTracks[0].state == .published)
    #expect(bench.publisher?.answers == ["answer"])
    // Nothing had to be asked: a ping is all that was said.
    #expect(bench.requests.map(\.only) == [16])
    #expect(bench.room.state == .connecting)
    bench.publisher?.become(.connected)
    bench.drain()
    #expect(bench.room.state == .connected)
    #expect(bench.subscriber == nil && bench.sockets == ["open publisher"])
  }

  @Test func candidatesWaitForTheJoin() throws {
    let bench = try Bench(oneConnection: true)
    try bench.join()
    bench.handle(.socketsOpened(.publisher))
    bench.publisher?.outputs.append(.event(.candidate("candidate:1", mid: "0", sectionIndex: 0)))
    bench.drain()
    bench.handle(.webSocketOpened(connection: bench.connection))
    #expect(bench.requests.isEmpty)
    bench.server(Server.join(subscriberPrimary: false, stun: ["stun:192.0.2.9:3478"]))
    #expect(bench.last(3)?.text(1).contains("candidate:1") == true)
    #expect(bench.last(3)?.number(2) == 0)
    let learned = bench.publisher?.inputs.contains {
      if case .stunServer = $0 { true } else { false }
    }
    #expect(learned == true)
    bench.publisher?.outputs.append(.event(.candidate("candidate:2", mid: "0", sectionIndex: 0)))
    bench.drain()
    #expect(bench.count(3) == 2)
  }

  @Test func anOldServerIsDialledAgainAtOnceAndRemembered() throws {
    let bench = try Bench(oneConnection: true)
    _ = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    try bench.join()
    bench.handle(.socketsOpened(.publisher))
    let words = Array("404 page not found".utf8)
    bench.handle(.webSocketFailed(connection: bench.connection, .http(status: 404, body: words)))
    #expect(bench.opened.count == 2)
    #expect(bench.opened[1].url.hasPrefix("wss://example.com/rtc?protocol=16"))
    #expect(bench.sockets == ["open publisher", "close publisher"])
    #expect(bench.failures.isEmpty && bench.room.localTracks[0].state == .waiting)
    bench.accept()
    #expect(bench.count(4) == 1)
    bench.server(Server.published(bench.last(4)?.text(1) ?? "", "TR_ME"))
    bench.server(Server.leave(action: 2, reason: 3))
    bench.redial()
    #expect(bench.opened[2].url.hasPrefix("wss://example.com/rtc?protocol=16"))
  }

  @Test func aRoomThatIsNotThereIsNoOldServer() throws {
    let bench = try Bench(oneConnection: true)
    try bench.join()
    bench.handle(.socketsOpened(.publisher))
    let words = Array("requested room does not exist".utf8)
    bench.handle(.webSocketFailed(connection: bench.connection, .http(status: 404, body: words)))
    #expect(bench.opened.count == 1)
    #expect(bench.failures.map(\.code) == ["room-does-not-exist"])
  }

  @Test func oldServersAreForgottenOneByOne() throws {
    let bench = try Bench(oneConnection: true)
    for number in 0..<10 {
      try bench.room.join(url: "wss://s\(number).example", token: Bench.token(), now: bench.now)
      bench.drain()
      bench.handle(.socketsOpened(.publisher))
      bench.handle(.webSocketFailed(connection: bench.connection, .http(status: 404, body: [])))
      bench.room.leave(now: bench.now)
      bench.drain()
    }
    #expect(bench.room.core.oldServers.count == 8)
    #expect(bench.room.core.oldServers.last?.authority == "s9.example")
  }

  @Test func tracksThatTheFirstAnswerMissedAreAskedForAtOnce() throws {
    let tracks = (0..<5).map { person("p\($0)", [Server.track("TR_\($0)")]) }
    let bench = try joined(tracks)
    bench.server(Server.answer(1))
    #expect(offers(bench) == [2])
    #expect(bench.publisher?.receivers == 5)
    // Once: a server that has nothing more to say says so by itself.
    bench.server(Server.answer(2))
    #expect(offers(bench) == [2])
    bench.server(Server.sectionsRequired(0, 0))
    #expect(offers(bench) == [2, 3])
  }

  @Test func tracksThatTheFirstAnswerHasAreNotAskedFor() throws {
    let bench = try joined([person("p", [Server.track("TR_P")])])
    bench.publisher?.nextSections = [.audio("1", "PA_p", "TR_P")]
    bench.server(Server.answer(1))
    #expect(offers(bench).isEmpty)
    #expect(bench.room.subscriptions.map(\.trackSID) == ["TR_P"])
    bench.publisher?.receive(mid: "1", sequence: 9)
    bench.drain()
    #expect(bench.heard.map(\.sequence) == [9])
    // The next answer is the whole truth.
    bench.publisher?.nextSections = []
    bench.server(Server.sectionsRequired(0, 0))
    bench.server(Server.answer(2))
    #expect(bench.room.subscriptions.isEmpty)
  }

  /// A demand that cannot be met comes again after every offer.
  @Test func requirementsAreMetAsFarAsTheyCanBe() throws {
    let bench = try joined()
    bench.server(Server.answer(1))
    bench.server(Server.sectionsRequired(2, 0))
    #expect(offers(bench) == [2] && bench.publisher?.receivers == 5)
    // While an offer is under way another one waits for its answer.
    bench.server(Server.sectionsRequired(1, 1))
    #expect(offers(bench) == [2] && bench.publisher?.receivers == 6)
    bench.server(Server.answer(2))
    #expect(offers(bench) == [2, 3])
    bench.server(Server.answer(3))
    bench.server(Server.sectionsRequired(0, 1))
    bench.server(Server.sectionsRequired(4_000_000_000, 0))
    #expect(offers(bench) == [2, 3, 4] && bench.publisher?.receivers == 12)
    bench.server(Server.answer(4))
    for _ in 0..<100 { bench.server(Server.sectionsRequired(492, 500)) }
    #expect(offers(bench) == [2, 3, 4])
  }

  @Test func picturesAndTooManySoundsAreRefused() throws {
    let both = (0..<20).map {
      person("p\($0)", [Server.track("TR_\($0)"), Server.track("TR_V\($0)", type: 1)])
    }
    let bench = try joined(both)
    let refused = try #require(bench.last(6))
    #expect(refused.number(2) == 0)
    let sids = (refused.data[1] ?? []).map { String(decoding: $0, as: UTF8.self) }
    #expect(Set(sids) == Set((8..<20).map { "TR_\($0)" } + (0..<20).map { "TR_V\($0)" }))
    bench.server(Server.answer(1))
    #expect(bench.publisher?.receivers == 8)
  }

  @Test func whoSpeaksIsAskedForAndTheOtherOneIsNot() throws {
    var limits = LiveKit.Limits()
    limits.subscriptionsMax = 1
    let bench = try joined(
      [person("a", [Server.track("TR_A")]), person("b", [Server.track("TR_B")])], limits: limits)
    bench.publisher?.nextSections = [.audio("1", "PA_a", "TR_A")]
    bench.server(Server.answer(1))
    bench.requests = []
    let speaker = Wire().text(1, "PA_b").float(2, 0.5).flag(3, true)
    bench.server(Wire().message(10, Wire().message(1, speaker)).bytes)
    #expect(bench.requests.compactMap { $0.message(6)?.text(1) } == ["TR_A", "TR_B"])
    #expect(bench.requests.compactMap { $0.message(6)?.number(2) } == [0, 1])
    #expect(bench.room.subscriptions.isEmpty)
  }

  /// What is not wanted any more makes room, although the server goes on to say how much it lacks.
  @Test func roomThatWasMadeIsOffered() throws {
    var limits = LiveKit.Limits()
    limits.subscriptionsMax = 1
    limits.receiversMax = 1
    let bench = try joined([person("a", [Server.track("TR_A")])], limits: limits)
    bench.publisher?.nextSections = [.audio("1", "PA_a", "TR_A")]
    bench.server(Server.answer(1))
    bench.server(
      Server.update([
        Server.participant("agent", "PA_g", version: 1, tracks: [Server.track("TR_G")], kind: 4)
      ]))
    #expect(bench.last(6)?.text(1) == "TR_A" && bench.last(6)?.number(2) == 0)
    for _ in 0..<5 {
      bench.server(Server.sectionsRequired(1, 0))
      bench.answerOffer()
    }
    #expect(offers(bench) == [2])
  }

  @Test func aMissingOfferIsMade() throws {
    let bench = try joined([person("p", [Server.track("TR_P"), Server.track("TR_V", type: 1)])])
    bench.publisher?.nextSections = [.audio("1", "PA_p", "TR_P")]
    bench.server(Server.answer(1))
    bench.server(Server.subscriptionFailed("TR_V", 0))
    #expect(offers(bench).isEmpty)
    bench.server(Server.subscriptionFailed("TR_P", 0))
    #expect(offers(bench) == [2])
    bench.events = []
    bench.server(Server.permission("TR_P", allowed: false))
    #expect(SubscribeTests.story(bench) == ["refused TR_P: its publisher does not permit it"])
  }

  @Test func theTokenMayNotPublish() throws {
    let bench = try joined(canPublish: false)
    #expect(bench.room.localTracks[0].state == .refused)
    #expect(bench.publisher?.removed == ["0"])
    bench.server(Server.answer(1))
    #expect(offers(bench) == [2])
  }

  @Test func publishedAndWithdrawnLater() throws {
    let bench = try joined(publish: false)
    bench.server(Server.answer(1))
    let track = try bench.room.publish(name: "mic", source: .microphone, muted: false, now: bench.now)
    bench.drain()
    #expect(bench.requests.map(\.only) == [16, 4, 1])
    bench.room.unpublish(track, now: bench.now)
    bench.server(Server.answer(2))
    #expect(offers(bench) == [2, 3])
    #expect(bench.publisher?.removed == ["0"])
  }

  @Test func theAnswerIsNotWaitedForEver() throws {
    let bench = try joined()
    bench.idle(9_999)
    #expect(bench.failures.isEmpty)
    bench.idle(1)
    #expect(bench.failures.map(\.code) == ["negotiation-timeout"])
    #expect(bench.sockets == ["open publisher", "close publisher"])
    bench.redialSingle()
    #expect(try request(bench).message(5)?.text(2) == "mic")
  }

  /// The session goes on over the same peer connection, and the server is asked in the words of the same version.
  @Test func resumed() throws {
    let bench = try joined([person("p", [Server.track("TR_P"), Server.track("TR_V", type: 1)])])
    bench.publisher?.nextSections = [.audio("1", "PA_p", "TR_P")]
    bench.server(Server.answer(1))
    bench.publisher?.become(.connected)
    bench.drain()
    bench.handle(.webSocketClosed(connection: bench.connection, code: 1006, reason: ""))
    let request = try request(bench)
    #expect(request.number(7) == 1 && request.number(8) == 1 && request.text(9) == "PA_me")
    #expect(request.message(6) == nil && request.message(5) == nil)
    bench.requests = []
    bench.handle(.webSocketOpened(connection: bench.connection))
    bench.server(Server.reconnect())
    let state = try #require(bench.last(12))
    #expect(state.message(2)?.text(1) == "TR_V" && state.message(2)?.number(2) == 0)
    #expect(bench.peers.count == 1 && bench.room.subscriptions.map(\.trackSID) == ["TR_P"])
    // What changed meanwhile is said as usual.
    bench.server(Server.sectionsRequired(0, 0))
    #expect(offers(bench) == [2])
  }

  @Test func aServerThatOffersIsNotAnswered() throws {
    let bench = try joined()
    bench.server(Server.offer(4))
    #expect(bench.subscriber == nil && bench.count(2) == 0)
  }
}

extension Bench {
  fileprivate func redialSingle() {
    advance(failures.last?.retry ?? 0)
    handle(.socketsOpened(.publisher))
  }
}
