import Base

/// Streams, chat and transcriptions that come.
extension Room {
  func received(_ header: DataPacket.StreamHeader, from origin: PacketOrigin, _ now: Instant) {
    let purpose = core.streams.purpose(isText: header.isText, topic: header.topic)
    report(core.streams.incoming.header(header, from: origin, collects: purpose != .pieces, now: now), now)
  }

  func received(_ chunk: DataPacket.StreamChunk, from origin: PacketOrigin, _ now: Instant) {
    report(core.streams.incoming.chunk(chunk, from: origin, now: now), now)
  }

  func received(_ trailer: DataPacket.StreamTrailer, from origin: PacketOrigin, _ now: Instant) {
    report(core.streams.incoming.trailer(trailer, from: origin), now)
  }

  func received(_ packet: DataPacket.Transcription, from origin: PacketOrigin, _ now: Instant) {
    for segment in core.streams.transcriptions.packet(packet, sender: origin)
    where core.streams.transcripts.allowsFinal(origin, now: now) {
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
  func senderLeft(_ participant: Participant, _ now: Instant) {
    report(
      core.streams.incoming.senderLeft(PacketOrigin(identity: participant.identity, sid: participant.sid)),
      now)
  }

  func expireStreams(_ now: Instant) {
    report(core.streams.incoming.expire(now: now), now)
    if let until = core.streams.stalledUntil, until <= now { failOutgoingStreams(.timedOut) }
  }

  /// The session is over, and every stream with it.
  func endStreams(_ now: Instant) {
    report(core.streams.incoming.disconnect(), now)
    core.streams.transcriptions.clear()
    core.streams.transcripts.clear()
    failOutgoingStreams(.disconnected)
  }

  private func report(_ changes: [IncomingStreams.Change], _ now: Instant) {
    for change in changes {
      switch change {
      case .opened(let stream):
        if purpose(stream) == .pieces { emit(.streamOpened(stream)) }
      case .chunk(let stream, let content): grew(stream, content, now)
      case .ended(let stream, let collected, let failure): ended(stream, collected, failure, now)
      }
    }
  }

  private func purpose(_ stream: IncomingStream) -> Streams.Purpose {
    core.streams.purpose(isText: stream.isText, topic: stream.topic)
  }

  private func grew(_ stream: IncomingStream, _ content: [UInt8], _ now: Instant) {
    switch purpose(stream) {
    case .pieces: emit(.streamChunk(stream.id, content))
    case .transcription:
      // Nothing of what is beyond the excerpt is shown, so it is not looked at either.
      let bytesMax = configuration.limits.transcriptionBytesMax
      guard stream.receivedBytes - content.count < bytesMax,
        core.streams.transcripts.allowsGuess(stream, now: now)
      else { return }
      let text = Array(core.streams.incoming.collected(stream.id).prefix(bytesMax))
      if let segment = core.streams.transcriptions.grew(stream, content: text) {
        emit(.transcription(segment))
      }
    case .wholeText, .chat: break
    }
  }

  private func ended(
    _ stream: IncomingStream, _ collected: [UInt8], _ failure: StreamFailure?, _ now: Instant
  ) {
    let purpose = purpose(stream)
    if purpose == .transcription {
      core.streams.transcripts.ended(stream.id)
      let text = Array(collected.prefix(configuration.limits.transcriptionBytesMax))
      if let segment = core.streams.transcriptions.ended(stream, content: text, failure),
        core.streams.transcripts.allowsFinal(stream.origin, now: now)
      {
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
