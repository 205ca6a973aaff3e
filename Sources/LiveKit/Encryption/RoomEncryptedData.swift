import Base

/// Packets that are encrypted from end to end: what is in them, and what comes without.
extension Room {
  /// What travels in place of a packet. Telephone keys are never encrypted, as no bridge could read them.
  func sealed(_ packet: OutgoingPacket, _ inClear: Bool) throws(DataFailure) -> OutgoingPacket {
    guard core.encryption.settings.mode != .off, !inClear, packet.isSealable else { return packet }
    switch core.encryption.sending {
    case .clear: return packet
    case .silent: throw .noKey
    case .sealed:
      let iv = SealedFrame.bytes(of: core.encryption.nextIV(random))
      let plain = DataPacket(value: packet).encoded(lossy: false)
      guard let payload = EncryptedPayload.from(packet: plain), let sealer = core.encryption.sealer,
        let value = SealedFrame.seal(payload, iv: iv, with: sealer)
      else { throw .noKey }
      return .encrypted(.init(iv: iv, keyIndex: core.encryption.settings.index, value: value))
    }
  }

  /// What is in a packet; nil if it cannot be read.
  func opened(_ packet: DataPacket.Encrypted, from sender: Sender) -> DataPacket.Value? {
    var wanted: EncryptionKey?
    let payload =
      core.encryption.settings.mode == .off
      ? nil : core.encryption.open(packet, from: sender.identity, wantsKey: &wanted)
    if let wanted { derive(wanted) }
    guard let payload else {
      core.statistics.data.encrypted &+= 1
      core.encryption.statistics.packetsUnreadable &+= 1
      emit(.packetUnreadable(sender))
      return nil
    }
    guard let bytes = EncryptedPayload.asPacket(payload),
      let inside = DataPacketDecoder.decode(
        bytes, limits: configuration.limits, dropped: &core.statistics.limitDrops)
    else {
      core.statistics.data.malformed &+= 1
      return nil
    }
    core.encryption.statistics.packetsOpened &+= 1
    return inside.value
  }

  /// Whether a packet in the clear is refused, which is counted and told. Whoever calls is told as well, in the clear:
  /// he could not read anything else.
  func refusesClear(_ value: DataPacket.Value, from sender: Sender, _ now: Instant) -> Bool {
    guard core.encryption.settings.mode == .required, let what = value.words else { return false }
    core.encryption.statistics.clearRefused &+= 1
    emit(.clearRefused(sender, what: what))
    if case .rpcRequest(let request) = value, !request.id.isEmpty {
      let caller = sender.identity == request.id && sender.sid.isEmpty ? Sender.server : sender
      let refusal = RPCError(
        code: RPCError.application.code,
        message: "Only calls that are encrypted from end to end are taken here")
      reply(.rpcAck(requestID: request.id), to: caller, inClear: true, now)
      reply(.rpcResponse(requestID: request.id, .failure(refusal)), to: caller, inClear: true, now)
    }
    return true
  }
}

/// What is in an encrypted packet (EncryptedPacketPayload of livekit_models.proto): one of the alternatives of
/// DataPacket, with other numbers and nothing beside it.
enum EncryptedPayload {
  /// By their numbers in the payload: those of the packet.
  private static let numbers: [UInt8] = [0, 2, 0, 9, 10, 11, 12, 13, 14, 15]

  static func asPacket(_ payload: [UInt8]) -> [UInt8]? {
    guard let field = onlyField(payload), field < numbers.count, numbers[field] != 0 else { return nil }
    return renumbered(payload, numbers[field])
  }

  static func from(packet: [UInt8]) -> [UInt8]? {
    guard let field = onlyField(packet), let number = numbers.firstIndex(of: UInt8(field)), number > 0 else {
      return nil
    }
    return renumbered(packet, UInt8(number))
  }

  private static func renumbered(_ bytes: [UInt8], _ number: UInt8) -> [UInt8] {
    var bytes = bytes
    bytes[0] = number << 3 | 2
    return bytes
  }

  /// The number of the one field that these bytes are; nil if they are none, or more.
  private static func onlyField(_ bytes: [UInt8]) -> Int? {
    guard let tag = bytes.first, tag & 0x87 == 2 else { return nil }
    var count = 0
    var shift = 0
    var index = 1
    while index < bytes.count, shift < 28 {
      let byte = bytes[index]
      count |= Int(byte & 0x7F) << shift
      index += 1
      shift += 7
      if byte & 0x80 == 0 { return bytes.count - index == count ? Int(tag >> 3) : nil }
    }
    return nil
  }
}

extension DataPacket.Value {
  /// Whether it is encrypted where anything is.
  fileprivate var isSealable: Bool {
    switch self {
    case .user, .chat, .rpcRequest, .rpcAck, .rpcResponse, .streamHeader, .streamChunk, .streamTrailer: true
    case .dtmf, .transcription, .encrypted, .unknown: false
    }
  }

  /// What was refused, for people; nil: nothing that means anything here.
  fileprivate var words: String? {
    switch self {
    case .user(let user): "data" + (user.topic.isEmpty ? "" : " of topic \(user.topic)")
    case .chat: "a line of chat"
    case .rpcRequest(let request): "a call of \(request.method)"
    case .rpcAck, .rpcResponse: "the answer to a call"
    case .streamHeader(let header): "a stream of topic \(header.topic)"
    case .streamChunk, .streamTrailer: "a piece of a stream"
    case .dtmf: "a telephone key"
    case .transcription: "a transcript"
    case .encrypted, .unknown: nil
    }
  }
}
