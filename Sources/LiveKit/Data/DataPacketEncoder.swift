import CLiveKitProtocol

extension DataPacket {
  /// The bytes of one message. Empty only if memory is exhausted.
  func encoded(lossy: Bool) -> [UInt8] {
    let strings = CStrings()
    var message = livekit_DataPacket()
    message.kind = lossy ? livekit_DataPacket_Kind_LOSSY : livekit_DataPacket_Kind_RELIABLE
    message.sequence = sequence
    strings.write(identity, into: &message.participant_identity)
    strings.write(sid, into: &message.participant_sid)
    if !destinations.isEmpty {
      let writer = EntryWriter.names(destinations)
      strings.keep(writer)
      writer.register(&message.destination_identities)
    }
    fill(&message, strings)
    return strings.encode(&message, lintel_encode_DataPacket)
  }

  private func fill(_ message: inout livekit_DataPacket, _ strings: CStrings) {
    switch value {
    case .user(let user):
      message.has_user = true
      strings.write(user.topic, into: &message.user.topic)
      if !user.payload.isEmpty { strings.write(user.payload, into: &message.user.payload) }
      if !user.nonce.isEmpty { strings.write(user.nonce, into: &message.user.nonce) }
    case .dtmf(let code, let digit):
      message.has_sip_dtmf = true
      message.sip_dtmf.code = code
      message.sip_dtmf.digit = strings.borrow(digit)
    case .rpcRequest(let request):
      message.has_rpc_request = true
      strings.write(request.id, into: &message.rpc_request.id)
      strings.write(request.method, into: &message.rpc_request.method)
      if !request.payload.isEmpty {
        strings.write(Array(request.payload.utf8), into: &message.rpc_request.payload)
      }
      message.rpc_request.response_timeout_ms = request.responseTimeoutMilliseconds
      message.rpc_request.version = request.version
    case .rpcAck(let requestID):
      message.has_rpc_ack = true
      strings.write(requestID, into: &message.rpc_ack.request_id)
    case .rpcResponse(let requestID, let result):
      message.has_rpc_response = true
      strings.write(requestID, into: &message.rpc_response.request_id)
      fill(&message.rpc_response, result, strings)
    case .streamHeader(let header):
      message.has_stream_header = true
      fill(&message.stream_header, header, strings)
    case .streamChunk(let chunk):
      message.has_stream_chunk = true
      strings.write(chunk.streamID, into: &message.stream_chunk.stream_id)
      message.stream_chunk.chunk_index = chunk.index
      message.stream_chunk.version = chunk.version
      if !chunk.content.isEmpty { strings.write(chunk.content, into: &message.stream_chunk.content) }
    case .streamTrailer(let trailer):
      message.has_stream_trailer = true
      strings.write(trailer.streamID, into: &message.stream_trailer.stream_id)
      message.stream_trailer.reason = strings.borrow(trailer.reason)
      strings.write(trailer.attributes, into: &message.stream_trailer.attributes)
    case .transcription(let transcription):
      message.has_transcription = true
      strings.write(transcription.identity, into: &message.transcription.transcribed_participant_identity)
      strings.write(transcription.trackSID, into: &message.transcription.track_id)
      strings.write(transcription.segments, into: &message.transcription.segments)
    case .chat(let chat):
      message.has_chat_message = true
      fill(&message.chat_message, chat, strings)
    case .encrypted(let packet):
      message.has_encrypted_packet = true
      fill(&message.encrypted_packet, packet, strings)
    case .unknown: break
    }
  }

  private func fill(_ message: inout livekit_EncryptedPacket, _ packet: Encrypted, _ strings: CStrings) {
    message.encryption_type = packet.isKnown ? livekit_Encryption_Type_GCM : livekit_Encryption_Type_CUSTOM
    message.key_index = UInt32(truncatingIfNeeded: packet.keyIndex)
    if !packet.iv.isEmpty { strings.write(packet.iv, into: &message.iv) }
    if !packet.value.isEmpty { strings.write(packet.value, into: &message.encrypted_value) }
  }

  private func fill(_ message: inout livekit_ChatMessage, _ chat: Chat, _ strings: CStrings) {
    strings.write(chat.id, into: &message.id)
    message.timestamp = chat.timestampMilliseconds
    message.has_edit_timestamp = chat.editTimestampMilliseconds != nil
    message.edit_timestamp = chat.editTimestampMilliseconds ?? 0
    if !chat.message.isEmpty { strings.write(Array(chat.message.utf8), into: &message.message) }
    message.deleted = chat.isDeleted
    message.generated = chat.isGenerated
  }

  /// The alternative that is chosen is written even if it is empty: it says that the call succeeded.
  private func fill(
    _ response: inout livekit_RpcResponse, _ result: Result<String, RPCError>, _ strings: CStrings
  ) {
    switch result {
    case .success(let payload): strings.write(Array(payload.utf8), into: &response.payload)
    case .failure(let error):
      response.has_error = true
      response.error.code = UInt32(clamping: error.code)
      response.error.message = strings.borrow(error.message)
      if !error.data.isEmpty { strings.write(Array(error.data.utf8), into: &response.error.data) }
    }
  }

  private func fill(
    _ raw: inout livekit_DataStream_Header, _ header: StreamHeader, _ strings: CStrings
  ) {
    strings.write(header.streamID, into: &raw.stream_id)
    raw.timestamp = header.timestampMilliseconds
    strings.write(header.topic, into: &raw.topic)
    raw.mime_type = strings.borrow(header.mimeType)
    raw.has_total_length = header.totalBytes != nil
    raw.total_length = header.totalBytes ?? 0
    strings.write(header.attributes, into: &raw.attributes)
    if let content = header.inlineContent { strings.write(content, into: &raw.inline_content) }
    if header.isCompressed { raw.compression = livekit_DataStream_CompressionType_DEFLATE_RAW }
    switch header.content {
    case .bytes(let name):
      raw.has_byte_header = true
      raw.byte_header.name = strings.borrow(name)
    case .text(let text):
      raw.has_text_header = true
      raw.text_header.operation_type = livekit_DataStream_OperationType(text.operation)
      raw.text_header.version = text.version
      strings.write(text.replyTo, into: &raw.text_header.reply_to_stream_id)
      raw.text_header.generated = text.isGenerated
      if !text.attachedStreamIDs.isEmpty {
        let writer = EntryWriter.names(text.attachedStreamIDs)
        strings.keep(writer)
        writer.register(&raw.text_header.attached_stream_ids)
      }
    case nil: break
    }
  }
}

extension CStrings {
  fileprivate func write(_ attributes: [StreamAttribute], into callback: inout pb_callback_t) {
    guard !attributes.isEmpty else { return }
    let writer = EntryWriter.attributes(attributes, self)
    keep(writer)
    writer.register(&callback)
  }

  fileprivate func write(
    _ segments: [DataPacket.Transcription.Segment], into callback: inout pb_callback_t
  ) {
    guard !segments.isEmpty else { return }
    let entries = segments.map { segment -> livekit_TranscriptionSegment in
      var raw = livekit_TranscriptionSegment()
      write(segment.id, into: &raw.id)
      if !segment.text.isEmpty { write(Array(segment.text.utf8), into: &raw.text) }
      raw.final = segment.isFinal
      raw.language = borrow(segment.language)
      return raw
    }
    let writer = EntryWriter { stream, field in
      for var entry in entries {
        guard lintel_write_TranscriptionSegment(stream, field, &entry) else { return false }
      }
      return true
    }
    keep(writer)
    writer.register(&callback)
  }
}
