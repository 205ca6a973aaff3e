import Base

/// Streams, chat and transcriptions that come.
extension Room {
  func received(_ header: DataPacket.StreamHeader, from origin: PacketOrigin, _ now: Instant) {
    let purpose = core.streams.purpose(isText: header.isText, topic: header.topic)
    report(core.streams.incoming.header(header, from: origin, collects: purpose != .pieces, now: now))
  }

  func received(_ chunk: DataPacket.StreamChunk, from origin: PacketOrigin, _ now: Instant) {
    report(core.streams.incoming.chunk(chunk, from: origin, now: now))
  }

  func received(_ trailer: DataPacket.StreamTrailer, from origin: PacketOrigin) {
    report(core.streams.incoming.trailer(trailer, from: origin))
  }

  func received(_ packet: DataPacket.Transcription, from origin: PacketOrigin) {
    for segment in core.streams.transcriptions.packet(packet, sender: origin) {
      emit(.transcription(segment))
    }
  }

  /// A line that is taken back is not shown again; nothing more is known here of lines that were.
  func received(_ chat: DataPacket.Chat, from origin: PacketOrigin) {
    guard !chat.isDeleted else { return }
    emit(
      .chatReceived(
        ChatMessage(
          id: chat.id, text: chat.message, identity: origin.identity, senderSID: origin.sid,
          timestampMilliseconds: chat.editTimestampMilliseconds ?? chat.timestampMilliseconds)))
  }

  /// A participant left, or began another session.
  func senderLeft(_ participant: Participant) {
    report(
      core.streams.incoming.senderLeft(PacketOrigin(identity: participant.identity, sid: participant.sid)))
  }

  func expireStreams(_ now: Instant) {
    report(core.streams.incoming.expire(now: now))
    if let until = core.streams.stalledUntil, until <= now { failOutgoingStreams(.timedOut) }
  }

  /// The session is over, and every stream with it.
  func endStreams() {
    report(core.streams.incoming.disconnect())
    core.streams.transcriptions.clear()
    failOutgoingStreams(.disconnected)
  }

  private func report(_ changes: [IncomingStreams.Change]) {
    for change in changes {
      switch change {
      case .opened(let stream):
        if purpose(stream) == .pieces { emit(.streamOpened(stream)) }
      case .chunk(let stream, let content): grew(stream, content)
      case .ended(let stream, let collected, let failure): ended(stream, collected, failure)
      }
    }
  }

  private func purpose(_ stream: IncomingStream) -> Streams.Purpose {
    core.streams.purpose(isText: stream.isText, topic: stream.topic)
  }

  private func grew(_ stream: IncomingStream, _ content: [UInt8]) {
    switch purpose(stream) {
    case .pieces: emit(.streamChunk(stream.id, content))
    case .transcription:
      let text = core.streams.incoming.collected(stream.id)
      if let segment = core.streams.transcriptions.grew(stream, content: text) {
        emit(.transcription(segment))
      }
    case .wholeText, .chat: break
    }
  }

  private func ended(_ stream: IncomingStream, _ collected: [UInt8], _ failure: StreamFailure?) {
    let purpose = purpose(stream)
    if purpose == .transcription {
      if let segment = core.streams.transcriptions.ended(stream, content: collected, failure) {
        emit(.transcription(segment))
      }
      return
    }
    // Half a text is nothing to act on; the words of the failure say what it was.
    if purpose == .pieces || failure != nil {
      return emit(.streamEnded(stream, failure: failure))
    }
    let text = String(decoding: collected, as: UTF8.self)
    if purpose == .chat {
      emit(
        .chatReceived(
          ChatMessage(
            id: stream.streamID, text: text, identity: stream.identity, senderSID: stream.senderSID,
            timestampMilliseconds: stream.timestampMilliseconds)))
    } else {
      emit(.textReceived(text, stream))
    }
  }
}
