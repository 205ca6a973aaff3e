import Base

// RTP in both directions.
extension PeerConnection {
  /// Sends one RTP packet; dropped (and counted) while there is no path or the section is not answered.
  public func send(_ frame: AudioFrame, mid: String, now: Instant) {
    guard state == .connected || state == .disconnected, let path, let srtpSender,
      let section = sendingSections.first(where: { $0.mid == mid }),
      let index = sendStreams.firstIndex(where: { $0.mid == mid }),
      frame.payload.count <= Limits.audioPayloadBytesMax
    else {
      counters.framesDropped &+= 1
      return
    }
    let packet = sendStreams[index].makePacket(
      frame, payloadType: section.payloadType, audioLevelID: section.audioLevelID, midID: section.midID,
      now: now)
    var datagram = packet.serialized(tagBytes: 16)
    do throws(SRTPFailure) { try srtpSender.protect(&datagram) } catch {
      counters.framesDropped &+= 1
      return
    }
    sendStreams[index].remember(datagram, sequence: packet.sequence, now: now)
    counters.packetsSent &+= 1
    counters.bytesSent &+= Int64(frame.payload.count)
    transmit(datagram, on: path, isMedia: true)
  }

  func receiveMedia(_ bytes: [UInt8], now: Instant) {
    var plain = bytes
    let packet: RTPPacket
    do throws(SRTPFailure) { try srtpReceiver?.unprotect(&plain) } catch { return count(error) }
    do throws(RTPFailure) { packet = try RTPPacket.parse(plain) } catch {
      counters.malformed &+= 1
      return
    }
    guard let section = section(of: packet), packet.payloadType == section.payloadType else {
      counters.unknownStreamPackets &+= 1
      return
    }
    guard let index = receiveStream(packet.ssrc, section, now: now) else {
      counters.unknownStreamPackets &+= 1
      return
    }
    counters.packetsReceived &+= 1
    counters.bytesReceived &+= Int64(packet.payload.count)
    if reportDue == nil { reportDue = now.advanced(byMilliseconds: Limits.receiverReportMilliseconds) }
    // A packet of padding alone (a probe of the path) is counted, but nothing to hear.
    guard receiveStreams[index].receive(packet, now: now), !packet.payload.isEmpty else { return }
    outputs.append(
      .event(
        .audio(
          ReceivedAudio(
            mid: section.mid, ssrc: packet.ssrc, payloadType: packet.payloadType, sequence: packet.sequence,
            timestamp: packet.timestamp, marker: packet.marker, payload: packet.payload))))
  }

  func count(_ failure: SRTPFailure) {
    switch failure {
    case .malformed: counters.malformed &+= 1
    case .replayed: counters.replayed &+= 1
    case .authentication, .cipher, .exhausted: counters.authenticationFailures &+= 1
    }
  }

  /// RFC 8843 §9.2: by announced SSRC, by the mid in the packet, by what the SSRC was found to be before, and else
  /// by payload type if just one section has it.
  private func section(of packet: RTPPacket) -> ReceivingSection? {
    for section in receivingSections where section.ssrcs.contains(packet.ssrc) { return section }
    // An answer that has a source for us names it; anything else is of a track that ended.
    if isOfferer == true { return nil }
    if !packet.extensions.isEmpty {
      for section in receivingSections {
        guard let value = packet.extensionValue(section.midID) else { continue }
        if value.elementsEqual(section.mid.utf8) { return section }
      }
    }
    if let stream = receiveStreams.first(where: { $0.ssrc == packet.ssrc }) {
      return receivingSections.first { $0.mid == stream.mid }
    }
    var only: ReceivingSection?
    for section in receivingSections where section.payloadType == packet.payloadType {
      if only != nil { return nil }
      only = section
    }
    return only
  }

  private func receiveStream(_ ssrc: UInt32, _ section: ReceivingSection, now: Instant) -> Int? {
    if let index = receiveStreams.firstIndex(where: { $0.ssrc == ssrc }) { return index }
    guard receiveStreams.count < Limits.rtpStreamsMax else { return nil }
    receiveStreams.append(
      RTPReceiveStream(ssrc: ssrc, mid: section.mid, asksAgain: section.asksAgain, now: now))
    return receiveStreams.count - 1
  }

  /// A snapshot of all counters.
  public var statistics: Statistics {
    var result = counters
    var lost: Int64 = 0
    for stream in receiveStreams {
      lost += max(0, stream.sequence.lost)
      result.jitterMilliseconds = max(result.jitterMilliseconds, stream.jitterMilliseconds)
    }
    result.localPacketsLost = adding(lost, to: result.localPacketsLost)
    result.malformed &+= ice.counters.malformedMessages &+ ice.counters.malformedCandidates
    result.malformed &+= dtls?.discarded ?? 0
    if result.roundTripMilliseconds == nil {
      result.roundTripMilliseconds = ice.roundTripMicroseconds.map { $0 / 1000 }
    }
    result.dataMessagesSent = data.messagesSent
    result.dataMessagesReceived = data.messagesReceived
    result.dataMessagesDropped = data.messagesDropped
    result.takesDetour = path.map { $0.base.kind != .udp && !ice.relaysOnly } ?? false
    if let path { result.selectedPair = "\(path.base.address) -> \(path.remote) (\(words(path)))" }
    return result
  }

  private func words(_ path: ICEAgent.Path) -> String {
    let kind =
      switch path.remoteKind {
      case .host: "host"
      case .serverReflexive: "server-reflexive"
      case .peerReflexive: "peer-reflexive"
      case .relayed: "relayed"
      }
    return switch path.base.kind {
    case .udp: kind
    case .tcp: kind + ", TCP"
    case .relayedByUDP: kind + ", our relay over UDP"
    case .relayedByTCP: kind + ", our relay over TCP"
    case .relayedByTLS: kind + ", our relay over TLS"
    }
  }
}
