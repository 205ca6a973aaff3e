import Base
import COpenSSL

/// What the server says.
extension TURNClient {
  mutating func handleFrame(_ frame: [UInt8], _ now: Instant) {
    if DatagramKind(frame) == .turnChannel { return receiveInChannel(frame) }
    guard let message = try? STUNMessage.parse(frame) else {
      counters.unusable &+= 1
      return
    }
    switch message.messageClass {
    case .success, .error: answered(message, now)
    case .indication:
      guard message.method == TURNMethod.data, let data = message.value(STUNAttributeType.data),
        let peer = message.maskedAddress(STUNAttributeType.xorPeerAddress)
      else {
        counters.unusable &+= 1
        return
      }
      // A permission is for all ports of an address (RFC 8656 §9).
      guard peers.contains(where: { $0.address.ip == peer.ip && !$0.isRefused }) else {
        counters.unpermitted &+= 1
        return
      }
      push(.data(data, from: peer))
    case .request: counters.unusable &+= 1
    }
  }

  private mutating func receiveInChannel(_ frame: [UInt8]) {
    var reader = ByteReader(frame)
    guard let channel = try? reader.u16(), let count = try? reader.u16(),
      let data = try? reader.take(Int(count))
    else {
      counters.unusable &+= 1
      return
    }
    guard let peer = peers.first(where: { $0.channel == channel && !$0.isRefused }) else {
      counters.unpermitted &+= 1
      return
    }
    push(.data(data, from: peer.address))
  }

  private mutating func answered(_ message: STUNMessage, _ now: Instant) {
    guard
      let index = transactions.firstIndex(where: {
        $0.id == message.transaction && $0.purpose.method == message.method
      })
    else {
      counters.unusable &+= 1
      return
    }
    let transaction = transactions[index]
    // A server that does not know us cannot sign its refusal (RFC 8489 §9.2.4); everything else it has to.
    let isSigned = message.integrityOffset != nil || message.integritySHA256Offset != nil
    if !transaction.key.isEmpty, isSigned || message.messageClass == .success {
      guard message.isAuthentic(key: transaction.key) else {
        counters.unauthentic &+= 1
        return
      }
    }
    transactions.remove(at: index)
    if message.messageClass == .success {
      succeeded(transaction.purpose, message, now)
    } else {
      refused(transaction, message, now)
    }
  }

  private mutating func succeeded(
    _ purpose: TURNTransaction.Purpose, _ message: STUNMessage, _ now: Instant
  ) {
    switch purpose {
    case .allocate:
      guard let relayed = message.maskedAddress(STUNAttributeType.xorRelayedAddress),
        !relayed.ip.isUnspecified, relayed.port != 0
      else { return fail("names no address that it relays") }
      self.relayed = relayed
      phase = .allocated
      keep(message, now)
      push(.allocated(relayed: relayed, mapped: message.mappedAddress))
      for peer in peers { checkFamily(of: peer.address, relayed, now) }
    case .refresh: keep(message, now)
    case .release: end(.closed)
    case .permission(let peer):
      change(peer) { $0.permissionDueAt = now.advanced(byMilliseconds: Limits.turnPermissionMilliseconds) }
    case .binding(let peer):
      change(peer) {
        $0.isBound = true
        $0.bindingDueAt = now.advanced(byMilliseconds: Limits.turnBindingMilliseconds)
      }
    }
  }

  /// LIFETIME, and when to ask for more: a sixth of it is left to be repeated in.
  private mutating func keep(_ message: STUNMessage, _ now: Instant) {
    let said = message.number32(STUNAttributeType.lifetime).map { Int(clamping: $0) }
    let seconds = min(
      max(said ?? Limits.turnLifetimeSeconds, Limits.turnLifetimeSecondsMin), Limits.turnLifetimeSecondsMax)
    expiresAt = now.advanced(byMilliseconds: seconds * 1000)
    refreshAt = now.advanced(byMilliseconds: seconds * 1000 / 6 * 5)
  }

  private mutating func refused(_ transaction: TURNTransaction, _ message: STUNMessage, _ now: Instant) {
    let code = message.errorCode ?? 0
    let isChallenge = code == 438 || code == 401 && transaction.key.isEmpty
    if isChallenge, transaction.challenges < Limits.turnChallengesMax, learn(message) {
      return request(transaction.purpose, now, challenges: transaction.challenges + 1)
    }
    let words =
      code == 300
      ? "sends us to another one (300): "
        + (message.plainAddress(STUNAttributeType.alternateServer)?.description ?? "no address")
      : turnWords(code)
    switch transaction.purpose {
    case .release: end(.closed)
    case .allocate, .refresh: fail(words)
    case _ where code == 437: fail(words)
    case .permission(let peer): refuse(peer, words, now)
    case .binding(let peer):
      // It can still be reached, at 36 bytes more for each datagram.
      change(peer) { $0.isBound = false }
    }
  }

  /// The realm and the nonce of a challenge, and the key for them. False: there is nothing to answer with.
  private mutating func learn(_ message: STUNMessage) -> Bool {
    guard let nonce = message.value(STUNAttributeType.nonce), !username.isEmpty,
      username.count <= Limits.turnUsernameBytesMax
    else { return false }
    let realm = message.value(STUNAttributeType.realm) ?? self.realm
    guard !realm.isEmpty else { return false }
    self.nonce = nonce
    if realm != self.realm || key.isEmpty {
      self.realm = realm
      key = longTermKey(username: username, realm: realm, password: password)
    }
    return !key.isEmpty
  }

  /// One allocation has one family (RFC 8656 §7.2), which the server would say, too.
  mutating func checkFamily(of peer: SocketAddress, _ relayed: SocketAddress, _ now: Instant) {
    guard peer.ip.family != relayed.ip.family else { return }
    refuse(peer, "relays no address of this family", now)
  }

  private mutating func refuse(_ peer: SocketAddress, _ words: String, _ now: Instant) {
    change(peer) {
      $0.isRefused = true
      // Until then nothing is asked again. Whoever still wants it then may have better luck.
      $0.permissionDueAt = now.advanced(byMilliseconds: Limits.turnPermissionMilliseconds)
      $0.bindingDueAt = nil
    }
    transactions.removeAll { $0.purpose == .binding(peer) }
    push(.refused(peer, "the TURN server " + words))
  }
}

/// RFC 8489 §9.2.2, with MD5 as every server knows it. User name and password are taken as they are: those that a room's
/// server makes up are letters and digits. Empty if OpenSSL is configured without MD5.
func longTermKey(username: [UInt8], realm: [UInt8], password: [UInt8]) -> [UInt8] {
  let colon = [UInt8(ascii: ":")]
  let text = username + colon + realm + colon + password
  var digest = [UInt8](repeating: 0, count: 16)
  return EVP_Digest(text, text.count, &digest, nil, EVP_md5(), nil) == 1 ? digest : []
}
