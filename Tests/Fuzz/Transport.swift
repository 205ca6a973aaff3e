import Base

@testable import WebRTC

/// Session descriptions: what is accepted must survive being written and read again, and be answerable.
func fuzzDescription(_ bytes: [UInt8]) {
  guard let description = try? SessionDescription.parse(String(decoding: bytes, as: UTF8.self)) else {
    return
  }
  let identity = LocalIdentity(
    sessionID: 1, credentials: ICECredentials(usernameFragment: "abcd", password: "0123456789abcdefghijkl"),
    fingerprint: Fingerprint(algorithm: "sha-256", digest: [1, 2, 3]), canonicalName: "c")
  if let answer = try? makeAnswer(to: description, identity: identity, version: 1, prefersActive: true) {
    precondition(answer.sections.map { $0.mid } == description.sections.map { $0.mid })
    _ = answer.serialized()
  }
  guard let again = try? SessionDescription.parse(description.serialized()) else {
    preconditionFailure("what was written cannot be read")
  }
  precondition(again == description)
}

func fuzzCandidate(_ bytes: [UInt8]) {
  guard let candidate = try? ICECandidate.parse(String(decoding: bytes, as: UTF8.self)) else { return }
  guard let again = try? ICECandidate.parse(candidate.serialized()) else {
    preconditionFailure("what was written cannot be read")
  }
  precondition(again == candidate)
}

func fuzzSTUN(_ bytes: [UInt8]) {
  guard let message = try? STUNMessage.parse(bytes) else { return }
  _ = message.isAuthentic(key: [1, 2, 3])
  _ = message.mappedAddress
  _ = message.errorCode
  _ = message.unknownRequiredAttributes
  guard let again = try? STUNMessage.parse(message.serialized()) else { return }
  precondition(again.attributes == message.attributes && again.typeField == message.typeField)
}

/// The same stream in one piece and in pieces holds the same packets, none of them longer than is looked at. The first
/// byte is the size of the pieces.
func fuzzStreamFrames(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let stream = Array(bytes.dropFirst())
  var whole = StreamFraming()
  let packets = whole.take(stream)
  var framing = StreamFraming()
  var found: [[UInt8]] = []
  var rest = stream[...]
  while !rest.isEmpty {
    found += framing.take(Array(rest.prefix(Int(first) + 1)))
    rest = rest.dropFirst(Int(first) + 1)
  }
  precondition(found == packets && framing.skipped == whole.skipped)
  precondition(packets.allSatisfy { !$0.isEmpty && $0.count <= Limits.datagramBytesMax })
}

/// An agent that is fed datagrams, candidates and time by the input. Integrity is made valid for it, as no random
/// input would get past that.
func fuzzAgent(_ bytes: [UInt8]) {
  var reader = ByteReader(bytes)
  let agent = ICEAgent(role: .controlling, random: SeededRandom(seed: 1))
  var now = Instant(microseconds: 0)
  let base = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5000)
  agent.addLocalAddress(base, now: now)
  let remote = ICECredentials(usernameFragment: "peer", password: "0123456789abcdefghijkl")
  agent.addTURNServer(RelayServer(.tcp(host: "t", port: 1), username: "u", password: "p"), now: now)
  while let step = try? reader.u8() {
    let stream = agent.nextStreamID - 1
    switch step % 12 {
    case 0: agent.setRemote(remote, isLite: step & 64 != 0, now: now)
    case 1: agent.restart(now: now)
    case 2:
      agent.addRemoteCandidate(
        "candidate:1 1 udp \(step) 192.0.2.\(step) 1000 typ host", now: now)
    case 3: now = now.advanced(byMilliseconds: Int(step) * 16)
    case 4: agent.removeLocalAddress(base, now: now)
    case 5: agent.addLocalAddress(base, now: now)
    case 6:
      agent.addRemoteCandidate(
        "candidate:1 1 tcp \(step) 192.0.2.\(step) 1000 typ host tcptype passive", now: now)
    case 7: agent.streamOpened(stream, local: base, now: now)
    case 8: agent.streamEnded(stream, reason: "", now: now)
    case 9:
      let piece = (try? reader.take(min(reader.remaining, Int(step)))) ?? []
      if !agent.relayStreamBytes(stream, Array(piece), now: now),
        let (packets, source, at) = agent.streamBytes(stream, Array(piece))
      {
        for packet in packets { agent.handle(datagram: packet, from: source, to: at, now: now) }
      }
    default:
      let count = min(reader.remaining, 48)
      guard let head = try? reader.take(count), head.count >= 2 else { continue }
      var message = STUNMessage(
        STUNMessage.Class(rawValue: head[0] & 3) ?? .request,
        transaction: agent.transactions.last?.id ?? TransactionID(high: 0, low: 0))
      message.add(
        STUNAttributeType.username, Array("\(agent.localCredentials.usernameFragment):peer".utf8))
      if head[1] & 1 != 0 { message.add(STUNAttributeType.priority, number32: 1) }
      if head[1] & 2 != 0 { message.add(STUNAttributeType.useCandidate) }
      if head[1] & 4 != 0 { message.add(STUNAttributeType.iceControlling, number64: UInt64(head[1]) << 56) }
      if head[1] & 8 != 0 { message.addMappedAddress(base) }
      if head[1] & 16 != 0 { message.addError(487, reason: "") }
      message.add(0x8000 | UInt16(head[0]), Array(head.dropFirst(2)))
      let isResponse = message.messageClass == .success || message.messageClass == .error
      let key = Array((isResponse ? remote : agent.localCredentials).password.utf8)
      let source = SocketAddress(ip: IPAddress(v4: 0xC000_0200 | UInt32(head[0] >> 2)), port: 1000)
      agent.handle(datagram: message.serialized(integrityKey: key), from: source, to: .udp(base), now: now)
    }
    var isWaiting = false
    for _ in 0..<1000 where !isWaiting {
      if case .wait(let until) = agent.poll(now: now) {
        if let until { precondition(until > now) }
        isWaiting = true
      }
    }
    precondition(isWaiting, "an agent that never waits")
    precondition(agent.list.pairs.count <= Limits.candidatePairsMax)
    precondition(agent.streams.count <= Limits.streamsMax && agent.relays.count <= Limits.turnServersMax)
    precondition(agent.transactions.count <= Limits.iceTransactionsMax)
  }
}
