import Base

@testable import LiveKit
@testable import WebRTC

/// A peer connection as the room sees one, for both ends: its packets pass the world's network, but there is no
/// cryptography in them, so that an hour of calls costs a moment. The times are those of `WebRTC`.
final class ModelPeer: MediaPeer {
  private let clock: Clockwork
  let isServer: Bool
  /// Who this is, as a certificate's fingerprint would say.
  let fingerprint: Int
  private(set) var local = 0
  private(set) var remote: ModelDescription?
  private var addresses: [SocketAddress] = []
  private var restartsNext = false

  private(set) var state = PeerConnection.State.new
  private(set) var isClosedByPeer = false
  private(set) var pathHealth = PathHealth.good
  var statistics = PeerConnection.Statistics()
  /// The path, and the generation of ours that it is of.
  private(set) var path: (local: SocketAddress, remote: SocketAddress)?
  private var pathGeneration = 0
  private(set) var isSecured = false
  var outputs: [PeerConnection.Output] = []
  private(set) var heardAt = Instant(microseconds: 0)
  private var checkDue: Instant?
  private var checkPause = 50
  private var handshakeDue: Instant?
  private var handshakePause = 150
  var resendDue: Instant?
  private var startedAt: Instant?

  private(set) var senders: [ModelDescription.Section] = []
  private var nextMid = 0
  private(set) var receivers = 0
  var channels: [ModelChannel] = []
  /// Of the server's end: an audio packet with its payload.
  var onAudio: (([UInt8]) -> Void)?
  var onMessage: (([UInt8], Int) -> Void)?
  var transmit: (([UInt8], SocketAddress) -> Void)?

  init(_ clock: Clockwork, isServer: Bool) {
    self.clock = clock
    self.isServer = isServer
    fingerprint = clock.random.next(below: 1 << 30)
    local = clock.random.next(below: 1 << 30)
  }

  // MARK: - Descriptions

  var localDescriptionText: String? { description.text }
  var remoteDescriptionText: String? { remote?.text }
  var remoteSections: [PeerConnection.RemoteSection] {
    remote?.sections.map {
      .init(mid: $0.mid, isActive: $0.isActive, streamID: $0.stream, trackID: $0.track)
    } ?? []
  }

  private var description: ModelDescription {
    ModelDescription(
      generation: local, fingerprint: fingerprint, addresses: isServer ? addresses : [], sections: senders,
      receivers: receivers)
  }

  func addAudioSender(trackID: String) -> String {
    senders.append(.init(mid: "s\(nextMid)", isActive: true, stream: "-", track: trackID))
    nextMid += 1
    return senders[senders.count - 1].mid
  }
  func removeAudioSender(mid: String) { senders = senders.filter { $0.mid != mid } }
  /// The server's end: what it sends, and in which section.
  func forward(_ sections: [ModelDescription.Section]) { senders = sections }
  func offerAudioReceivers(_ count: Int) { receivers = max(receivers, count) }
  func senderParameters(mid: String) -> PeerConnection.SenderParameters? { nil }
  func restartICE() { restartsNext = true }

  func makeOffer(now: Instant) -> String {
    if restartsNext {
      local = clock.random.next(below: 1 << 30)
      restartsNext = false
    }
    return description.text
  }

