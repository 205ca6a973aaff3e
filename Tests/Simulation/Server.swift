import Base
import WebRTC

@testable import LiveKit

/// Somebody else in the room: an agent, a telephone, a person, each as the server tells of them.
final class Guest {
  enum Kind: Int { case standard = 0, sip = 3, agent = 4 }
  let identity: String
  let sid: String
  let kind: Kind
  var track: String?
  var version = 1
  /// The device was told.
  var isAnnounced = false
  var speaksSince: Instant?
  var isSpeaking: Bool { speaksSince != nil }
  var spoken = 0

  init(_ identity: String, _ sid: String, _ kind: Kind) {
    self.identity = identity
    self.sid = sid
    self.kind = kind
  }

  func info(hasLeft: Bool = false) -> Wire {
    var wire = Wire().text(1, sid).text(2, identity).number(3, hasLeft ? 3 : 2)
    if let track, !hasLeft {
      wire = wire.message(4, Wire().text(1, track).number(2, 0).text(3, "voice").number(9, 2).text(11, "audio/opus"))
    }
    return wire.number(10, version).message(11, Wire().flag(1, true).flag(2, true).flag(3, true))
      .number(14, kind.rawValue)
  }
}

/// A connection of the device's, as the server has it.
final class ServerConnection {
  let number: Int
  let toDevice: Pipe
  let toServer: Pipe
  var isOpen = true
  weak var session: ServerSession?

  init(_ number: Int, _ clock: Clockwork, _ link: Link) {
    self.number = number
    toDevice = Pipe(clock, link)
    toServer = Pipe(clock, link)
  }
}

/// The device's own place in the room.
final class ServerSession {
  let sid: String
  let isOne: Bool
  var connection: ServerConnection?
  var publisher: ModelPeer?
  var subscriber: ModelPeer?
  var publisherAddress: SocketAddress?
  var subscriberAddress: SocketAddress?
  var tracks: [(cid: String, sid: String, isMuted: Bool)] = []
  var wanted: [String] = []
  var unwanted: [String] = []
  var version = 1
  var heardAt: Instant
  var mediaAt: Instant
  var offerID = 1
  var awaitsAnswer = false
  var offersAgain = false
  var changeDue = false
  /// What an answer or offer said last of what is forwarded.
  var sections: [ModelDescription.Section] = []
  var joinedAt: Instant

  init(_ sid: String, isOne: Bool, _ now: Instant) {
    self.sid = sid
    self.isOne = isOne
    heardAt = now
    mediaAt = now
    joinedAt = now
  }

  /// The peer connection that sends to the device.
  var down: ModelPeer? { isOne ? publisher : subscriber }
}

/// The room server, as far as the device can tell: signalling of both versions, media, who is in the room.
final class Server {
  let clock: Clockwork
  let link: Link
  var isUp = true
  var isOld = false
  var refuses = 0
  /// Of each message.
  var slowMilliseconds = 0
  var forgets = false
  private(set) var goodSince: Instant?
  private(set) var session: ServerSession?
  private(set) var guests: [Guest] = []
  private var peers: [(address: SocketAddress, peer: ModelPeer)] = []
  private var nextPort: UInt16 = 40_000
  private var nextName = 0
  /// What the device hears of the server: a whole message, the end of a connection.
  var onMessage: (([UInt8], ServerConnection) -> Void)?
  var onClosed: ((ServerConnection, UInt16, String) -> Void)?
  var onDatagram: (([UInt8], SocketAddress, SocketAddress) -> Void)?
  /// The world's.
  var onJoined: ((ServerSession) -> Void)?
  var onGone: ((String) -> Void)?
  var onAudio: (([UInt8]) -> Void)?
  var onData: ((DataPacket) -> Void)?
  /// Of the wall clock, which the server has right.
  var unixSeconds: () -> Int64 = { 0 }

  init(_ clock: Clockwork, _ link: Link) {
    self.clock = clock
    self.link = link
    goodSince = clock.now
    housekeep()
  }

  func disturbed() { goodSince = clock.now }
  func changed() { goodSince = isUp && refuses == 0 && slowMilliseconds < 1_500 ? clock.now : nil }

  func name(_ prefix: String) -> String {
    nextName += 1
    return "\(prefix)_\(nextName)"
  }

  // MARK: - Connections

