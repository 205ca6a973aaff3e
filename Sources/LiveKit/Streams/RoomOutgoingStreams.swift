import Base

/// Streams, text and chat that we send.
extension Room {
  /// Begins a text stream to these identities, or to everybody. What is written later arrives in order and as it is;
  /// `outgoingStreamEnded` tells when the last packet is in the channel, or that the stream came to nothing.
  ///
  /// Throws `notConnected`, `notAllowed`, `tooManyStreams`, or `tooLarge` for texts that do not fit a header packet.
  public func openTextStream(
    topic: Name, to: [Name] = [], attributes: [String: String] = [:], totalBytes: Int? = nil, now: Instant
  ) throws(DataFailure) -> OutgoingStream.ID {
    var header = DataPacket.StreamHeader()
    header.topic = topic
    header.mimeType = "text/plain"
    header.content = .text(.init())
    return try open(header, to, attributes, totalBytes, now)
  }

  /// The same for bytes, with a name such as that of a file.
  public func openByteStream(
    topic: Name, name: String, mimeType: String = "application/octet-stream", to: [Name] = [],
    attributes: [String: String] = [:], totalBytes: Int? = nil, now: Instant
  ) throws(DataFailure) -> OutgoingStream.ID {
    var header = DataPacket.StreamHeader()
    header.topic = topic
    header.mimeType = mimeType
    header.content = .bytes(name: name.isEmpty ? "unknown" : name)
    return try open(header, to, attributes, totalBytes, now)
  }

  /// Adds to a stream: all of the bytes, or none. `full` when 256 kB of all streams wait for the channel;
  /// `streamWritable` says when to write again. Text may be cut anywhere.
  public func write(_ bytes: [UInt8], to stream: OutgoingStream.ID, now: Instant) throws(DataFailure) {
    try core.streams.outgoing.write(bytes, to: stream)
    pumpStreams(now)
  }

  /// Ends a stream after what was written. `reason` is empty, or says why there is no more; the attributes are added
  /// to those of the header.
  public func closeStream(
    _ stream: OutgoingStream.ID, reason: String = "", attributes: [String: String] = [:], now: Instant
  ) throws(DataFailure) {
    try core.streams.outgoing.close(stream, reason: reason, attributes: attributes)
    pumpStreams(now)
  }

  /// A whole text as one stream.
  @discardableResult
  public func sendText(
    _ text: String, topic: Name, to: [Name] = [], attributes: [String: String] = [:], now: Instant
  ) throws(DataFailure) -> OutgoingStream.ID {
    let bytes = Array(text.utf8)
    let free = configuration.limits.outgoingStreamBytesMax - core.streams.outgoing.queuedBytes
    // Asked before the header is out, for a stream without its text helps nobody.
    guard bytes.count <= configuration.limits.outgoingStreamBytesMax else {
      throw .tooLarge(bytes: bytes.count, max: configuration.limits.outgoingStreamBytesMax)
    }
    guard bytes.count <= free else { throw .full(bufferedBytes: core.streams.outgoing.queuedBytes) }
    let stream = try openTextStream(
      topic: topic, to: to, attributes: attributes, totalBytes: bytes.count, now: now)
    try write(bytes, to: stream, now: now)
    try closeStream(stream, now: now)
    return stream
  }

  /// A line for agents and people (topic `lk.chat`).
  @discardableResult
  public func sendChat(_ text: String, to: [Name] = [], now: Instant) throws(DataFailure)
    -> OutgoingStream.ID
  {
    try sendText(text, topic: ChatMessage.topic, to: to, now: now)
  }

  /// Bytes of a stream that are in the channel already; nil once it ended.
  public func sentBytes(_ stream: OutgoingStream.ID) -> Int? { core.streams.outgoing[stream]?.sentBytes }

  private func open(
    _ header: DataPacket.StreamHeader, _ to: [Name], _ attributes: [String: String], _ totalBytes: Int?,
    _ now: Instant
  ) throws(DataFailure) -> OutgoingStream.ID {
    guard isJoined else { throw .notJoined }
    guard core.directory.local.permission.canPublishData else { throw .notAllowed }
    var header = header
    header.streamID = randomUUID(random)
    header.timestampMilliseconds = configuration.unixMilliseconds()
    header.totalBytes = totalBytes.map { UInt64($0) }
    header.attributes = wireAttributes(attributes)
    let id = try core.streams.outgoing.add(header, to: to)
    if openDataChannels(now) { negotiate(now) }
    pumpStreams(now)
    return id
  }

  /// Sends as much as the channel takes. Called whenever there is something new and whenever there is room.
  func pumpStreams(_ now: Instant) {
    while canSendReliable, let (id, packet, destinations) = core.streams.outgoing.next() {
      do {
        try sendPacket(packet, reliable: true, to: destinations, now: now)
      } catch {
        // The channel calls again once there is room.
        break
      }
      core.streams.stalledUntil = nil
      if core.streams.outgoing.sent(packet, of: id) { emit(.outgoingStreamEnded(id, failure: nil)) }
    }
    if core.streams.outgoing.next() == nil {
      core.streams.stalledUntil = nil
    } else if core.streams.stalledUntil == nil {
      core.streams.stalledUntil = now.advanced(
        byMilliseconds: configuration.limits.outgoingStreamStallMilliseconds)
    }
    for id in core.streams.outgoing.writable() { emit(.streamWritable(id)) }
  }

  func failOutgoingStreams(_ failure: StreamFailure) {
    core.streams.stalledUntil = nil
    for id in core.streams.outgoing.removeAll() { emit(.outgoingStreamEnded(id, failure: failure)) }
  }
}