  func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure) { try take(sdp, now) }

  func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String {
    let before = remote?.generation
    try take(sdp, now)
    // Credentials that are new are answered with new ones.
    if let before, before != remote?.generation { local = clock.random.next(below: 1 << 30) }
    return description.text
  }

  private func take(_ sdp: String, _ now: Instant) throws(DescriptionFailure) {
    guard let next = ModelDescription(sdp) else { throw .malformed(line: 1, "no description of the model") }
    if let remote, remote.fingerprint != next.fingerprint { throw .fingerprintChanged }
    remote = next
    if state == .new { change(.connecting, "") }
    startedAt = startedAt ?? now
    if !isServer {
      checkPause = 50
      checkDue = now
    }
  }

  func addRemoteCandidate(_ candidate: String, now: Instant) {}

  // MARK: - Packets

  func send(_ frame: PeerConnection.AudioFrame, mid: String, now: Instant) {
    guard state == .connected, let path else {
      statistics.framesDropped += 1
      return
    }
    statistics.packetsSent += 1
    put(.audio, Array(mid.utf8) + [0] + frame.payload, path)
  }

  func put(
    _ kind: ModelPacket.Kind, _ payload: [UInt8], _ path: (local: SocketAddress, remote: SocketAddress)
  ) {
    let packet = ModelPacket(
      kind: kind, to: remote?.generation ?? 0, from: local, sender: fingerprint, payload: payload)
    if let transmit {
      transmit(packet.bytes, path.remote)
    } else {
      outputs.append(.transmit(packet.bytes, from: path.local, to: path.remote))
    }
  }

  func handle(_ input: PeerConnection.Input, now: Instant) {
    switch input {
    case .localAddress(let address):
      if !addresses.contains(address) { addresses.append(address) }
      if !isServer, remote != nil {
        checkPause = 50
        checkDue = now
      }
    case .localAddressGone(let address):
      addresses = addresses.filter { $0 != address }
      guard let path, path.local == address else { return }
      self.path = nil
      tell(.gone)
      if state == .connected { change(.disconnected, "its address is gone") }
      checkDue = now
    case .datagram(let bytes, let from, let to):
      if let packet = ModelPacket(bytes) { receive(packet, from: from, to: to, now) }
    case .timeout: passTime(now)
    default: break
    }
  }

  private func receive(_ packet: ModelPacket, from: SocketAddress, to: SocketAddress, _ now: Instant) {
    guard state != .closed, let remote, packet.sender == remote.fingerprint else { return }
    if packet.kind == .check || packet.kind == .checked {
      guard packet.to == local, packet.from == remote.generation else { return }
    }
    heard(now)
    switch packet.kind {
    case .check:
      // The last word of the handshake may have been lost.
      if !packet.payload.isEmpty { secured((to, from), now) }
      path = (to, from)
      put(.checked, [], (to, from))
    case .checked:
      path = (to, from)
      pathGeneration = local
      tell(.good)
      checkPause = 200
      checkDue = now.advanced(byMilliseconds: 1_500)
      if isSecured { change(.connected, "") } else if handshakeDue == nil { handshakeDue = now }
    case .hello: put(.helloBack, [], (to, from))
    case .helloBack: secured((to, from), now)
    case .finished: secured((to, from), now)
    case .audio: receivedAudio(packet.payload)
    case .data: received(data: packet.payload, now)
    case .ack: acknowledged(packet.payload, now)
    case .bye:
      isClosedByPeer = true
      change(.failed, "the peer closed the DTLS association")
    }
  }

  private func heard(_ now: Instant) {
    heardAt = now
    guard case .silent = pathHealth else { return }
    tell(.good)
    if state == .disconnected { change(.connected, "the peer is heard again") }
  }

  private func secured(_ way: (local: SocketAddress, remote: SocketAddress), _ now: Instant) {
    if !isServer { put(.finished, [], way) }
    handshakeDue = nil
    guard !isSecured else { return }
    isSecured = true
    if path == nil { path = way }
    change(.connected, "")
    for index in channels.indices { open(index) }
    if isServer || channels.isEmpty {
      for label in ["_reliable", "_lossy"] where isServer || channels.count < 2 {
        channels.append(ModelChannel(label: label))
        open(channels.count - 1)
      }
    }
    resendDue = now
  }

  // MARK: - Time

  private func passTime(_ now: Instant) {
    guard state != .closed, state != .new else { return }
    if let due = checkDue, due <= now { check(now) }
    if let due = handshakeDue, due <= now, let path {
      put(.hello, [], path)
      handshakeDue = now.advanced(byMilliseconds: handshakePause)
      handshakePause = min(2 * handshakePause, 2_000)
    }
    if let due = resendDue, due <= now { resend(now) }
    if !isServer { watch(now) }
  }

  private func check(_ now: Instant) {
    guard let remote, !isServer else {
      checkDue = nil
      return
    }
    for address in addresses {
      for other in remote.addresses { put(.check, isSecured ? [1] : [], (address, other)) }
    }
    let isQuiet = now.milliseconds(since: heardAt) >= 1_500 || pathGeneration != local || path == nil
    if isQuiet {
      checkDue = now.advanced(byMilliseconds: checkPause)
      checkPause = min(checkPause * 2, 800)
    } else {
      checkPause = 200
      checkDue = now.advanced(byMilliseconds: 1_500)
    }
  }

  private func watch(_ now: Instant) {
    switch state {
    case .connected, .disconnected:
      let silence = now.milliseconds(since: heardAt)
      if silence >= 15_000 {
        tell(.failed)
        change(.failed, "nobody answers any more")
      } else if silence >= 5_000 {
        change(.disconnected, "nothing was heard for 5 s")
      } else if silence >= 2_500, path != nil {
        tell(.silent(since: heardAt))
      }
    case .connecting:
      if let startedAt, now.milliseconds(since: startedAt) > 20_000 { change(.failed, "no path") }
    default: break
    }
  }

  func poll(now: Instant) -> PeerConnection.Output {
    if !outputs.isEmpty { return outputs.removeFirst() }
    guard state != .closed else { return .wait(until: nil) }
    var next = earliest(earliest(checkDue, handshakeDue), resendDue)
    if !isServer {
      for silence in [2_500, 5_000, 15_000] where isSecured && state != .failed {
        let at = heardAt.advanced(byMilliseconds: silence)
        if at > now { next = earliest(next, at) }
      }
      if state == .connecting, let startedAt {
        next = earliest(
          next, max(startedAt.advanced(byMilliseconds: 20_001), now.advanced(byMilliseconds: 1)))
      }
    }
    return .wait(until: next.map { max($0, now.advanced(byMicroseconds: 100)) })
  }

  func close(now: Instant) {
    guard state != .closed else { return }
    if let path { put(.bye, [], path) }
    state = .closed
  }

  private func tell(_ health: PathHealth) {
    guard health != pathHealth else { return }
    pathHealth = health
    outputs.append(.event(.pathHealthChanged(health)))
  }

  private func change(_ next: PeerConnection.State, _ reason: String) {
    guard next != state, state != .closed else { return }
    state = next
    outputs.append(.event(.stateChanged(next, reason: reason)))
  }
}
