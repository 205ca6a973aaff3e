import Base

/// The data channels of one peer connection (RFC 8831), and the association under them once there is one.
///
/// Drive it as the association: call a method once, then drain `nextPacket` and `events`.
final class DataChannels {
  struct Channel {
    enum Phase { case waiting, opening, open, closing }

    var id: PeerConnection.DataChannelID
    var label: String
    var ordered: Bool
    var maxRetransmits: UInt16?
    var phase = Phase.waiting
    /// Given when the association stands, and used again only when both directions are reset (RFC 8831 §6.7).
    var stream: UInt16?
    /// OPEN or its acknowledgement, until SCTP took it.
    var control: DCEPMessage?
    var resetDue = false
    var outgoingIsReset = false
    var incomingIsReset = false
    var bufferedBytes = 0
    /// `full` was thrown and `writable` has not been said since.
    var isFull = false

    var isReliable: Bool { maxRetransmits == nil }
  }

  var channels: [Channel] = []
  var association: SCTPAssociation?
  var events: [PeerConnection.Event] = []
  /// Whole messages, and bytes that are no message of anybody's.
  var messagesSent = 0
  var messagesReceived = 0
  var messagesDropped = 0
  /// Of the remote description (RFC 8841 §6); 0 there means no limit.
  var remoteMessageBytesMax = Limits.dataMessageDefaultBytesMax
  /// Ours are even for the DTLS client, odd for the server (RFC 8832 §6).
  var isDTLSClient = false
  /// Streams out, as the peer allows.
  var streams = 0
  var hasEnded = false
  private var lastID = 0
  private var earlyPackets: [[UInt8]] = []
  /// What SCTP has taken and not let go of, oldest first.
  var unsettled: [(id: PeerConnection.DataChannelID, bytes: Int)] = []
  var unsettledBytes = 0

  /// A channel was asked for, so that the next offer needs a section for it.
  var isWanted: Bool { lastID > 0 }
  var nextTimeout: Instant? { association?.nextTimeout }

  // The transport below.

  /// Both descriptions have the section and DTLS stands.
  func start(isDTLSClient: Bool, localPort: UInt16, remotePort: UInt16, now: Instant) {
    guard association == nil, !hasEnded else { return }
    self.isDTLSClient = isDTLSClient
    let started = SCTPAssociation(localPort: localPort, remotePort: remotePort, now: now)
    association = started
    for packet in earlyPackets { started.receive(packet, now: now) }
    earlyPackets = []
    advance(now: now)
  }

  /// The peer may begin before its answer arrives here.
  func receive(_ packet: [UInt8], now: Instant) {
    guard let association else {
      if !hasEnded, earlyPackets.count < Limits.earlySCTPPacketsMax { earlyPackets.append(packet) }
      return
    }
    association.receive(packet, now: now)
    advance(now: now)
  }

  /// There is nothing to be handed on, neither to the peer nor to the owner.
  var isDrained: Bool { events.isEmpty && (association?.isDrained ?? true) }

  func nextPacket() -> [UInt8]? { association?.nextPacket() }

  func advance(now: Instant) {
    guard let association else { return }
    association.advance(now: now)
    while let event = association.nextEvent() { handle(event, now: now) }
    sendControl(now: now)
    settle()
  }

  /// What carries the association is over.
  func end() {
    hasEnded = true
    association = nil
    earlyPackets = []
    closeAll()
  }

  /// Ends without telling anybody here. What there is to tell the peer is in the result.
  func close(now: Instant) -> [[UInt8]] {
    association?.close(now: now)
    let goodbye = association?.packets ?? []
    association = nil
    hasEnded = true
    channels = []
    events = []
    return goodbye
  }

  // The owner above.

  func open(label: String, ordered: Bool, maxRetransmits: UInt16?) -> PeerConnection.DataChannelID {
    let id = newID()
    guard !hasEnded, channels.count < Limits.dataChannelsMax,
      label.utf8.count <= Limits.dataChannelLabelBytesMax
    else {
      events.append(.dataChannelClosed(id, label: label))
      return id
    }
    channels.append(Channel(id: id, label: label, ordered: ordered, maxRetransmits: maxRetransmits))
    return id
  }

  func send(
    _ message: [UInt8], _ id: PeerConnection.DataChannelID, now: Instant
  ) throws(DataChannelFailure) {
    guard let association, let index = channels.firstIndex(where: { $0.id == id }),
      channels[index].phase == .open, let stream = channels[index].stream
    else { throw .notOpen }
    var limit = Limits.dataMessageSendBytesMax
    if remoteMessageBytesMax > 0 { limit = Int(min(remoteMessageBytesMax, UInt64(limit))) }
    guard message.count <= limit else { throw .tooLarge(bytes: message.count, max: limit) }
    let channel = channels[index]
    let highWater = channel.isReliable ? Limits.reliableHighWaterBytes : Limits.lossyHighWaterBytes
    var result = SCTPAssociation.SendResult.full
    // An empty channel takes whatever a message may be.
    if channel.bufferedBytes == 0 || channel.bufferedBytes + message.count <= highWater {
      // SCTP has no empty messages, so one byte stands for none (RFC 8831 §6.6).
      result = association.send(
        message.isEmpty ? [0] : message, stream: stream,
        protocol: message.isEmpty ? DCEPMessage.Identifier.emptyBinary : DCEPMessage.Identifier.binary,
        ordered: channel.ordered, maxRetransmits: channel.maxRetransmits, now: now)
    }
    switch result {
    case .accepted:
      messagesSent &+= 1
      noteUnsettled(index, bytes: max(1, message.count))
      settle()
    case .full:
      channels[index].isFull = true
      throw .full(bufferedBytes: channel.bufferedBytes)
    case .refused:
      throw .notOpen
    }
  }

  /// What SCTP took is still sent first. `dataChannelClosed` follows when the peer has closed its half, too.
  func close(_ id: PeerConnection.DataChannelID, now: Instant) {
    guard let index = channels.firstIndex(where: { $0.id == id }), channels[index].phase != .closing else {
      return
    }
    guard channels[index].stream != nil, association != nil else {
      events.append(.dataChannelClosed(id, label: channels[index].label))
      channels.remove(at: index)
      return
    }
    channels[index].phase = .closing
    channels[index].resetDue = true
    advance(now: now)
  }

  // Helpers.

  func newID() -> PeerConnection.DataChannelID {
    lastID &+= 1
    return PeerConnection.DataChannelID(lastID)
  }

  /// Every channel that has not been told about is closed now.
  func closeAll() {
    for channel in channels where !channel.incomingIsReset {
      events.append(.dataChannelClosed(channel.id, label: channel.label))
    }
    channels = []
    unsettled = []
    unsettledBytes = 0
    streams = 0
  }
}
