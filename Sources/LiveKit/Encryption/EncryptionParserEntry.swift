import Base

extension ParserEntries {
  /// Frames and packets of somebody who has our key, another one, or none, changed on their way. Answers with what is
  /// wrong with what came of them.
  package static func encrypted(_ bytes: [UInt8]) -> String? {
    let material = Array(bytes.prefix(4))
    let keys = [nil, "a" as Name].compactMap { owner in
      EncryptionKey(
        owner: owner, index: owner == nil ? 0 : 3, material: material,
        key: [UInt8](repeating: owner == nil ? 1 : 2, count: owner == nil ? 16 : 32))
    }
    var settings = EncryptionSettings()
    settings.mode = .required
    settings.keys = keys
    var encryption = Encryption(settings)
    encryption.chooseOwn("b")
    // A server's is random and long: one of a byte or two would be the end of frames of ours.
    encryption.trailer = material.count < 4 ? [] : material
    let subscription = Subscription(
      trackSID: "TR_A", participantSID: "PA_A", identity: "a", slot: 0, mid: "0", isEncrypted: true)
    encryption.subscribed(subscription)
    var wanted: EncryptionKey?
    if let heard = encryption.open(bytes, 0, wantsKey: &wanted), heard.count >= bytes.count {
      return "more came out than went in"
    }
    let random = SeededRandom(seed: UInt64(bytes.count))
    guard let sealed = encryption.seal(bytes, random), sealed.count <= bytes.count + SealedFrame.overheadBytes
    else { return "it could not be sealed" }
    if !bytes.isEmpty {
      guard encryption.open(sealed, 0, wantsKey: &wanted) == bytes else { return "another frame came out" }
      var damaged = sealed
      damaged[Int(bytes[0]) % (damaged.count - 1)] ^= 1
      if let heard = encryption.open(damaged, 0, wantsKey: &wanted), heard != bytes {
        return "a damaged frame was heard"
      }
    }
    return packets(bytes, &encryption, random)
  }

  private static func packets(
    _ bytes: [UInt8], _ encryption: inout Encryption, _ random: any RandomSource
  ) -> String? {
    var wanted: EncryptionKey?
    let cut = min(bytes.count, 12)
    let packet = DataPacket.Encrypted(
      iv: Array(bytes[..<cut]), keyIndex: bytes.count, value: Array(bytes[cut...]))
    if encryption.open(packet, from: "a", wantsKey: &wanted) != nil { return "anything is a packet" }
    let iv = SealedFrame.bytes(of: encryption.nextIV(random))
    guard let value = SealedFrame.seal(bytes, iv: iv, with: encryption.ring.chains[0].links[0].sealer),
      encryption.open(.init(iv: iv, keyIndex: 0, value: value), from: "a", wantsKey: &wanted) == bytes
    else { return "another packet came out" }
    var dropped = 0
    guard let inside = EncryptedPayload.asPacket(bytes) else { return nil }
    guard EncryptedPayload.from(packet: inside) == bytes else { return "another payload came out" }
    if let read = DataPacketDecoder.decode(inside, limits: Limits(), dropped: &dropped) {
      switch read.value {
      case .dtmf, .transcription, .encrypted, .unknown: return "what is never encrypted was"
      default: break
      }
      if !read.identity.isEmpty || !read.sid.isEmpty || read.sequence != 0 { return "it says who sends it" }
    }
    return nil
  }
}
