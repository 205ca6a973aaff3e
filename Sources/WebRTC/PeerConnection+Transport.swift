import Base

// ICE and DTLS: how datagrams come and go, and what the connection's state follows from.
extension PeerConnection {
  /// Does everything that is due, and passes on what the parts below have to say.
  func advance(now: Instant) {
    advanceICE(now: now)
    if path != nil { dtls?.start(now: now) }
    dtls?.handleTimeout(now: now)
    advanceDTLS(now: now)
    advanceData(now: now)
    advanceControl(now: now)
  }

  var transportDeadline: Instant? { earliest(earliest(iceDeadline, dtls?.nextTimeout), data.nextTimeout) }

  /// Media, or the timers that usrsctp has for all its associations, may have given a part something to say all the
  /// same.
  func transportRests(_ now: Instant) -> Bool {
    guard let until = transportRestsUntil else { return false }
    return now < until && !ice.hasOutputs && data.isDrained
  }

  // ICE.

  private func advanceICE(now: Instant) {
    drainICE(now: now)
    signalCandidates()
  }

  func drainICE(now: Instant) {
    while true {
      switch ice.poll(now: now) {
      case .transmit(let bytes, let local, let remote):
        outputs.append(.transmit(bytes, from: local.address, to: remote))
      case .openStream(let id, let host, let port, let secure):
        outputs.append(.openStream(id, host: host, port: port, secure: secure))
      case .sendStream(let id, let bytes, let isMedia):
        outputs.append(.sendStream(id, bytes, isMedia: isMedia))
      case .closeStream(let id): outputs.append(.closeStream(id))
      case .received(let bytes, let peer, let base): receive(bytes, from: peer, to: base, now: now)
      case .localCandidate(let candidate):
        unsignalledCandidates.append(candidate)
      case .pathChanged(let path):
        self.path = path
      case .stateChanged(let state, let reason):
        iceState = state
        updateState(reason)
      case .healthChanged(let health):
        outputs.append(.event(.pathHealthChanged(health)))
      case .relayFailed(let words): outputs.append(.event(.relayFailed(words)))
      case .wait(let until):
        iceDeadline = until
        return
      }
    }
  }

  private func signalCandidates() {
    guard let first = localDescription?.sections.first else { return }
    for candidate in unsignalledCandidates {
      outputs.append(.event(.candidate(ice.shown(candidate).serialized(), mid: first.mid, sectionIndex: 0)))
    }
    unsignalledCandidates = []
  }

  /// The connection stands when both ICE and DTLS do. A dead DTLS association is final; ICE may recover.
  private func updateState(_ reason: String) {
    guard let dtls, dtls.state != .failed, dtls.state != .closed else { return }
    switch iceState {
    case .new: break
    case .checking: change(.connecting, reason)
    case .connected:
      change(dtls.state == .connected ? .connected : .connecting, reason)
    case .disconnected: change(.disconnected, reason)
    case .failed: change(.failed, reason)
    }
  }

  // DTLS.

  private func advanceDTLS(now: Instant) {
    while let event = dtls?.nextEvent() {
      switch event {
      case .connected(let keys): useKeys(keys, now: now)
      case .applicationData(let packet): data.receive(packet, now: now)
      case .closedByPeer:
        data.end()
        isClosedByPeer = true
        change(.failed, "the peer closed the DTLS association")
      case .failed(let failure):
        data.end()
        // After the handshake nobody else can make it fail.
        isClosedByPeer = srtpReceiver != nil
        change(.failed, failure.description)
      }
    }
    drainData()
  }

  private func useKeys(_ keys: DTLSTransport.SRTPKeys, now: Instant) {
    do throws(SRTPFailure) {
      srtpSender = try SRTPSender(profile: keys.profile, master: keys.sending)
      let receiver = try SRTPReceiver(profile: keys.profile, master: keys.receiving)
      receiver.announced = receivingSections.flatMap { $0.ssrcs }
      srtpReceiver = receiver
    } catch {
      return change(.failed, error.description)
    }
    updateState("ICE and DTLS are done")
    startDataIfAgreed(now: now)
    replayEarlyDatagrams(now: now)
  }

