import Base
import WebRTC

@testable import LiveKit

/// What the URL of a WebSocket asks for.
struct JoinURL {
  var isOne = false
  var resumes: String?
  var tracks: [Fields] = []
  var offer: String?

  init(_ url: String) {
    if let start = Self.end(of: "join_request=", in: url) {
      isOne = true
      var text = Array(url.utf8)[start...].map { $0 == 0x2D ? 0x2B : $0 == 0x5F ? 0x2F : $0 }
      text = text.filter { $0 != UInt8(ascii: "%") }
      guard let bytes = Base64.decode(text), let request = Fields(bytes)?.message(2) else { return }
      tracks = request.messages(5)
      offer = request.message(6)?.text(2)
      if request.flag(7) { resumes = request.text(9) }
    } else if let start = Self.end(of: "&sid=", in: url) {
      resumes = String(decoding: Array(url.utf8)[start...].prefix { $0 != UInt8(ascii: "&") }, as: UTF8.self)
    }
  }

  private static func end(of part: String, in url: String) -> Int? {
    let (bytes, wanted) = (Array(url.utf8), Array(part.utf8))
    guard bytes.count >= wanted.count else { return nil }
    for start in 0...(bytes.count - wanted.count)
    where bytes[start..<start + wanted.count].elementsEqual(wanted) {
      return start + wanted.count
    }
    return nil
  }
}

/// What the device says over its WebSocket, and what is answered.
extension Server {
  func handle(_ kind: Int, _ message: Fields?, _ session: ServerSession) {
    switch kind {
    case 1:
      guard let message else { return }
      let peer = session.publisher ?? makePeer(session, isPublisher: true)
      answer(message.text(2), Int(message.number(3)), peer, session)
    case 2:
      guard let message, let peer = session.subscriber, message.number(3) == Int64(session.offerID) else {
        return
      }
      try? peer.acceptAnswer(message.text(2), now: clock.now)
      session.awaitsAnswer = false
      if session.offersAgain { offer(session) }
    case 4: if let message { publish(message, session) }
    case 5:
      guard let message else { return }
      for index in session.tracks.indices where session.tracks[index].sid == message.text(1) {
        session.tracks[index].isMuted = message.flag(2)
        clock.note("server", "is told that \(message.text(1)) is \(message.flag(2) ? "muted" : "live")")
      }
    case 6:
      guard let message else { return }
      for sid in message.texts(1) {
        session.wanted = session.wanted.filter { $0 != sid }
        session.unwanted = session.unwanted.filter { $0 != sid }
        if message.flag(2) { session.wanted.append(sid) } else { session.unwanted.append(sid) }
      }
      forwardingChanged(session)
    case 8:
      clock.note("server", "\(session.sid) leaves")
      end(session, leave: nil)
    case 12: synchronised(message, session)
    case 15:
      let id = message?.number(4) ?? 0
      send(
        Wire().message(22, Wire().number(1, id).number(2, 0).message(7, Wire().number(4, id))),
        session.connection)
    case 16:
      let stamp = message?.number(1) ?? 0
      send(Wire().message(20, Wire().number(1, stamp).number(2, stamp)), session.connection)
    default: break
    }
  }

  func publish(_ request: Fields, _ session: ServerSession) {
    let (cid, muted) = (request.text(1), request.flag(6))
    let sid = name("TR")
    session.tracks.append((cid, sid, muted))
    let track = Wire().text(1, sid).number(2, 0).text(3, "microphone").flag(4, muted).number(9, 2)
    send(Wire().message(6, Wire().text(1, cid).message(2, track)), session.connection)
    if guests.contains(where: { $0.kind == .agent }) { subscribed(session) }
  }

  /// Somebody hears the device's track.
  func subscribed(_ session: ServerSession) {
    for track in session.tracks {
      send(Wire().message(23, Wire().text(1, track.sid)), session.connection)
    }
  }

  func answer(_ offer: String, _ id: Int, _ peer: ModelPeer, _ session: ServerSession) {
    guard let description = ModelDescription(offer) else { return }
    let offered = description.sections.map { $0.track }
    session.tracks = session.tracks.filter { offered.contains($0.cid) }
    if session.isOne {
      peer.offerAudioReceivers(0)
      session.sections = arranged(session, mids: description.receivers)
      peer.forward(session.sections)
    }
    guard let answer = try? peer.acceptOffer(offer, now: clock.now) else { return }
    send(Wire().message(2, Wire().text(1, "answer").text(2, answer).number(3, id)), session.connection)
    if session.isOne, forwarded(session).count != session.sections.count { forwardingChanged(session) }
  }

  /// A track keeps its section for as long as it is there.
  private func arranged(_ session: ServerSession, mids: Int) -> [ModelDescription.Section] {
    let wanted = forwarded(session)
    var kept = session.sections.filter { section in wanted.contains { $0.track == section.track } }
    for guest in wanted where !kept.contains(where: { $0.track == guest.track }) {
      for number in 0..<mids where !kept.contains(where: { $0.mid == "r\(number)" }) {
        kept.append(.init(mid: "r\(number)", isActive: true, stream: guest.stream, track: guest.track))
        break
      }
    }
    return kept
  }

