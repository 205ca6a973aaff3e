import Base
import WebRTC

@testable import LiveKit

/// Joining, leaving, media, and who else is there.
extension Server {
  // MARK: - Joining

  func join(_ request: JoinURL, _ connection: ServerConnection) {
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
    if entry.peer === session?.publisher || entry.peer === session?.subscriber {
      session?.mediaAt = clock.now
    }
    let wasUp = entry.peer.state == .connected
    entry.peer.handle(.datagram(bytes, from: from, to: to), now: clock.now)
    drain(entry.peer)
    if !wasUp, entry.peer.state == .connected, let session { mediaIsUp(entry.peer, session) }
  }

  func drain(_ peer: ModelPeer) {
    while true {
      if case .wait = peer.poll(now: clock.now) { return }
    }
  }

  func mediaIsUp(_ peer: ModelPeer, _ session: ServerSession) {
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

  func housekeep() {
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
    guard guests.contains(where: { $0 === guest }) else { return }
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
