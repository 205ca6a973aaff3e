import Base

/// What arrives, kind by kind.
extension Room {
  func receivedData(_ bytes: [UInt8], reliable: Bool, _ now: Instant) {
    core.statistics.data.packetsReceived &+= 1
    guard bytes.count <= configuration.limits.dataMessageReceivedBytesMax else {
      core.statistics.data.oversized &+= 1
      return
    }
    guard
      let packet = DataPacketDecoder.decode(
        bytes, limits: configuration.limits, dropped: &core.statistics.limitDrops)
    else {
      core.statistics.data.malformed &+= 1
      return
    }
    if reliable, !isFirst(packet) {
      core.statistics.data.duplicates &+= 1
      return
    }
    // Packets arrive up to 3 s before their sender is announced, so an unknown identity is no reason to drop them.
    dispatch(packet, reliable: reliable, now)
  }

  private func dispatch(_ packet: DataPacket, reliable: Bool, _ now: Instant) {
    let origin = PacketOrigin(identity: packet.identity, sid: packet.sid)
    let sender = Sender(identity: packet.identity, sid: packet.sid)
    switch packet.value {
    case .user(let user):
      emit(.dataReceived(payload: user.payload, topic: user.topic, sender: sender, reliable: reliable))
    case .dtmf(let code, let digit): receivedDTMF(code, digit, sender)
    case .rpcRequest(let request): requested(request, from: sender, now)
    case .rpcAck(let requestID): acknowledged(requestID, identity: packet.identity)
    case .rpcResponse(let requestID, let result): answered(requestID, result, identity: packet.identity)
    case .streamHeader(let header): received(header, from: origin, now)
    case .streamChunk(let chunk): received(chunk, from: origin, now)
    case .streamTrailer(let trailer): received(trailer, from: origin, now)
    case .transcription(let transcription): received(transcription, from: origin, now)
    case .chat(let chat): received(chat, from: origin)
    case .encrypted: core.statistics.data.encrypted &+= 1
    case .unknown: core.statistics.data.unknownKinds &+= 1
    }
  }

  /// Our reliable channel takes packets (again): what was held back may go on.
  func reliableDrained(_ now: Instant) { pumpStreams(now) }

  private func isFirst(_ packet: DataPacket) -> Bool {
    let limits = configuration.limits
    guard
      core.media.data.filter.isNew(
        sid: packet.sid, sequence: packet.sequence, sendersMax: limits.dataSendersMax)
    else { return false }
    guard case .user(let user) = packet.value else { return true }
    return core.media.data.filter.isNew(nonce: user.nonce, noncesMax: limits.noncesMax)
  }

  /// The digit counts, as it does for bridges to telephones, and may be several; the code only repeats it.
  private func receivedDTMF(_ code: UInt32, _ digit: String, _ sender: Sender) {
    var codes: [Int] = []
    for ascii in digit.utf8 {
      // A pause of half a second, for telephones.
      if ascii == UInt8(ascii: "w") { continue }
      guard let code = DTMF.code(ascii), codes.count < configuration.limits.dtmfDigitsPerPacketMax else {
        core.statistics.data.malformed &+= 1
        return
      }
      codes.append(code)
    }
    if codes.isEmpty { core.statistics.data.malformed &+= 1 }
    if codes.count == 1, code != codes[0] { core.statistics.data.contradictoryDigits &+= 1 }
    for code in codes { emit(.dtmfReceived(digit: DTMF.digit(code), sender: sender)) }
  }
}
