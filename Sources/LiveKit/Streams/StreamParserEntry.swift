import Base

extension ParserEntries {
  /// Reads the bytes as headers, chunks, trailers, packets, departures and pauses of a few senders, and gives them to
  /// the readers of streams. The words say which promise was broken; nil: none.
  package static func streams(_ bytes: [UInt8]) -> String? {
    var script = StreamScript(bytes)
    return script.run()
  }
}

/// A sequence of arbitrary packets. Small limits make it meet all of them.
private struct StreamScript {
  private let bytes: [UInt8]
  private var position = 0
  private var now = Instant(microseconds: 0)
  private var limits = Limits()
  private var streams: IncomingStreams
  private var transcriptions = Transcriptions(memoryMax: 4)
  private var open: [IncomingStream.ID: Int] = [:]
  private var fault: String?

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    limits.incomingStreamsMax = 4
    limits.incomingStreamsPerSenderMax = 3
    limits.collectedTextBytesMax = 40
    limits.collectedBytesMax = 60
    limits.streamHeaderBytesMax = 60
    streams = IncomingStreams(limits: limits)
  }

  private mutating func next() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  private mutating func content() -> [UInt8] {
    let count = min(Int(next() & 31), bytes.count - position)
    position += count
    return Array(bytes[(position - count)..<position])
  }

  private mutating func text() -> String { String(decoding: content(), as: UTF8.self) }
  private mutating func name() -> Name { Name(bytes: content()) ?? "" }
  private func name(_ number: UInt8) -> Name { generated(Array("\(number)".utf8)) }

  private mutating func attributes() -> [StreamAttribute] {
    let keys = ["lk.segment_id", "lk.transcription_final", "lk.transcribed_track_id", ""]
    var list: [StreamAttribute] = []
    for _ in 0..<next() & 3 {
      let choice = next()
      let value = choice & 4 != 0 ? "true" : choice & 8 != 0 ? "false" : text()
      list.append(StreamAttribute(key: keys[Int(choice & 3)], value: value))
    }
    return list
  }

  private mutating func origin() -> PacketOrigin {
    let choice = next()
    return PacketOrigin(
      identity: choice & 3 == 0 ? "" : name(choice & 3), sid: choice & 12 == 0 ? "" : name(choice & 12))
  }

  mutating func run() -> String? {
    while position < bytes.count, fault == nil {
      step()
      if streams.count > limits.incomingStreamsMax { fault = "too many streams" }
      if streams.collectedBytes > limits.collectedBytesMax { fault = "too many bytes" }
      if transcriptions.count > 12 { fault = "too many segments" }
      if streams.count != open.count { fault = "a stream was forgotten" }
    }
    take(streams.disconnect())
    if !open.isEmpty || streams.deadline != nil { fault = fault ?? "a stream did not end" }
    return fault
  }

  private mutating func step() {
    let choice = next()
    switch choice & 7 {
    case 0, 1:
      var header = DataPacket.StreamHeader()
      header.streamID = choice & 8 != 0 ? name() : name(next() & 7)
      header.content = choice & 16 != 0 ? .bytes(name: text()) : .text(.init())
      header.attributes = attributes()
      if choice & 32 != 0 { header.totalBytes = UInt64(next()) << UInt64(next() & 63) }
      if choice & 64 != 0 { header.inlineContent = content() }
      header.isCompressed = choice & 192 == 192
      take(streams.header(header, from: origin(), collects: choice & 1 != 0, now: now))
    case 2, 3:
      let id = name(next() & 7)
      take(
        streams.chunk(
          .init(streamID: id, index: UInt64(next() & 15), content: content()), from: origin(), now: now))
    case 4:
      take(
        streams.trailer(
          .init(streamID: name(next() & 7), reason: choice & 8 != 0 ? text() : "", attributes: attributes()),
          from: origin()))
    case 5:
      let packet = DataPacket.Transcription(
        identity: name(), segments: [.init(id: name(next() & 7), text: text(), isFinal: choice & 8 != 0)])
      _ = transcriptions.packet(packet, sender: origin())
    case 6: take(streams.senderLeft(origin()))
    default:
      now = now.advanced(byMilliseconds: Int(next()) * 500)
      take(streams.expire(now: now))
    }
  }

  private mutating func take(_ changes: [IncomingStreams.Change]) {
    for change in changes {
      switch change {
      case .opened(let stream):
        if open.updateValue(0, forKey: stream.id) != nil { fault = "an id came twice" }
      case .chunk(let stream, let content):
        guard let before = open[stream.id], before + content.count == stream.receivedBytes else {
          fault = "bytes were lost"
          return
        }
        open[stream.id] = stream.receivedBytes
        _ = transcriptions.grew(stream, content: streams.collected(stream.id))
      case .ended(let stream, let collected, let failure):
        if open.removeValue(forKey: stream.id) == nil { fault = "an end without a beginning" }
        if failure == nil, let total = stream.totalBytes, total != stream.receivedBytes {
          fault = "a lie was believed"
        }
        _ = transcriptions.ended(stream, content: collected, failure)
      }
    }
  }
}
