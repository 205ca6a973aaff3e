import CLiveKitProtocol

extension SignalRequest {
  /// The bytes of one WebSocket message. Empty only if memory is exhausted.
  func encoded() -> [UInt8] {
    let strings = CStrings()
    var message = livekit_SignalRequest()
    fill(&message, strings)
    let size = lintel_encode_SignalRequest(&message, nil, 0)
    var bytes = [UInt8](repeating: 0, count: size)
    let written = bytes.withUnsafeMutableBufferPointer {
      lintel_encode_SignalRequest(&message, $0.baseAddress, $0.count)
    }
    // The strings must outlive the encoder, which only borrows them.
    withExtendedLifetime(strings) {}
    return written == size ? bytes : []
  }

  private func fill(_ message: inout livekit_SignalRequest, _ strings: CStrings) {
    switch self {
    case .offer(let description):
      message.has_offer = true
      message.offer = description.raw(type: "offer", strings)
    case .answer(let description):
      message.has_answer = true
      message.answer = description.raw(type: "answer", strings)
    case .trickle(let candidateInit, let target):
      message.has_trickle = true
      message.trickle.candidateInit = strings.borrow(candidateInit)
      message.trickle.target =
        target == .publisher ? livekit_SignalTarget_PUBLISHER : livekit_SignalTarget_SUBSCRIBER
    case .addTrack(let track):
      message.has_add_track = true
      message.add_track.cid = strings.borrow(track.cid)
      message.add_track.name = strings.borrow(track.name)
      message.add_track.type = livekit_TrackType_AUDIO
      message.add_track.source = livekit_TrackSource(UInt32(track.source.rawValue))
      message.add_track.muted = track.muted
      message.add_track.disable_red = track.disablesRED
    case .mute(let sid, let muted):
      message.has_mute = true
      message.mute.sid = strings.borrow(sid)
      message.mute.muted = muted
    case .leave(let reason):
      message.has_leave = true
      message.leave.reason = livekit_DisconnectReason(UInt32(reason.rawValue))
      message.leave.action = livekit_LeaveRequest_Action_DISCONNECT
    case .ping(let timestamp, let roundTrip):
      message.has_ping_req = true
      message.ping_req.timestamp = timestamp
      message.ping_req.rtt = roundTrip
    }
  }
}

extension SessionDescription {
  fileprivate func raw(type: String, _ strings: CStrings) -> livekit_SessionDescription {
    var raw = livekit_SessionDescription()
    raw.type = strings.borrow(type)
    raw.sdp = strings.borrow(sdp)
    raw.id = id
    return raw
  }
}

/// Zero-terminated copies of strings, for as long as this object lives.
private final class CStrings {
  private var buffers: [UnsafeMutableBufferPointer<CChar>] = []

  /// nil for the empty string, which proto3 does not send.
  func borrow(_ text: String) -> UnsafeMutablePointer<CChar>? {
    if text.isEmpty { return nil }
    let buffer = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.utf8.count + 1)
    var index = 0
    for byte in text.utf8 {
      buffer.initializeElement(at: index, to: CChar(bitPattern: byte))
      index += 1
    }
    buffer.initializeElement(at: index, to: 0)
    buffers.append(buffer)
    return buffer.baseAddress
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
  }
}
