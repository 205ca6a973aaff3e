import Base
import CLiveKitProtocol

/// Decodes one DataPacket. The size is bounded before, the counts of what repeats while decoding. Memory is taken
/// to fit: the alternatives share one place for the content, for there is only one of them.
struct DataPacketDecoder {
  private let content = ContentField()
  private let inlineContent = ContentField()
  private let nonce = ContentField()
  private let attributes: MessageList<StreamAttribute>
  private let attachedStreamIDs: MessageList<String>
  private let segments: MessageList<DataPacket.Transcription.Segment>

  /// nil: malformed or too long. `dropped` counts the entries over a limit.
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
      guard lintel_decode_ParticipantInfo_AttributesEntry(stream, &raw) else { return nil }
      defer { lintel_release_ParticipantInfo_AttributesEntry(&raw) }
      return StreamAttribute(key: text(raw.key), value: text(raw.value))
    }
    attachedStreamIDs = MessageList(limit: limits.attachedStreamsMax, decode: decodeText)
    segments = MessageList(limit: limits.transcriptionSegmentsMax) { stream in
      var raw = livekit_TranscriptionSegment()
      let content = ContentField()
      content.read(into: &raw.text)
      guard lintel_decode_TranscriptionSegment(stream, &raw) else { return nil }
      defer { lintel_release_TranscriptionSegment(&raw) }
      return .init(id: text(raw.id), text: content.text, isFinal: raw.final, language: text(raw.language))
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
    inlineContent.read(into: &raw.stream_header.inline_content)
    attributes.register(&raw.stream_header.attributes)
    attributes.register(&raw.stream_trailer.attributes)
    attachedStreamIDs.register(&raw.stream_header.text_header.attached_stream_ids)
    segments.register(&raw.transcription.segments)
    let decoded = bytes.withUnsafeBufferPointer { buffer in
      var stream = pb_istream_from_buffer(buffer.baseAddress, buffer.count)
      return lintel_decode_DataPacket(&stream, &raw)
    }
    guard decoded else { return nil }
    defer { lintel_release_DataPacket(&raw) }
    return DataPacket(
      identity: text(raw.participant_identity), sid: text(raw.participant_sid), sequence: raw.sequence,
      value: value(raw))
  }

  private func value(_ raw: livekit_DataPacket) -> DataPacket.Value {
    if raw.has_user {
      return .user(.init(payload: content.bytes, topic: text(raw.user.topic), nonce: nonce.bytes))
    }
    if raw.has_sip_dtmf { return .dtmf(code: raw.sip_dtmf.code, digit: text(raw.sip_dtmf.digit)) }
    if raw.has_rpc_request {
      let request = raw.rpc_request
      return .rpcRequest(
        .init(
          id: text(request.id), method: text(request.method), payload: content.text,
          responseTimeoutMilliseconds: request.response_timeout_ms, version: request.version))
    }
    if raw.has_rpc_ack { return .rpcAck(requestID: text(raw.rpc_ack.request_id)) }
    if raw.has_rpc_response { return response(raw.rpc_response) }
    if raw.has_stream_header { return .streamHeader(header(raw.stream_header)) }
    if raw.has_stream_chunk {
      let chunk = raw.stream_chunk
      return .streamChunk(
        .init(
          streamID: text(chunk.stream_id), index: chunk.chunk_index, content: content.bytes,
          version: chunk.version))
    }
    if raw.has_stream_trailer {
      let trailer = raw.stream_trailer
      return .streamTrailer(
        .init(
          streamID: text(trailer.stream_id), reason: text(trailer.reason), attributes: attributes.values))
    }
    if raw.has_transcription {
      return .transcription(
        .init(
          identity: text(raw.transcription.transcribed_participant_identity),
          trackSID: text(raw.transcription.track_id), segments: segments.values))
    }
    if raw.has_chat_message {
      let chat = raw.chat_message
      return .chat(
        .init(
          id: text(chat.id), timestampMilliseconds: chat.timestamp,
          editTimestampMilliseconds: chat.has_edit_timestamp ? chat.edit_timestamp : nil,
          message: content.text, isDeleted: chat.deleted, isGenerated: chat.generated))
    }
    return raw.has_encrypted_packet ? .encrypted : .unknown
  }

  /// An answer that is neither is a failure: its sender answers in a way that we do not know.
  private func response(_ raw: livekit_RpcResponse) -> DataPacket.Value {
    let id = text(raw.request_id)
    if raw.has_error {
      let error = RPCError(
        code: Int(clamping: raw.error.code), message: text(raw.error.message), data: content.text)
      return .rpcResponse(requestID: id, .failure(error))
    }
    return .rpcResponse(
      requestID: id, content.isPresent ? .success(content.text) : .failure(.application))
  }

  private func header(_ raw: livekit_DataStream_Header) -> DataPacket.StreamHeader {
    var header = DataPacket.StreamHeader()
    header.streamID = text(raw.stream_id)
    header.timestampMilliseconds = raw.timestamp
    header.topic = text(raw.topic)
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
          replyTo: LiveKit.text(text.reply_to_stream_id), attachedStreamIDs: attachedStreamIDs.values,
          isGenerated: text.generated))
    }
    return header
  }
}
