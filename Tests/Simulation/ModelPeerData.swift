import Base

@testable import LiveKit
@testable import WebRTC

/// The channels of a `ModelPeer`.
extension ModelPeer {
  // MARK: - Data channels

  func openDataChannel(
    label: String, ordered: Bool, maxRetransmits: UInt16?
  ) -> PeerConnection.DataChannelID {
    channels.append(ModelChannel(label: label))
    if isSecured { open(channels.count - 1) }
    return .init(channels.count)
  }

  func send(
    _ message: [UInt8], channel: PeerConnection.DataChannelID, now: Instant
  ) throws(DataChannelFailure) {
    let index = channel.value - 1
    guard channels.indices.contains(index), channels[index].isOpen, isSecured else { throw .notOpen }
    guard channels[index].buffered < 256 << 10 else { throw .full(bufferedBytes: channels[index].buffered) }
    let packet = channels[index].packet(message, index)
    if let path { put(.data, packet, path) }
    resendDue = resendDue ?? now.advanced(byMilliseconds: 250)
  }

  func received(data payload: [UInt8], _ now: Instant) {
    guard let index = payload.first.map({ Int($0) }), channels.indices.contains(index) else { return }
    let messages = channels[index].receive(payload)
    if let path { put(.ack, channels[index].acknowledgement(index), path) }
    for message in messages {
      if let onMessage {
        onMessage(message, index)
      } else {
        outputs.append(.event(.dataChannelMessage(.init(index + 1), message)))
      }
    }
  }

  func acknowledged(_ payload: [UInt8], _ now: Instant) {
    guard let index = payload.first.map({ Int($0) }), channels.indices.contains(index) else { return }
    let wasFull = channels[index].buffered >= 256 << 10
    channels[index].acknowledged(payload)
    if wasFull || channels[index].waiting.isEmpty {
      outputs.append(.event(.dataChannelWritable(.init(index + 1))))
    }
  }

  func resend(_ now: Instant) {
    resendDue = nil
    for channel in channels where !channel.waiting.isEmpty {
      resendDue = now.advanced(byMilliseconds: 250)
      guard let path, state == .connected else { continue }
      for packet in channel.waiting.prefix(8) { put(.data, packet.bytes, path) }
    }
  }

  func bufferedBytes(channel: PeerConnection.DataChannelID) -> Int {
    channels.indices.contains(channel.value - 1) ? channels[channel.value - 1].buffered : 0
  }
  func stream(channel: PeerConnection.DataChannelID) -> UInt16? { UInt16(clamping: channel.value) }
  func closeDataChannel(_ id: PeerConnection.DataChannelID, now: Instant) {}

  func open(_ index: Int) {
    channels[index].isOpen = true
    let id = PeerConnection.DataChannelID(index + 1)
    outputs.append(.event(.dataChannelOpened(id, label: channels[index].label)))
  }

  func receivedAudio(_ payload: [UInt8]) {
    statistics.packetsReceived += 1
    guard let end = payload.firstIndex(of: 0) else { return }
    let body = Array(payload[(end + 1)...])
    if let onAudio { return onAudio(body) }
    let sequence = UInt16(body.first ?? 0) << 8 | UInt16(body.count > 1 ? body[1] : 0)
    outputs.append(
      .event(
        .audio(
          .init(
            mid: String(decoding: payload[..<end], as: UTF8.self), ssrc: 1, payloadType: 111,
            sequence: sequence, timestamp: UInt32(sequence) * 960, marker: false, payload: body))))
  }
}
