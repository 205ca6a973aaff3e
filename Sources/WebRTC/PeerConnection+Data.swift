import Base

// Data channels.
extension PeerConnection {
  /// One data channel of this connection, never reused in it.
  public struct DataChannelID: Hashable, Sendable {
    public var value: Int
    public init(_ value: Int) { self.value = value }
  }

  /// Opens a channel as soon as SCTP stands; `dataChannelOpened` tells. Before the first negotiation or after: the
  /// next offer has the section for it. With too many channels or too long a label `dataChannelClosed` follows.
  public func openDataChannel(label: String, ordered: Bool, maxRetransmits: UInt16?) -> DataChannelID {
    transportRestsUntil = nil
    return data.open(label: label, ordered: ordered, maxRetransmits: maxRetransmits)
  }

  /// Sends one whole binary message.
  public func send(_ message: [UInt8], channel: DataChannelID, now: Instant) throws(DataChannelFailure) {
    guard state != .closed else { throw .notOpen }
    transportRestsUntil = nil
    try data.send(message, channel, now: now)
    drainData()
  }

  /// Taken from the owner and not yet acknowledged or given up, in bytes. SCTP tells the sum of all channels, so
  /// what each has of it is close, and exact at zero.
  public func bufferedBytes(channel: DataChannelID) -> Int {
    data.channels.first { $0.id == channel }?.bufferedBytes ?? 0
  }

  /// The SCTP stream of a channel; nil before the association stands.
  public func stream(channel: DataChannelID) -> UInt16? {
    data.channels.first { $0.id == channel }?.stream
  }

  /// What was sent before still arrives; `dataChannelClosed` follows when the peer has agreed.
  public func closeDataChannel(_ id: DataChannelID, now: Instant) {
    transportRestsUntil = nil
    data.close(id, now: now)
    drainData()
  }

  // The association's place in the connection.

  /// Both sides have to have the section, and DTLS carries it.
  func startDataIfAgreed(now: Instant) {
    guard let remote = dataSection(of: remoteDescription), let local = dataSection(of: localDescription)
    else {
      return
    }
    data.remoteMessageBytesMax = remote.maxMessageSize ?? Limits.dataMessageDefaultBytesMax
    guard let dtls, dtls.state == .connected else { return }
    data.start(
      isDTLSClient: dtls.role == .client, localPort: local.sctpPort ?? 5000,
      remotePort: remote.sctpPort ?? 5000, now: now)
    drainData()
  }

  func advanceData(now: Instant) {
    data.advance(now: now)
    drainData()
  }

  func drainData() {
    // Without a path the packet is lost, as on any other network, and SCTP repeats it: kept, they would leave in one
    // burst that is too late to be worth it.
    while let packet = data.nextPacket() { if path != nil { _ = dtls?.send(packet) } }
    drainDTLSDatagrams()
    guard !data.events.isEmpty else { return }
    for event in data.events { outputs.append(.event(event)) }
    data.events = []
  }

  private func dataSection(of description: SessionDescription?) -> MediaSection? {
    description?.sections.first { $0.kind == .application && !$0.isRejected && $0.sctpPort != 0 }
  }
}
