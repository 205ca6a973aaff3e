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
    let sender = Sender(identity: packet.identity, sid: packet.sid)
    var value = packet.value
    var isPrivate = false
    if case .encrypted(let sealed) = value {
      guard let inside = opened(sealed, from: sender) else { return }
      value = inside
      isPrivate = true
    } else if refusesClear(value, from: sender, now) {
      return
    }
    if reliable, case .user(let user) = value,
      !core.media.data.filter.isNew(nonce: user.nonce, noncesMax: configuration.limits.noncesMax)
    {
      core.statistics.data.duplicates &+= 1
      return
    }
    // Packets arrive up to 3 s before their sender is announced, so an unknown identity is no reason to drop them.
    dispatch(value, from: sender, isPrivate: isPrivate, reliable: reliable, now)
  }

  private func dispatch(
    _ value: DataPacket.Value, from sender: Sender, isPrivate: Bool, reliable: Bool, _ now: Instant
  ) {
    let origin = PacketOrigin(identity: sender.identity, sid: sender.sid, isPrivate: isPrivate)
    switch value {
    case .user(let user):
      emit(.dataReceived(payload: user.payload, topic: user.topic, sender: sender, reliable: reliable))
    case .dtmf(let code, let digit): receivedDTMF(code, digit, sender)
    case .rpcRequest(let request):
      requested(request, from: sender, isPrivate: isPrivate, now)
    case .rpcAck(let requestID): acknowledged(requestID, identity: sender.identity)
    case .rpcResponse(let requestID, let result): answered(requestID, result, identity: sender.identity)
    case .streamHeader(let header): received(header, from: origin, now)
    case .streamChunk(let chunk): received(chunk, from: origin, now)
    case .streamTrailer(let trailer): received(trailer, from: origin, now)
    case .transcription(let transcription): received(transcription, from: origin, now)
    case .chat(let chat): received(chat, from: origin)
    case .encrypted, .unknown: core.statistics.data.unknownKinds &+= 1
    }
  }

  /// Our reliable channel takes packets (again): what was held back may go on.
  func reliableDrained(_ now: Instant) { pumpStreams(now) }

  private func isFirst(_ packet: DataPacket) -> Bool {
    core.media.data.filter.isNew(
      sid: packet.sid, sequence: packet.sequence, sendersMax: configuration.limits.dataSendersMax)
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