  /// What an upgrade comes to.
  enum Dialled {
    case opened(ServerConnection)
    case refused(TransportFailure)
    case silence
  }

  func dialled(_ number: Int, url: String, token: String) -> Dialled {
    guard isUp else { return .refused(.refused("nothing listens there")) }
    if refuses > 0 { return .refused(.http(status: refuses, body: Array("no".utf8))) }
    if isOld, JoinURL(url).isOne { return .refused(.http(status: 404, body: Array("404 page not found".utf8))) }
    guard let access = try? AccessToken(token) else {
      return .refused(.http(status: 401, body: Array("invalid token".utf8)))
    }
    if let end = access.expires, end < unixSeconds() {
      return .refused(.http(status: 401, body: Array("token is expired".utf8)))
    }
    let connection = ServerConnection(number, clock, link)
    connection.toDevice.onBroken = { self.broken(connection) }
    clock.after(slowMilliseconds) { self.opened(connection, url) }
    return .opened(connection)
  }

  private func broken(_ connection: ServerConnection) {
    connection.isOpen = false
    if connection.session?.connection === connection { connection.session?.connection = nil }
  }

  private func opened(_ connection: ServerConnection, _ url: String) {
    guard isUp, connection.isOpen else { return close(connection, 1006, "") }
    let request = JoinURL(url)
    if let sid = request.resumes { return resume(sid, connection) }
    if let session { end(session, leave: Wire().number(2, 2).number(3, 0)) }
    join(request, connection)
  }

  func send(_ wire: Wire, _ connection: ServerConnection?) {
    guard let connection, connection.isOpen else { return }
    connection.toDevice.send { self.onMessage?(wire.bytes, connection) }
  }

  func close(_ connection: ServerConnection?, _ code: UInt16, _ reason: String) {
    guard let connection, connection.isOpen else { return }
    connection.isOpen = false
    connection.toServer.close()
    connection.toDevice.send { self.onClosed?(connection, code, reason) }
  }

  /// From the device; what it sends arrives here after its way.
  func received(_ bytes: [UInt8], _ connection: ServerConnection) {
    let delay = slowMilliseconds == 0 ? 0 : clock.draw(0...slowMilliseconds)
    clock.after(delay) {
      guard self.isUp, let session = connection.session, session === self.session,
        let fields = Fields(bytes), let field = fields.all.first
      else { return }
      session.heardAt = self.clock.now
      self.handle(field.number, fields.message(field.number), session)
    }
  }

  func connectionGone(_ connection: ServerConnection) {
    connection.isOpen = false
    connection.toDevice.close()
    if connection.session?.connection === connection { connection.session?.connection = nil }
  }

  // MARK: - Joining

  private func join(_ request: JoinURL, _ connection: ServerConnection) {
    let session = ServerSession(name("PA"), isOne: request.isOne, clock.now)
    self.session = session
    session.connection = connection
    connection.session = session
    var join = Wire().message(1, Wire().text(1, "RM_1").text(2, "hall")).message(2, own(session, state: 0))
    for guest in guests {
      guest.isAnnounced = true
      join = join.message(3, guest.info())
    }
    join = join.text(4, "1.13.5").flag(6, !request.isOne).number(10, 15).number(11, 5)
      .message(12, Wire().text(2, "1.13.5").number(3, 17)).flag(15, true)
    send(Wire().message(1, join), connection)
    clock.note("server", "joined as \(session.sid), signalling \(request.isOne ? 1 : 0)")
    if request.isOne {
      let peer = makePeer(session, isPublisher: true)
      for track in request.tracks { publish(track, session) }
      if let offer = request.offer { answer(offer, 1, peer, session) }
    } else {
      _ = makePeer(session, isPublisher: false)
      clock.after(150) { self.offer(session) }
    }
  }

  func own(_ session: ServerSession, state: Int) -> Wire {
    session.version += 1
    var wire = Wire().text(1, session.sid).text(2, "door").number(3, state)
    for track in session.tracks {
      wire = wire.message(4, Wire().text(1, track.sid).number(2, 0).flag(4, track.isMuted).number(9, 2))
    }
    return wire.number(10, session.version)
      .message(11, Wire().flag(1, true).flag(2, true).flag(3, true).flag(10, true))
  }

