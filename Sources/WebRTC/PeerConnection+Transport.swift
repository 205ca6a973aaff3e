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

  func nextTimeout(now: Instant) -> Instant? {
    var next = earliest(iceDeadline, dtls?.nextTimeout)
    next = earliest(next, controlDeadline)
    next = earliest(next, data.nextTimeout)
    // Whatever is due was done, so this only guards the owner against a busy loop.
    return next.map { max($0, now.advanced(byMicroseconds: 100)) }
  }

  // ICE.

  private func advanceICE(now: Instant) {
    while true {
      switch ice.poll(now: now) {
      case .transmit(let bytes, let local, let remote):
        outputs.append(.transmit(bytes, from: local, to: remote))
      case .localCandidate(let candidate):
        unsignalledCandidates.append(candidate)
      case .pathChanged(let path):
        self.path = path
      case .stateChanged(let state, let reason):
        iceState = state
        updateState(reason)
      case .wait(let until):
        iceDeadline = until
        signalCandidates()
        return
      }
    }
  }

  private func signalCandidates() {
    guard let first = localDescription?.sections.first else { return }
    for candidate in unsignalledCandidates {
      outputs.append(.event(.candidate(candidate.serialized(), mid: first.mid, sectionIndex: 0)))
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
      outputs.append(.transmit(datagram, from: path.base, to: path.remote))
    }
  }

  // Datagrams.

  func receive(_ bytes: [UInt8], from source: SocketAddress, to local: SocketAddress, now: Instant) {
    guard bytes.count <= Limits.datagramBytesMax else {
      counters.malformed &+= 1
      return
    }
    switch DatagramKind(bytes) {
    case .stun:
      ice.handle(datagram: bytes, from: source, to: local, now: now)
    case .dtls where !ice.knows(source, at: local), .media where !ice.knows(source, at: local):
      // Anybody can send here, and a handshake believes the first who speaks (RFC 6347 §4.1.2.7).
      counters.strangerDatagrams &+= 1
    case .dtls:
      guard let dtls else { return keepEarly(bytes, source, local) }
      dtls.receive(bytes, now: now)
      advanceDTLS(now: now)
    case .media:
      guard srtpReceiver != nil else { return keepEarly(bytes, source, local) }
      if isControlPacket(bytes) { receiveControl(bytes, now: now) } else { receiveMedia(bytes, now: now) }
    case .turnChannel, .unknown:
      counters.malformed &+= 1
    }
  }

  /// The peer may be faster than signalling, and its media faster than its last handshake message; the first word
  /// is in there. Only what ICE has let through is kept, and it is judged again when it is replayed.
  private func keepEarly(_ bytes: [UInt8], _ source: SocketAddress, _ local: SocketAddress) {
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