  /// What the device is to hear.
  func forwarded(_ session: ServerSession) -> [(stream: String, track: String)] {
    var tracks: [(stream: String, track: String)] = []
    for guest in guests {
      guard let track = guest.track else { continue }
      let isWanted = session.isOne ? !session.unwanted.contains(track) : session.wanted.contains(track)
      if isWanted { tracks.append((guest.sid + "|" + track, track)) }
    }
    return tracks
  }

  /// Changes are told together, a moment later.
  func forwardingChanged(_ session: ServerSession) {
    guard !session.changeDue else { return }
    session.changeDue = true
    clock.after(150) {
      session.changeDue = false
      guard session === self.session else { return }
      guard session.isOne else { return self.offer(session) }
      let tracks = self.forwarded(session)
      let isSame =
        tracks.count == session.sections.count
        && tracks.allSatisfy { track in session.sections.contains { $0.track == track.track } }
      guard !isSame else { return }
      let missing = max(0, tracks.count - (session.publisher?.remote?.receivers ?? 0))
      self.send(Wire().message(25, Wire().number(1, missing).number(2, 0)), session.connection)
    }
  }

  /// With two peer connections: ours to offer.
  func offer(_ session: ServerSession) {
    guard session === self.session, let peer = session.subscriber, session.connection != nil else { return }
    guard !session.awaitsAnswer else {
      session.offersAgain = true
      return
    }
    session.offersAgain = false
    session.awaitsAnswer = true
    session.offerID += 1
    session.sections = arranged(session, mids: 12)
    peer.forward(session.sections)
    let sdp = peer.makeOffer(now: clock.now)
    send(
      Wire().message(3, Wire().text(1, "offer").text(2, sdp).number(3, session.offerID)), session.connection)
  }

  // MARK: - The way back

  func resume(_ sid: String, _ connection: ServerConnection) {
    guard let session, session.sid == sid, !forgets else {
      clock.note("server", "does not know \(sid) any more")
      send(Wire().message(8, Wire().number(2, 6).number(3, 2)), connection)
      return close(connection, 1000, "")
    }
    if let old = session.connection { close(old, 1000, "") }
    session.connection = connection
    connection.session = session
    session.heardAt = clock.now
    session.awaitsAnswer = false
    clock.note("server", "\(sid) goes on")
    send(Wire().message(19, Wire().number(4, 0)), connection)
    var update = Wire().message(1, own(session, state: 2))
    for guest in guests { update = update.message(1, guest.info()) }
    send(Wire().message(5, update), connection)
    send(Wire().message(11, Wire().message(1, Wire().text(1, "RM_1").text(2, "hall"))), connection)
  }

  /// What the device thinks of the session. With two peer connections we restart ICE.
  private func synchronised(_ state: Fields?, _ session: ServerSession) {
    if !session.isOne {
      session.subscriber?.restartICE()
      offer(session)
    }
    if let tracks = state?.messages(3) {
      for track in tracks {
        let (sid, muted) = (track.message(2)?.text(1) ?? "", track.message(2)?.flag(4) ?? false)
        for index in session.tracks.indices where session.tracks[index].sid == sid {
          session.tracks[index].isMuted = muted
        }
      }
    }
    forwardingChanged(session)
  }

  // MARK: - Data

  func message(_ bytes: [UInt8]) {
    var dropped = 0
    guard let packet = DataPacketDecoder.decode(bytes, limits: LiveKit.Limits(), dropped: &dropped) else {
      return
    }
    onData?(packet)
  }

  /// A packet of somebody in the room, for the device. False if there is no way to it now.
  @discardableResult
  func deliver(_ value: DataPacket.Value, from guest: Guest, sequence: UInt32 = 0) -> Bool {
    guard let peer = session?.down, peer.state == .connected else { return false }
    let packet = DataPacket(
      identity: Name(guest.identity) ?? "", sid: Name(guest.sid) ?? "", sequence: sequence, value: value)
    do throws(DataChannelFailure) {
      try peer.send(packet.encoded(lossy: false), channel: .init(1), now: clock.now)
      return true
    } catch { return false }
  }

  /// A packet of somebody's voice.
  func speak(_ guest: Guest) {
    guard let session, let track = guest.track,
      let section = session.sections.first(where: { $0.track == track })
    else { return }
    guest.spoken += 1
    let number = UInt16(truncatingIfNeeded: guest.spoken)
    let payload = [UInt8(number >> 8), UInt8(number & 0xFF)]
    session.down?.send(
      .init(payload: payload, timestamp: 0, marker: false, level: 30, voice: true), mid: section.mid,
      now: clock.now)
  }
}