  func makePeer(_ session: ServerSession, isPublisher: Bool) -> ModelPeer {
    let peer = ModelPeer(clock, isServer: true)
    let address = SocketAddress(ip: IPAddress(v4: 0x0A00_0001), port: nextPort)
    nextPort += 1
    peers.append((address, peer))
    peer.handle(.localAddress(address), now: clock.now)
    peer.transmit = { bytes, to in
      guard self.isUp else { return }
      self.link.datagram { self.onDatagram?(bytes, address, to) }
    }
    peer.onAudio = { bytes in self.onAudio?(bytes) }
    peer.onMessage = { bytes, _ in self.message(bytes) }
    if isPublisher {
      session.publisher = peer
      session.publisherAddress = address
    } else {
      session.subscriber = peer
      session.subscriberAddress = address
    }
    return peer
  }

  func datagram(_ bytes: [UInt8], from: SocketAddress, to: SocketAddress) {
    guard isUp, let entry = peers.first(where: { $0.address == to }) else { return }
    if entry.peer === session?.publisher || entry.peer === session?.subscriber { session?.mediaAt = clock.now }
    let wasUp = entry.peer.state == .connected
    entry.peer.handle(.datagram(bytes, from: from, to: to), now: clock.now)
    drain(entry.peer)
    if !wasUp, entry.peer.state == .connected, let session { mediaIsUp(entry.peer, session) }
  }

  private func drain(_ peer: ModelPeer) {
    while true {
      if case .wait = peer.poll(now: clock.now) { return }
    }
  }

  private func mediaIsUp(_ peer: ModelPeer, _ session: ServerSession) {
    let isPrimary = session.isOne ? peer === session.publisher : peer === session.subscriber
    guard isPrimary else { return }
    clock.note("server", "media of \(session.sid) flows")
    send(Wire().message(5, Wire().message(1, own(session, state: 2))), session.connection)
    onJoined?(session)
  }

  // MARK: - Leaving

  /// A session ends; what the device is told of it, if anything.
  func end(_ session: ServerSession, leave: Wire?) {
    if let leave { send(Wire().message(8, leave), session.connection) }
    close(session.connection, 1000, "")
    session.connection = nil
    for peer in [session.publisher, session.subscriber] {
      peer?.close(now: clock.now)
      if let peer { drain(peer) }
      peers = peers.filter { $0.peer !== peer }
    }
    if self.session === session {
      self.session = nil
      onGone?(session.sid)
    }
  }

  /// Everything in memory is lost, and nobody is told.
  func crash(forMilliseconds milliseconds: Int) {
    clock.note("server", "crashes for \(milliseconds) ms")
    isUp = false
    changed()
    close(session?.connection, 1006, "")
    if let session {
      self.session = nil
      onGone?(session.sid)
    }
    peers = []
    guests = []
    clock.after(milliseconds) {
      self.isUp = true
      self.changed()
      self.clock.note("server", "is up again")
    }
  }

  private func housekeep() {
    clock.after(1_000) { self.housekeep() }
    guard let session else { return }
    for peer in [session.publisher, session.subscriber] {
      peer?.handle(.timeout, now: clock.now)
      if let peer { drain(peer) }
    }
    if let connection = session.connection, clock.now.milliseconds(since: session.heardAt) > 16_000 {
      clock.note("server", "hears no ping")
      close(connection, 1006, "ping timeout")
      session.connection = nil
    }
    let silence = min(
      clock.now.milliseconds(since: session.heardAt), clock.now.milliseconds(since: session.mediaAt))
    if session.connection == nil, silence > 20_000 {
      clock.note("server", "forgets \(session.sid)")
      end(session, leave: nil)
    }
  }

  // MARK: - Others

  func enter(_ guest: Guest) {
    guests.append(guest)
    clock.note(guest.identity, "enters as \(guest.sid)")
    announce(guest)
  }

  func announce(_ guest: Guest) {
    guest.version += 1
    guest.isAnnounced = true
    send(Wire().message(5, Wire().message(1, guest.info())), session?.connection)
    if let session { forwardingChanged(session) }
  }

  func leave(_ guest: Guest) {
    guard guests.contains(where: { $0 === guest }) else { return }
    guests = guests.filter { $0 !== guest }
    guest.version += 1
    clock.note(guest.identity, "leaves")
    send(Wire().message(5, Wire().message(1, guest.info(hasLeft: true))), session?.connection)
    if let session { forwardingChanged(session) }
  }
}
