import Base

@testable import WebRTC

/// However a stream is cut, its frames are the same, and so is its end.
func fuzzTURNStream(_ bytes: [UInt8]) {
  guard let piece = bytes.first.map({ Int($0) + 1 }) else { return }
  let stream = Array(bytes.dropFirst())
  let whole = turnFrames(stream, piece: stream.count + 1)
  let cut = turnFrames(stream, piece: piece)
  precondition(whole.frames == cut.frames && whole.isBroken == cut.isBroken)
}

private func turnFrames(_ stream: [UInt8], piece: Int) -> (frames: [[UInt8]], isBroken: Bool) {
  var framing = TURNFraming()
  var frames: [[UInt8]] = []
  for start in stride(from: 0, to: stream.count, by: piece) {
    framing.append(Array(stream[start..<min(start + piece, stream.count)]))
    do {
      while let frame = try framing.next() {
        precondition(frame.count <= Limits.turnFrameBytesMax)
        frames.append(frame)
      }
    } catch {
      return (frames, true)
    }
  }
  return (frames, false)
}

/// A client that is told what to do by the input, and whose server is the input, too: answers to what was asked are
/// signed for it, as no random input would get past that.
func fuzzTURN(_ bytes: [UInt8]) {
  var reader = ByteReader(bytes)
  guard let first = try? reader.u8() else { return }
  var client = TURNClient(
    username: "user", password: "word", isStream: first & 1 != 0, random: SeededRandom(seed: 1))
  var now = Instant(microseconds: 0)
  client.start(now: now)
  while let step = try? reader.u8() {
    let peer = SocketAddress(ip: IPAddress(v4: 0xC000_0200 | UInt32(step >> 4)), port: UInt16(step))
    switch step % 8 {
    case 0: client.permit(peer, now: now)
    case 1: client.send([1, 2, step], to: peer, now: now)
    case 2: now = now.advanced(byMilliseconds: Int(step) * Int(step) * 16)
    case 3:
      let count = min(reader.remaining, Int(step >> 2))
      if let raw = try? reader.take(count) { client.handle(raw, now: now) }
    case 4 where step > 240: client.close(now: now)
    default: answerTURN(&client, step, &reader, now)
    }
    var isWaiting = false
    for _ in 0..<2000 where !isWaiting {
      if case .wait(let until) = client.poll(now: now) {
        if let until { precondition(until > now) }
        isWaiting = true
      }
    }
    precondition(isWaiting, "a client that never waits")
    precondition(client.peers.count <= Limits.turnPeersMax)
    precondition(client.transactions.count <= 2 * Limits.turnPeersMax + 2)
  }
}

/// A response to the oldest or newest request, or an indication, with a few attributes of the input's choice.
private func answerTURN(_ client: inout TURNClient, _ step: UInt8, _ reader: inout ByteReader, _ now: Instant)
{
  guard let kind = try? reader.u8(), let value = try? reader.u8() else { return }
  let asked = kind & 1 == 0 ? client.transactions.first : client.transactions.last
  let classes: [STUNMessage.Class] = [.success, .error, .indication, .success]
  var message = STUNMessage(
    classes[Int(kind >> 1 & 3)], method: asked?.purpose.method ?? TURNMethod.data,
    transaction: asked?.id ?? TransactionID(high: 0, low: 0))
  let address = SocketAddress(
    ip: kind & 8 != 0 ? IPAddress(v4: UInt32(value)) : IPAddress(v6High: 1, low: UInt64(value)), port: 9)
  switch step >> 5 & 3 {
  case 0:
    message.addMasked(STUNAttributeType.xorRelayedAddress, address)
    message.add(STUNAttributeType.lifetime, number32: UInt32(value) << 24)
  case 1:
    message.addError(300 + Int(value), reason: "")
    message.add(STUNAttributeType.realm, [value])
    message.add(STUNAttributeType.nonce, [value])
  case 2:
    message.method = TURNMethod.data
    message.addMasked(STUNAttributeType.xorPeerAddress, address)
    message.add(STUNAttributeType.data, [value])
  default: message.addError(437, reason: "")
  }
  let key = asked?.key ?? []
  client.handle(message.serialized(integrityKey: kind & 16 == 0 && !key.isEmpty ? key : nil), now: now)
}
