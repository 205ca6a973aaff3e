import Base

// What the association says, and what it is asked for.
extension DataChannels {
  func handle(_ event: SCTPAssociation.Event, now: Instant) {
    switch event {
    case .up(let streams): self.streams = min(streams, Limits.sctpStreamsMax)
    case .message(let stream, let identifier, let bytes): receive(bytes, stream, identifier)
    case .oversized: messagesDropped &+= 1
    case .incomingReset(let streams): peerClosed(streams)
    case .outgoingReset(let streams, let failed): outgoingReset(streams, failed: failed)
    case .restarted: closeAll()
    case .ended:
      // It may have had a last word, so it stays until that is sent.
      hasEnded = true
      closeAll()
    }
  }

  private func receive(_ bytes: [UInt8], _ stream: UInt16, _ identifier: UInt32) {
    let index = channels.firstIndex { $0.stream == stream }
    if identifier == DCEPMessage.Identifier.control { return receiveControl(bytes, stream, index) }
    let isEmpty =
      identifier == DCEPMessage.Identifier.emptyBinary || identifier == DCEPMessage.Identifier.emptyString
    guard let index, channels[index].phase != .closing,
      isEmpty || identifier == DCEPMessage.Identifier.binary || identifier == DCEPMessage.Identifier.string
    else {
      messagesDropped &+= 1
      return
    }
    // Whoever sends on our channel has read its OPEN, even if the acknowledgement was overtaken.
    opened(index)
    messagesReceived &+= 1
    events.append(.dataChannelMessage(channels[index].id, isEmpty ? [] : bytes))
  }

  private func receiveControl(_ bytes: [UInt8], _ stream: UInt16, _ index: Int?) {
    switch DCEPMessage(bytes) {
    case .acknowledgement?:
      if let index { opened(index) } else { messagesDropped &+= 1 }
    case .open(let open)?:
      // On a stream that is ours to give, or in use, it is a mistake (RFC 8832 §6).
      guard index == nil, channels.count < Limits.dataChannelsMax, Int(stream) < streams,
        (stream & 1 == 0) != isDTLSClient
      else {
        messagesDropped &+= 1
        return
      }
      var channel = Channel(
        id: newID(), label: open.label, ordered: open.ordered, maxRetransmits: open.maxRetransmits)
      channel.stream = stream
      channel.phase = .open
      channel.control = .acknowledgement
      channels.append(channel)
      events.append(.dataChannelOpened(channel.id, label: channel.label))
    case nil:
      messagesDropped &+= 1
    }
  }

  private func opened(_ index: Int) {
    guard channels[index].phase == .opening else { return }
    channels[index].phase = .open
    events.append(.dataChannelOpened(channels[index].id, label: channels[index].label))
  }

  /// RFC 8831 §6.7: the peer's reset is answered with our own.
  private func peerClosed(_ streams: [UInt16]) {
    for index in channels.indices {
      guard let stream = channels[index].stream, streams.isEmpty || streams.contains(stream),
        !channels[index].incomingIsReset
      else { continue }
      channels[index].incomingIsReset = true
      if channels[index].phase != .closing { channels[index].resetDue = true }
      channels[index].phase = .closing
      events.append(.dataChannelClosed(channels[index].id, label: channels[index].label))
    }
    removeClosed()
  }

  private func outgoingReset(_ streams: [UInt16], failed: Bool) {
    for index in channels.indices {
      guard let stream = channels[index].stream, streams.isEmpty || streams.contains(stream),
        channels[index].phase == .closing
      else { continue }
      if failed { channels[index].resetDue = true } else { channels[index].outgoingIsReset = true }
    }
    removeClosed()
  }

  private func removeClosed() {
    while let closed = channels.firstIndex(where: { $0.incomingIsReset && $0.outgoingIsReset }) {
      channels.remove(at: closed)
    }
  }

  /// OPENs, acknowledgements and resets that are due and that SCTP takes.
  func sendControl(now: Instant) {
    guard let association, streams > 0 else { return }
    for index in channels.indices {
      if channels[index].phase == .waiting, let stream = freeStream() {
        channels[index].stream = stream
        channels[index].phase = .opening
        channels[index].control = .open(
          DCEPMessage.Open(
            label: channels[index].label, ordered: channels[index].ordered,
            maxRetransmits: channels[index].maxRetransmits))
      }
      guard let stream = channels[index].stream else { continue }
      if let control = channels[index].control {
        let bytes = control.serialized()
        let result = association.send(
          bytes, stream: stream, protocol: DCEPMessage.Identifier.control, ordered: true,
          maxRetransmits: nil, now: now)
        if result == .accepted {
          channels[index].control = nil
          noteUnsettled(index, bytes: bytes.count)
        }
      }
      if channels[index].resetDue, channels[index].control == nil,
        association.resetOutgoing(stream, now: now)
      {
        channels[index].resetDue = false
      }
    }
  }

  private func freeStream() -> UInt16? {
    for stream in stride(from: isDTLSClient ? 0 : 1, to: streams, by: 2)
    where !channels.contains(where: { $0.stream == UInt16(stream) }) {
      return UInt16(stream)
    }
    return nil
  }

  // What waits in SCTP, for each channel.

  func noteUnsettled(_ index: Int, bytes: Int) {
    channels[index].bufferedBytes += bytes
    unsettled.append((channels[index].id, bytes))
    unsettledBytes += bytes
  }

  /// SCTP tells the sum of what it holds, and lets go of messages about in the order in which it took them.
  func settle() {
    let held = association?.bufferedBytes ?? 0
    var settled = 0
    while settled < unsettled.count, unsettledBytes - unsettled[settled].bytes >= held {
      let (id, bytes) = unsettled[settled]
      settled += 1
      unsettledBytes -= bytes
      guard let index = channels.firstIndex(where: { $0.id == id }) else { continue }
      channels[index].bufferedBytes -= bytes
    }
    guard settled > 0 else { return }
    unsettled.removeFirst(settled)
    for index in channels.indices where channels[index].isFull {
      let lowWater = channels[index].isReliable ? Limits.reliableLowWaterBytes : Limits.lossyLowWaterBytes
      guard channels[index].bufferedBytes <= lowWater else { continue }
      channels[index].isFull = false
      events.append(.dataChannelWritable(channels[index].id))
    }
  }
}
