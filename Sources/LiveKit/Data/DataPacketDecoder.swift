import Base
import CLiveKitProtocol

/// Decodes one DataPacket. The size is bounded before, the counts of what repeats while decoding. Memory is taken
/// to fit: the alternatives share one place for the content, for there is only one of them.
struct DataPacketDecoder {
  private let content = ContentField()
  private let inlineContent = ContentField()
  /// Of data, or the IV of what is encrypted.
  private let nonce = ContentField()
  private let identity = ContentField()
  private let sid = ContentField()
  private let id = ContentField()
  /// A topic, a method, or whom or what the packet is about.
  private let subject = ContentField()
  private let trackSID = ContentField()
  private let replyTo = ContentField()
  private let attributes: MessageList<StreamAttribute>
  private let attachedStreamIDs: MessageList<Name>
  private let segments: MessageList<DataPacket.Transcription.Segment>

  /// nil: malformed, too long, or with a name that is none. `dropped` counts the entries over a limit.
  static func decode(_ bytes: [UInt8], limits: Limits, dropped: inout Int) -> DataPacket? {
    guard bytes.count <= limits.dataMessageReceivedBytesMax else { return nil }
    let decoder = DataPacketDecoder(limits: limits)
    let packet = decoder.decode(bytes)
    dropped += decoder.attributes.dropped + decoder.attachedStreamIDs.dropped + decoder.segments.dropped
    return packet
  }

  private init(limits: Limits) {
    attributes = MessageList(limit: limits.attributesPerStreamMax) { stream in
      // The entries of all maps from string to string look the same.
      var raw = livekit_ParticipantInfo_AttributesEntry()
      guard lintel_decode_ParticipantInfo_AttributesEntry(stream, &raw) else { return .malformed }
      defer { lintel_release_ParticipantInfo_AttributesEntry(&raw) }
      return .value(StreamAttribute(key: text(raw.key), value: text(raw.value)))
    }
    attachedStreamIDs = MessageList(limit: limits.attachedStreamsMax, decode: decodeName)
    segments = MessageList(limit: limits.transcriptionSegmentsMax) { stream in
      var raw = livekit_TranscriptionSegment()
      let id = ContentField()
      let content = ContentField()
      id.read(into: &raw.id)
      content.read(into: &raw.text)
      guard lintel_decode_TranscriptionSegment(stream, &raw) else { return .malformed }
      defer { lintel_release_TranscriptionSegment(&raw) }
      guard let id = id.name else { return .refused }
      return .value(
        .init(id: id, text: content.text, isFinal: raw.final, language: text(raw.language)))
    }
  }

  private func decode(_ bytes: [UInt8]) -> DataPacket? {
    var raw = livekit_DataPacket()
    content.read(into: &raw.user.payload)
    nonce.read(into: &raw.user.nonce)
    content.read(into: &raw.chat_message.message)
    content.read(into: &raw.rpc_request.payload)
    content.read(into: &raw.rpc_response.payload)
    content.read(into: &raw.rpc_response.error.data)
    content.read(into: &raw.stream_chunk.content)
    content.read(into: &raw.encrypted_packet.encrypted_value)
    nonce.read(into: &raw.encrypted_packet.iv)
    inlineContent.read(into: &raw.stream_header.inline_content)
    attributes.register(&raw.stream_header.attributes)
    attributes.register(&raw.stream_trailer.attributes)
    attachedStreamIDs.register(&raw.stream_header.text_header.attached_stream_ids)
    segments.register(&raw.transcription.segments)
    readNames(into: &raw)
    let decoded = bytes.withUnsafeBufferPointer { buffer in
      var stream = pb_istream_from_buffer(buffer.baseAddress, buffer.count)
      return lintel_decode_DataPacket(&stream, &raw)
    }
    guard decoded else { return nil }
    defer { lintel_release_DataPacket(&raw) }
    guard let identity = identity.name, let sid = sid.name, let value = value(raw) else { return nil }
    return DataPacket(identity: identity, sid: sid, sequence: raw.sequence, value: value)
  }

