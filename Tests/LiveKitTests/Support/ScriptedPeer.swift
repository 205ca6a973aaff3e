import Base

@testable import LiveKit
@testable import WebRTC

/// A peer connection that does what the test says.
final class ScriptedPeer: MediaPeer {
  var state = PeerConnection.State.new
  var isClosedByPeer = false
  var remoteSections: [PeerConnection.RemoteSection] = []
  var statistics = PeerConnection.Statistics()

  var outputs: [PeerConnection.Output] = []
  var senders: [(mid: String, trackID: String)] = []
  var removed: [String] = []
  var offers = 0
  var answers: [String] = []
  var acceptedOffers: [String] = []
  var candidates: [String] = []
  var sent: [(frame: PeerConnection.AudioFrame, mid: String)] = []
  var inputs: [PeerConnection.Input] = []
  var isClosed = false
  var channels: [(label: String, ordered: Bool, maxRetransmits: UInt16?)] = []
  var messages: [(bytes: [UInt8], label: String)] = []
  /// What the next messages meet, and what SCTP says that it holds.
  var sendFailure: DataChannelFailure?
  var buffered = 0
  /// What comes of the next descriptions.
  var refusal: DescriptionFailure?
  /// What the next description of the server will carry.
  var nextSections: [PeerConnection.RemoteSection] = []

  func addAudioSender(trackID: String) -> String {
    senders.append((String(senders.count), trackID))
    return senders[senders.count - 1].mid
  }
  func removeAudioSender(mid: String) { removed.append(mid) }
  var receivers = 0
  func offerAudioReceivers(_ count: Int) { receivers = max(receivers, count) }
  func senderParameters(mid: String) -> PeerConnection.SenderParameters? { nil }
  var pathHealth = PathHealth.good
  var restarts = 0
  func restartICE() { restarts += 1 }
  var localDescriptionText: String? { answers.isEmpty ? "our answer" : "our offer" }
  var remoteDescriptionText: String? { answers.last ?? acceptedOffers.last }
  func stream(channel: PeerConnection.DataChannelID) -> UInt16? { UInt16(channel.value) * 2 - 1 }
  func makeOffer(now: Instant) -> String {
    offers += 1
    return "our offer \(offers)"
  }
  func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure) {
    if let refusal { throw refusal }
    answers.append(sdp)
    remoteSections = nextSections
  }
  func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String {
    if let refusal { throw refusal }
    acceptedOffers.append(sdp)
    remoteSections = nextSections
    return "our answer \(acceptedOffers.count)"
  }
  func addRemoteCandidate(_ candidate: String, now: Instant) { candidates.append(candidate) }
  func send(_ frame: PeerConnection.AudioFrame, mid: String, now: Instant) { sent.append((frame, mid)) }
  func openDataChannel(
    label: String, ordered: Bool, maxRetransmits: UInt16?
  ) -> PeerConnection.DataChannelID {
    channels.append((label, ordered, maxRetransmits))
    return .init(channels.count)
  }
  func send(
    _ message: [UInt8], channel: PeerConnection.DataChannelID, now: Instant
  ) throws(DataChannelFailure) {
    if let sendFailure { throw sendFailure }
    messages.append((message, channels[channel.value - 1].label))
  }
  func bufferedBytes(channel: PeerConnection.DataChannelID) -> Int { buffered }
  func closeDataChannel(_ id: PeerConnection.DataChannelID, now: Instant) {}
  func handle(_ input: PeerConnection.Input, now: Instant) { inputs.append(input) }
  func poll(now: Instant) -> PeerConnection.Output {
    outputs.isEmpty ? .wait(until: nil) : outputs.removeFirst()
  }
  func close(now: Instant) {
    isClosed = true
    let address = SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: 1)
    outputs = [.transmit([0xBE], from: address, to: address)]
  }

  func tell(_ health: PathHealth) {
    pathHealth = health
    outputs.append(.event(.pathHealthChanged(health)))
  }
  func become(_ state: PeerConnection.State, _ reason: String = "") {
    self.state = state
    outputs.append(.event(.stateChanged(state, reason: reason)))
  }
  func closeByServer(_ reason: String = "the peer closed the DTLS association") {
    isClosedByPeer = true
    become(.failed, reason)
  }
  /// A channel of ours by its label, or one of the server's.
  func id(_ label: String) -> PeerConnection.DataChannelID {
    if let index = channels.firstIndex(where: { $0.label == label }) { return .init(index + 1) }
    return .init(label == "_reliable" ? 101 : label == "_lossy" ? 102 : 103)
  }
  func open(_ labels: String...) {
    for label in labels { outputs.append(.event(.dataChannelOpened(id(label), label: label))) }
  }
  func receive(_ message: [UInt8], on label: String = "_reliable") {
    outputs.append(.event(.dataChannelMessage(id(label), message)))
  }
  func receive(_ packet: DataPacket, on label: String = "_reliable") {
    receive(packet.encoded(lossy: label == "_lossy"), on: label)
  }
  func becomeWritable() { outputs.append(.event(.dataChannelWritable(id("_reliable")))) }
  func closeChannel(_ label: String) {
    outputs.append(.event(.dataChannelClosed(id(label), label: label)))
  }
  /// What was sent on a channel, decoded.
  func packets(_ label: String = "_reliable") -> [Sent] {
    messages.filter { $0.label == label }.compactMap { Sent($0.bytes) }
  }

  /// A packet as the server sees it.
  struct Sent {
    var value: DataPacket.Value
    var sequence: Int
    var destinations: [String]
    var isLossy: Bool

    init?(_ bytes: [UInt8]) {
      var dropped = 0
      guard let packet = DataPacketDecoder.decode(bytes, limits: LiveKit.Limits(), dropped: &dropped),
        let fields = Fields(bytes)
      else { return nil }
      value = packet.value
      sequence = Int(packet.sequence)
      destinations = (fields.data[5] ?? []).map { String(decoding: $0, as: UTF8.self) }
      isLossy = fields.number(1) == 1
    }
  }
  func receive(mid: String, sequence: UInt16, payload: [UInt8] = [1]) {
    outputs.append(
      .event(
        .audio(
          .init(
            mid: mid, ssrc: 1, payloadType: 111, sequence: sequence, timestamp: 0, marker: false,
            payload: payload
          ))))
  }
}

extension PeerConnection.RemoteSection {
  static func audio(_ mid: String, _ participant: String, _ track: String) -> Self {
    .init(mid: mid, isActive: true, streamID: participant + "|" + track, trackID: track)
  }
}
