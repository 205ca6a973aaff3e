import Base

/// One relayed address on one TURN server (RFC 8656), as a function of bytes and time. Over a stream the bytes go
/// through TCP or TLS, which repeat what is lost; otherwise each `transmit` is one datagram.
struct TURNClient {
  enum Output: Equatable, Sendable {
    /// To the server.
    case transmit([UInt8])
    /// The server relays what is sent to `relayed`, and sees us as `mapped`.
    case allocated(relayed: SocketAddress, mapped: SocketAddress?)
    case data([UInt8], from: SocketAddress)
    /// This one peer is out of reach through this relay, for the reason in words.
    case refused(SocketAddress, String)
    /// Final, with the reason in words: nothing is relayed, or nothing any more.
    case failed(String)
    /// Final, after `close`: the server has let the address go, or does not say.
    case closed
    case wait(until: Instant?)
  }

  struct Counters: Equatable {
    /// Frames that are no TURN, or answer nothing that is still asked.
    var unusable = 0
    /// Responses whose integrity is wrong.
    var unauthentic = 0
    /// Data of peers that nobody let in.
    var unpermitted = 0
    /// Data for peers that are refused, or over a limit, or before there was an address.
    var unsent = 0
  }

  enum Phase: Equatable {
    case new, allocating, allocated, closing, over
  }

  let isStream: Bool
  let random: any RandomSource
  var username: [UInt8]
  var password: [UInt8]
  /// What the server said last, and the key that goes with it; empty until it asked who we are.
  var realm: [UInt8] = []
  var nonce: [UInt8] = []
  var key: [UInt8] = []

  var phase = Phase.new
  var relayed: SocketAddress?
  var refreshAt: Instant?
  var expiresAt = Instant(microseconds: 0)
  var peers: [TURNPeer] = []
  var nextChannel = Limits.turnChannels.lowerBound
  var transactions: [TURNTransaction] = []
  var counters = Counters()
  private var framing = TURNFraming()
  private var outputs: [Output] = []
  private var outputIndex = 0

  init(username: String, password: String, isStream: Bool, random: any RandomSource) {
    self.username = Array(username.utf8)
    self.password = Array(password.utf8)
    self.isStream = isStream
    self.random = random
  }

  /// Asks for an address. Over a stream: once it is open.
  mutating func start(now: Instant) {
    guard phase == .new else { return }
    phase = .allocating
    request(.allocate, now)
  }

  /// What the server sent: one datagram, or whatever the stream brought.
  mutating func handle(_ bytes: [UInt8], now: Instant) {
    guard phase != .new, phase != .over else { return }
    guard isStream else { return handleFrame(bytes, now) }
    framing.append(bytes)
    do throws(TURNFailure) {
      while let frame = try framing.next() { handleFrame(frame, now) }
    } catch {
      fail(error.description)
    }
  }

  /// Lets this peer's datagrams in, and ours out to it. Not needed before `send`.
  mutating func permit(_ peer: SocketAddress, now: Instant) {
    if index(of: peer, now) == nil { counters.unsent &+= 1 }
  }

  /// Through the relay to a peer. Sent behind the request for the permission, it need not wait for the answer.
  mutating func send(_ data: [UInt8], to peer: SocketAddress, now: Instant) {
    guard phase == .allocated, data.count <= Limits.datagramSendBytesMax, let index = index(of: peer, now),
      !peers[index].isRefused
    else {
      counters.unsent &+= 1
      return
    }
    guard !peers[index].isBound else { return sendInChannel(data, peers[index].channel) }
    askPermission(index, now)
    var indication = STUNMessage(
      .indication, method: TURNMethod.send, transaction: TransactionID(random: random))
    indication.addMasked(STUNAttributeType.xorPeerAddress, peer)
    indication.add(STUNAttributeType.data, data)
    push(.transmit(indication.serialized()))
    bind(index, now)
  }

  /// Fresh credentials from the room's server. An allocation keeps the user that it was made for (RFC 8656 §7.2).
  mutating func setCredentials(username: String, password: String) {
    let name = Array(username.utf8)
    guard name == self.username || phase == .new || phase == .allocating else { return }
    self.username = name
    self.password = Array(password.utf8)
    if !key.isEmpty { key = longTermKey(username: name, realm: realm, password: self.password) }
  }

  /// Gives the address back; `closed` follows.
  mutating func close(now: Instant) {
    switch phase {
    case .over, .closing: break
    case .new, .allocating: end(.closed)
    case .allocated:
      phase = .closing
      refreshAt = nil
      transactions = []
      peers = []
      request(.release, now)
    }
  }

  /// Hands out what there is to do; see `Output`.
  mutating func poll(now: Instant) -> Output {
    if outputIndex == outputs.count { advance(now) }
    if outputIndex < outputs.count {
      outputIndex += 1
      return outputs[outputIndex - 1]
    }
    outputs.removeAll(keepingCapacity: true)
    outputIndex = 0
    return .wait(until: nextTimeout(now))
  }

  private func nextTimeout(_ now: Instant) -> Instant? {
    var next = refreshAt
    for transaction in transactions { next = earliest(next, transaction.nextAt) }
    if phase == .allocated {
      for peer in peers { next = earliest(earliest(next, peer.permissionDueAt), peer.bindingDueAt) }
    }
    // Whatever is due was done, so this only guards the owner against a busy loop.
    return next.map { max($0, now.advanced(byMicroseconds: 100)) }
  }

  private mutating func sendInChannel(_ data: [UInt8], _ channel: UInt16) {
    var writer = ByteWriter(capacity: data.count + 8)
    writer.u16(channel)
    writer.u16(UInt16(data.count))
    writer.append(data)
    if isStream { writer.pad(toMultipleOf: 4) }
    push(.transmit(writer.bytes))
  }

  /// Data may be lost, so what nobody fetches is not kept.
  mutating func push(_ output: Output) {
    guard outputs.count - outputIndex < Limits.iceOutputsMax else {
      counters.unsent &+= 1
      return
    }
    outputs.append(output)
  }

  mutating func fail(_ words: String) { end(.failed("the TURN server " + words)) }

  mutating func end(_ output: Output) {
    guard phase != .over else { return }
    phase = .over
    refreshAt = nil
    transactions = []
    peers = []
    outputs.append(output)
  }
}