  func drainDTLSDatagrams() {
    guard let path else { return }
    while let datagram = dtls?.nextDatagram() {
      transmit(datagram, on: path)
    }
  }

  func transmit(_ datagram: [UInt8], on path: ICEAgent.Path, isMedia: Bool = false) {
    if path.base.kind == .udp {
      outputs.append(.transmit(datagram, from: path.base.address, to: path.remote))
    } else {
      ice.transmit(datagram, from: path.base, to: path.remote, isMedia: isMedia)
    }
  }

  // Datagrams.

  func receive(_ bytes: [UInt8], from source: SocketAddress, to local: ICEBase, now: Instant) {
    guard bytes.count <= Limits.datagramBytesMax else {
      counters.malformed &+= 1
      return
    }
    switch DatagramKind(bytes) {
    case .stun where ice.handleRelayed(bytes, from: source, to: local, now: now),
      .turnChannel where ice.handleRelayed(bytes, from: source, to: local, now: now):
      transportRestsUntil = nil
    case .stun:
      transportRestsUntil = nil
      ice.handle(datagram: bytes, from: source, to: local, now: now)
    case .dtls where !ice.knows(source, at: local), .media where !ice.knows(source, at: local):
      // Anybody can send here, and a handshake believes the first who speaks (RFC 6347 §4.1.2.7).
      counters.strangerDatagrams &+= 1
    case .dtls:
      ice.heard(source, at: local, now)
      transportRestsUntil = nil
      guard let dtls else { return keepEarly(bytes, source, local) }
      dtls.receive(bytes, now: now)
      advanceDTLS(now: now)
    case .media:
      ice.heard(source, at: local, now)
      guard srtpReceiver != nil, !isAheadOfAnswer(bytes) else { return keepEarly(bytes, source, local) }
      if isControlPacket(bytes) { receiveControl(bytes, now: now) } else { receiveMedia(bytes, now: now) }
    case .turnChannel, .unknown:
      counters.malformed &+= 1
    }
  }

  func receive(stream id: Int, _ bytes: [UInt8], now: Instant) {
    if ice.relayStreamBytes(id, bytes, now: now) { return }
    guard let (packets, source, base) = ice.streamBytes(id, bytes) else { return }
    for packet in packets { receive(packet, from: source, to: base, now: now) }
  }

  /// A source that is not announced, while the answer is under way that may announce it.
  private func isAheadOfAnswer(_ bytes: [UInt8]) -> Bool {
    guard awaitsAnswer, !isControlPacket(bytes), bytes.count >= 12 else { return false }
    var ssrc: UInt32 = 0
    for byte in bytes[8..<12] { ssrc = ssrc << 8 | UInt32(byte) }
    return !receivingSections.contains { $0.ssrcs.contains(ssrc) }
  }

  /// The peer may be faster than signalling, and its media faster than its last handshake message; the first word
  /// is in there. Only what ICE has let through is kept, and it is judged again when it is replayed.
  private func keepEarly(_ bytes: [UInt8], _ source: SocketAddress, _ local: ICEBase) {
    guard earlyDatagrams.count < Limits.earlyDatagramsMax, state != .failed else {
      counters.earlyDatagramsDropped &+= 1
      return
    }
    earlyDatagrams.append(EarlyDatagram(bytes: bytes, source: source, local: local))
  }

  /// What still comes too early is kept again.
  func replayEarlyDatagrams(now: Instant) {
    let waiting = earlyDatagrams
    earlyDatagrams = []
    for datagram in waiting { receive(datagram.bytes, from: datagram.source, to: datagram.local, now: now) }
  }
}
