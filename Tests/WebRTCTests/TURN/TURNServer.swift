import Base

@testable import WebRTC

/// The other side of `TURNClient`, with a client and the time: a server that can be told to lie.
struct TURNServer {
  static let relayed = SocketAddress(ip: IPAddress(v4: 0xC633_6401), port: 50_000)
  static let mapped = SocketAddress(ip: IPAddress(v4: 0xCB00_7105), port: 40_000)
  static let peer = SocketAddress(ip: IPAddress(v4: 0xC000_0209), port: 7882)

  var client: TURNClient
  var now = Instant(microseconds: 1_000_000)
  var nonce = "nonce-1"
  var realm = "example.org"
  /// With which the server signs; another than the client's is a lie.
  var password = "open sesame"
  var lifetimeSeconds: UInt32? = 600
  /// Error to answer a method with instead of success, and what is added to it.
  var errors: [UInt16: Int] = [:]
  var errorHasNonce = false
  var isSilent = false
  /// Requests by method and channel data, in the order in which they came.
  var log: [String] = []
  var requests: [STUNMessage] = []
  var channelData: [[UInt8]] = []
  var outputs: [TURNClient.Output] = []
  var wait: Instant?

  init(isStream: Bool = false, username: String = "user", password: String = "open sesame") {
    client = TURNClient(
      username: username, password: password, isStream: isStream, random: SeededRandom(seed: 7))
  }

  var key: [UInt8] {
    longTermKey(username: Array("user".utf8), realm: Array(realm.utf8), password: Array(password.utf8))
  }

  mutating func start() {
    client.start(now: now)
    run()
  }

  /// Until both have nothing more to say at this time.
  mutating func run() {
    while true {
      switch client.poll(now: now) {
      case .transmit(let bytes): receive(bytes)
      case .wait(let until):
        wait = until
        return
      case let other: outputs.append(other)
      }
    }
  }

  /// Moves the time on, stopping wherever the client wants to be asked.
  mutating func pass(seconds: Int) {
    let end = now.advanced(byMilliseconds: seconds * 1000)
    while let next = wait, next <= end {
      now = next
      run()
    }
    now = end
    run()
  }

  mutating func send(_ text: String, to peer: SocketAddress = TURNServer.peer) {
    client.send(Array(text.utf8), to: peer, now: now)
    run()
  }

  /// Outputs so far, which are then forgotten.
  mutating func takeOutputs() -> [TURNClient.Output] {
    defer { outputs = [] }
    return outputs
  }

  mutating func takeLog() -> [String] {
    defer { log = [] }
    return log
  }

  mutating func handle(_ bytes: [UInt8]) {
    client.handle(bytes, now: now)
    run()
  }

  /// A Data indication.
  func indication(_ text: String, from peer: SocketAddress) -> [UInt8] {
    var message = STUNMessage(
      .indication, method: TURNMethod.data, transaction: TransactionID(high: 1, low: 2))
    message.addMasked(STUNAttributeType.xorPeerAddress, peer)
    message.add(STUNAttributeType.data, Array(text.utf8))
    return message.serialized()
  }

  private mutating func receive(_ bytes: [UInt8]) {
    if DatagramKind(bytes) == .turnChannel {
      log.append("channel data")
      channelData.append(bytes)
      return
    }
    guard let message = try? STUNMessage.parse(bytes) else { return log.append("unreadable") }
    let names = [
      "", "", "", "allocate", "refresh", "", "send", "data", "permission", "binding",
    ]
    log.append(names[Int(message.method)])
    requests.append(message)
    guard message.messageClass == .request, !isSilent else { return }
    client.handle(answer(message), now: now)
  }

  private func answer(_ request: STUNMessage) -> [UInt8] {
    let isSigned =
      request.isAuthentic(key: key) && request.value(STUNAttributeType.nonce) == Array(nonce.utf8)
    if let code = errors[request.method] { return error(code, request, hasNonce: errorHasNonce) }
    guard request.integrityOffset != nil else { return error(401, request, hasNonce: true) }
    guard request.value(STUNAttributeType.nonce) == Array(nonce.utf8) else {
      return error(438, request, hasNonce: true)
    }
    guard isSigned || password != "open sesame" else { return error(401, request, hasNonce: true) }
    var response = STUNMessage(.success, method: request.method, transaction: request.transaction)
    if request.method == TURNMethod.allocate {
      response.addMasked(STUNAttributeType.xorRelayedAddress, TURNServer.relayed)
      response.addMappedAddress(TURNServer.mapped)
    }
    if request.method <= TURNMethod.refresh, let lifetimeSeconds {
      response.add(STUNAttributeType.lifetime, number32: lifetimeSeconds)
    }
    return response.serialized(integrityKey: key)
  }

  private func error(_ code: Int, _ request: STUNMessage, hasNonce: Bool) -> [UInt8] {
    var response = STUNMessage(.error, method: request.method, transaction: request.transaction)
    response.addError(code, reason: "")
    if code == 300 { response.add(STUNAttributeType.alternateServer, [0, 1, 0x0D, 0x96, 192, 0, 2, 77]) }
    if hasNonce {
      response.add(STUNAttributeType.realm, Array(realm.utf8))
      response.add(STUNAttributeType.nonce, Array(nonce.utf8))
    }
    return response.serialized()
  }
}