  private func readNames(into raw: inout livekit_DataPacket) {
    identity.read(into: &raw.participant_identity)
    sid.read(into: &raw.participant_sid)
    id.read(into: &raw.rpc_request.id)
    id.read(into: &raw.rpc_ack.request_id)
    id.read(into: &raw.rpc_response.request_id)
    id.read(into: &raw.stream_header.stream_id)
    id.read(into: &raw.stream_chunk.stream_id)
    id.read(into: &raw.stream_trailer.stream_id)
    id.read(into: &raw.chat_message.id)
    subject.read(into: &raw.user.topic)
    subject.read(into: &raw.rpc_request.method)
    subject.read(into: &raw.stream_header.topic)
    subject.read(into: &raw.transcription.transcribed_participant_identity)
    trackSID.read(into: &raw.transcription.track_id)
    replyTo.read(into: &raw.stream_header.text_header.reply_to_stream_id)
  }

  private func value(_ raw: livekit_DataPacket) -> DataPacket.Value? {
    guard let id = id.name, let subject = subject.name, let trackSID = trackSID.name,
      attachedStreamIDs.refused == 0, segments.refused == 0
    else { return nil }
    if raw.has_user {
      return .user(.init(payload: content.bytes, topic: subject, nonce: nonce.bytes))
    }
    if raw.has_sip_dtmf { return .dtmf(code: raw.sip_dtmf.code, digit: text(raw.sip_dtmf.digit)) }
    if raw.has_rpc_request {
      let request = raw.rpc_request
      return .rpcRequest(
        .init(
          id: id, method: subject, payload: content.text,
          responseTimeoutMilliseconds: request.response_timeout_ms, version: request.version))
    }
    if raw.has_rpc_ack { return .rpcAck(requestID: id) }
    if raw.has_rpc_response { return response(raw.rpc_response, id) }
    if raw.has_stream_header {
      return replyTo.name.map {
        .streamHeader(header(raw.stream_header, id: id, topic: subject, replyTo: $0))
      }
    }
    if raw.has_stream_chunk {
      let chunk = raw.stream_chunk
      return .streamChunk(
        .init(
          streamID: id, index: chunk.chunk_index, content: content.bytes,
          version: chunk.version))
    }
    if raw.has_stream_trailer {
      let trailer = raw.stream_trailer
      return .streamTrailer(
        .init(
          streamID: id, reason: text(trailer.reason), attributes: attributes.values))
    }
    if raw.has_transcription {
      return .transcription(
        .init(
          identity: subject, trackSID: trackSID, segments: segments.values))
    }
    if raw.has_chat_message {
      let chat = raw.chat_message
      return .chat(
        .init(
          id: id, timestampMilliseconds: chat.timestamp,
          editTimestampMilliseconds: chat.has_edit_timestamp ? chat.edit_timestamp : nil,
          message: content.text, isDeleted: chat.deleted, isGenerated: chat.generated))
    }
    guard raw.has_encrypted_packet else { return .unknown }
    let packet = raw.encrypted_packet
    return .encrypted(
      .init(
        isKnown: packet.encryption_type == livekit_Encryption_Type_GCM, iv: nonce.bytes,
        keyIndex: Int(truncatingIfNeeded: packet.key_index), value: content.bytes))
  }

  /// An answer that is neither is a failure: its sender answers in a way that we do not know.
  private func response(_ raw: livekit_RpcResponse, _ id: Name) -> DataPacket.Value {
    if raw.has_error {
      let error = RPCError(
        code: Int(clamping: raw.error.code), message: text(raw.error.message), data: content.text)
      return .rpcResponse(requestID: id, .failure(error))
    }
    return .rpcResponse(
      requestID: id, content.isPresent ? .success(content.text) : .failure(.application))
  }

  private func header(
    _ raw: livekit_DataStream_Header, id: Name, topic: Name, replyTo: Name
  ) -> DataPacket.StreamHeader {
    var header = DataPacket.StreamHeader()
    header.streamID = id
    header.timestampMilliseconds = raw.timestamp
    header.topic = topic
    header.mimeType = text(raw.mime_type)
    header.totalBytes = raw.has_total_length ? raw.total_length : nil
    header.attributes = attributes.values
    header.inlineContent = inlineContent.isPresent ? inlineContent.bytes : nil
    header.isCompressed = raw.compression != livekit_DataStream_CompressionType_NONE
    if raw.has_byte_header {
      header.content = .bytes(name: text(raw.byte_header.name))
    } else if raw.has_text_header {
      let text = raw.text_header
      header.content = .text(
        .init(
          operation: text.operation_type.rawValue, version: text.version,
          replyTo: replyTo, attachedStreamIDs: attachedStreamIDs.values,
          isGenerated: text.generated))
    }
    return header
  }
}
