import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// A room, a virtual clock, and everything that came out of it.
final class Bench {
  static let wall: Int64 = 1_795_000_000
  let room: Room
  private(set) var now = Instant(microseconds: 1_000_000)
  private let made: Made

  var events: [Event] = []
  var requests: [Fields] = []
  var rawRequests: [[UInt8]] = []
  var opened: [(connection: Int, url: String, token: String)] = []
  var closed: [Int] = []
  var gets: [(request: Int, url: String, token: String)] = []
  var resolving: [String] = []
  var sockets: [String] = []
  var streams: [String] = []
  var transmitted: [Room.Peer] = []
  var wait: Instant?
  var heard: [ReceivedAudio] = []
  var derivations: [(key: EncryptionKey, generation: Int)] = []
  var answeredDerivations = 0

  /// Peers in the order in which they were made.
  final class Made {
    var peers: [ScriptedPeer] = []

    func call<Value>(_ body: () throws -> Value) throws -> Value { try body() }
  }

  init(
    retry: RetryPolicy = RetryPolicy(), limits: LiveKit.Limits = LiveKit.Limits(), seed: UInt64 = 1,
    rpcMethods: [Name] = [], oneConnection: Bool = false
  ) throws {
    let made = Made()
    self.made = made
    var configuration = Room.Configuration(
      certificate: try made.call(Certificate.init), productVersion: "1.0 x")
    configuration.retry = retry
    configuration.limits = limits
    configuration.rpcMethods = rpcMethods
    configuration.prefersOneConnection = oneConnection
    configuration.unixMilliseconds = { Bench.wall * 1000 }
    room = Room(configuration: configuration, random: SeededRandom(seed: seed)) { _, _ in
      let peer = ScriptedPeer()
      made.peers.append(peer)
      return peer
    }
  }

  var peers: [ScriptedPeer] { made.peers }
  var subscriber: ScriptedPeer? { room.core.media.subscriber as? ScriptedPeer }
  var publisher: ScriptedPeer? { room.core.media.publisher as? ScriptedPeer }
  var connection: Int { opened.last?.connection ?? -1 }

  func drain() {
    while true {
      switch room.poll(now: now) {
      case .openWebSocket(let connection, let url, let token): opened.append((connection, url, token))
      case .sendWebSocket(let connection, let bytes):
        #expect(connection == self.connection)
        rawRequests.append(bytes)
        if let fields = Fields(bytes) { requests.append(fields) } else { Issue.record("not protobuf") }
      case .closeWebSocket(let connection): closed.append(connection)
      case .httpGet(let request, let url, let token): gets.append((request, url, token))
      case .openSockets(let peer): sockets.append("open \(peer)")
      case .closeSockets(let peer): sockets.append("close \(peer)")
      case .resolveHost(let name): resolving.append(name)
      case .cancelHosts: resolving.append("cancelled")
      case .transmit(_, _, _, let peer): transmitted.append(peer)
      case .openStream(let id, _, _, _, _): streams.append("open \(id)")
      case .sendStream(let id, _, _, _): streams.append("send \(id)")
      case .closeStream(let id, _): streams.append("close \(id)")
      case .deriveKey(let key, let generation): derivations.append((key, generation))
      case .event(let event): events.append(event)
      case .wait(let until):
        wait = until
        while let packet = room.nextAudio() { heard.append(packet) }
        return
      }
    }
  }

  func handle(_ input: Room.Input) {
    room.handle(input, now: now)
    drain()
  }

  func server(_ message: [UInt8]) { handle(.webSocketMessage(message, connection: connection)) }

  /// Lets time pass as an event loop does: from deadline to deadline.
  func advance(_ milliseconds: Int) {
    let end = now.advanced(byMilliseconds: milliseconds)
    drain()
    var turns = 0
    while let next = wait, next <= end {
      turns += 1
      guard turns < 10_000 else {
        Issue.record("the room does not wait")
        return
      }
      now = max(now, next)
      handle(.timeout)
    }
    now = end
  }

  func join(token: String = Bench.token()) throws {
    try room.join(url: "wss://example.com", token: token, now: now)
    drain()
  }

  /// Dialled, joined and connected.
  func connect(_ join: [UInt8] = Server.join()) throws {
    try self.join()
    accept(join)
  }

  func accept(_ join: [UInt8] = Server.join()) {
    handle(.webSocketOpened(connection: connection))
    server(join)
    bringUp()
  }

  /// Connected, with the server's channels open, and ours if data is to be sent.
  static func withData(
    rpcMethods: [Name] = ["echo"], limits: LiveKit.Limits = LiveKit.Limits(), join: [UInt8] = Server.join()
  ) throws -> Bench {
    let bench = try Bench(limits: limits, rpcMethods: rpcMethods)
    try bench.connect(join)
    bench.openChannels()
    bench.answerOffer()
    return bench
  }

  /// The server wants a new session, which is dialled at once if this one has stood for a while.
  func loseSession() { server(Server.leave(action: 2, reason: 6)) }

  /// Lets the pause before the next attempt pass, if there is one.
  func redial() {
    let pause = failures.last?.retry ?? 0
    let dials = pause == 0 ? opened.count - 1 : opened.count
    advance(pause)
    #expect(opened.count == dials + 1)
  }

  func answerOffer() {
    guard let offer = room.core.media.negotiation.outstanding else { return }
    server(Server.answer(Int(offer.id)))
  }

  /// Lets time pass while the server lives.
  func idle(_ milliseconds: Int) {
    var left = milliseconds
    while left > 4_000 {
      advance(4_000)
      left -= 4_000
      server(Server.pong(0))
    }
    advance(left)
  }

  func openChannels() {
    subscriber?.open("_reliable", "_lossy")
    publisher?.open("_reliable", "_lossy")
    drain()
  }

  /// A packet of somebody else, as the server forwards it.
  func deliver(
    _ value: DataPacket.Value, from identity: Name = "agent", sid: Name? = nil, _ sequence: UInt32 = 0,
    on label: String = "_reliable"
  ) {
    subscriber?.receive(
      DataPacket(identity: identity, sid: sid ?? "PA_\(identity)", sequence: sequence, value: value),
      on: label)
    drain()
  }

  var data: DataStatistics { room.statistics.data }
  var sentPackets: [ScriptedPeer.Sent] { publisher?.packets() ?? [] }

  func bringUp() {
    subscriber?.become(.connected)
    publisher?.become(.connected)
    drain()
  }

  /// The last request of this kind.
  func last(_ field: Int) -> Fields? { requests.last { $0.only == field }?.message(field) }
  func count(_ field: Int) -> Int { requests.filter { $0.only == field }.count }

  var stateChanges: [String] {
    events.compactMap { if case .connectionStateChanged(let state, _) = $0 { "\(state)" } else { nil } }
  }
  var failures: [(code: String, retry: Int?)] {
    events.compactMap {
      if case .connectionFailed(let failure, let retry) = $0 { (failure.code, retry) } else { nil }
    }
  }

  static func token(_ claims: String? = nil) -> String {
    let claims =
      claims
      ?? #"{"iss":"key","sub":"door","exp":1795003600,"nbf":1794999999,"video":{"roomJoin":true,"room":"hall"}}"#
    let part = { (text: String) in Base64.encode(Array(text.utf8), urlSafe: true, padding: false) }
    return part(#"{"alg":"HS256","typ":"JWT"}"#) + "." + part(claims) + "." + part("signature")
  }
}
