import Base

// RTCP in both directions: reports, NACKs, goodbyes.
extension PeerConnection {
  // Receiving.

  func receiveControl(_ bytes: [UInt8], now: Instant) {
    var plain = bytes
    let packets: [RTCPPacket]
    do throws(SRTPFailure) { try srtpReceiver?.unprotectControl(&plain) } catch { return count(error) }
    do throws(RTPFailure) { packets = try RTCPPacket.parse(compound: plain) } catch {
      counters.malformed &+= 1
      return
    }
    for packet in packets { handle(packet, now: now) }
  }

  private func handle(_ packet: RTCPPacket, now: Instant) {
    switch packet {
    case .senderReport(let ssrc, let information, let blocks):
      if let index = receiveStreams.firstIndex(where: { $0.ssrc == ssrc }) {
        receiveStreams[index].noteSenderReport(information, now: now)
      }
      for block in blocks { handle(block, now: now) }
    case .receiverReport(_, let blocks):
      for block in blocks { handle(block, now: now) }
    case .nack(_, let media, let missing):
      answerNack(media, missing, now: now)
    case .goodbye(let sources):
      for stream in receiveStreams where sources.contains(stream.ssrc) {
        counters.localPacketsLost = adding(max(0, stream.sequence.lost), to: counters.localPacketsLost)
      }
      receiveStreams = receiveStreams.filter { !sources.contains($0.ssrc) }
    case .sourceDescription, .other:
      break
    }
  }

  /// How the peer receives one of our streams (RFC 3550 §6.4.1).
  private func handle(_ block: ReportBlock, now: Instant) {
    guard sendStreams.contains(where: { $0.ssrc == block.ssrc }) else { return }
    counters.remotePacketsLost = max(0, block.cumulativeLost)
    counters.remoteFractionLost = block.fractionLost
    counters.remoteJitterMilliseconds = rtpMilliseconds(block.jitter)
    guard block.lastSenderReport != 0 else { return }
    let elapsed = Int32(
      bitPattern: now.ntpMiddle &- block.lastSenderReport &- block.delaySinceLastSenderReport)
    // More than a minute, or less than nothing, is no round trip but an answer to something else.
    if elapsed >= 0, elapsed < 60 << 16 {
      counters.roundTripMilliseconds = Int((Int64(elapsed) * 1000) >> 16)
    }
  }

  private func answerNack(_ ssrc: UInt32, _ missing: [UInt16], now: Instant) {
    guard let path, let index = sendStreams.firstIndex(where: { $0.ssrc == ssrc }) else { return }
    counters.nacksReceived &+= 1
    let gap = max(Limits.retransmissionGapMilliseconds, counters.roundTripMilliseconds ?? 0)
    for datagram in sendStreams[index].retransmit(missing, gapMilliseconds: gap, now: now) {
      counters.retransmissions &+= 1
      transmit(datagram, on: path)
    }
  }

  // Sending.

  var controlDeadline: Instant? {
    guard srtpSender != nil, path != nil, state == .connected || state == .disconnected else { return nil }
    var next = reportDue
    for stream in sendStreams { next = earliest(next, stream.reportDue) }
    for stream in receiveStreams { next = earliest(next, stream.nacks.nextDue) }
    return next
  }

  func advanceControl(now: Instant) {
    if !goodbyes.isEmpty {
      sendGoodbye(goodbyes)
      for ssrc in goodbyes { srtpSender?.forget(ssrc) }
      goodbyes = []
    }
    guard let deadline = controlDeadline, deadline <= now else { return }
    askAgain(now: now)
    sendReports(now: now)
  }

  private func askAgain(now: Instant) {
    for index in receiveStreams.indices {
      let missing = receiveStreams[index].takeDueNacks(now: now)
      guard !missing.isEmpty else { continue }
      counters.nacksSent &+= 1
      let stream = receiveStreams[index]
      let nack = RTCPPacket.nack(sender: controlSSRC, media: stream.ssrc, missing)
      let isReduced = receivingSections.first { $0.mid == stream.mid }?.reducedSizeRTCP ?? false
      // RFC 5506 §3.4.2: alone only if that was negotiated, else behind a report and a CNAME.
      transmit(isReduced ? [nack] : [.receiverReport(ssrc: controlSSRC, []), sourceDescription([]), nack])
    }
  }

  /// Sender reports of streams whose turn it is, and a report of everything that came since the last time.
  private func sendReports(now: Instant) {
    var packets: [RTCPPacket] = []
    var sources: [UInt32] = []
    // Those over the bound are still due, and the next poll sees to them.
    for index in sendStreams.indices where sources.count < Limits.senderReportsPerPacketMax {
      guard let due = sendStreams[index].reportDue, due <= now,
        let information = sendStreams[index].senderReport(now: now)
      else { continue }
      packets.append(.senderReport(ssrc: sendStreams[index].ssrc, information, []))
      sources.append(sendStreams[index].ssrc)
    }
    var blocks: [ReportBlock] = []
    if let due = reportDue, due <= now {
      reportDue = now.advanced(byMilliseconds: Limits.receiverReportMilliseconds)
      for index in receiveStreams.indices {
        if let block = receiveStreams[index].takeReportBlock(now: now) { blocks.append(block) }
      }
      if blocks.isEmpty { reportDue = nil }
    }
    if !packets.isEmpty { transmit(packets + [sourceDescription(sources)]) }
    var rest = blocks[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Limits.reportBlocksPerPacketMax))
      rest = rest.dropFirst(part.count)
      transmit([.receiverReport(ssrc: controlSSRC, part), sourceDescription([])])
    }
  }

  /// RFC 3550 §6.6, inside a compound that starts with a report.
  func sendGoodbye(_ sources: [UInt32]) {
    guard let first = sources.first else { return }
    transmit([.receiverReport(ssrc: first, []), sourceDescription([first]), .goodbye(sources)])
  }

  private var controlSSRC: UInt32 { sendStreams.first?.ssrc ?? reportSSRC }

  private func sourceDescription(_ sources: [UInt32]) -> RTCPPacket {
    var chunks: [(ssrc: UInt32, canonicalName: String)] = []
    for source in sources.isEmpty ? [controlSSRC] : sources {
      chunks.append((source, configuration.canonicalName))
    }
    return .sourceDescription(chunks)
  }

  private func transmit(_ packets: [RTCPPacket]) {
    guard let path, let srtpSender else { return }
    var compound: [UInt8] = []
    for packet in packets { compound += packet.serialized() }
    do throws(SRTPFailure) { try srtpSender.protectControl(&compound) } catch { return count(error) }
    transmit(compound, on: path)
  }
}
