import Base

@testable import LiveKit
@testable import WebRTC

/// A peer connection that does what the test says.
final class ScriptedPeer: MediaPeer {
  var state = PeerConnection.State.new
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
  /// What comes of the next descriptions.
  var refusal: DescriptionFailure?
  /// What the next offer of the server will carry.
  var nextSections: [PeerConnection.RemoteSection] = []

  func addAudioSender(trackID: String) -> String {
    senders.append((String(senders.count), trackID))
    return senders[senders.count - 1].mid
  }
  func removeAudioSender(mid: String) { removed.append(mid) }
  func senderParameters(mid: String) -> PeerConnection.SenderParameters? { nil }
  func makeOffer(now: Instant) -> String {
    offers += 1
    return "our offer \(offers)"
  }
  func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure) {
    if let refusal { throw refusal }
    answers.append(sdp)
  }
  func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String {
    if let refusal { throw refusal }
    acceptedOffers.append(sdp)
    remoteSections = nextSections
    return "our answer \(acceptedOffers.count)"
  }
  func addRemoteCandidate(_ candidate: String, now: Instant) { candidates.append(candidate) }
  func send(_ frame: PeerConnection.AudioFrame, mid: String, now: Instant) { sent.append((frame, mid)) }
  func handle(_ input: PeerConnection.Input, now: Instant) { inputs.append(input) }
  func poll(now: Instant) -> PeerConnection.Output {
    outputs.isEmpty ? .wait(until: nil) : outputs.removeFirst()
  }
  func close(now: Instant) {
    isClosed = true
    let address = SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: 1)
    outputs = [.transmit([0xBE], from: address, to: address)]
  }

  func become(_ state: PeerConnection.State, _ reason: String = "") {
    self.state = state
    outputs.append(.event(.stateChanged(state, reason: reason)))
  }
  func receive(mid: String, sequence: UInt16) {
    outputs.append(
      .event(
        .audio(
          .init(
            mid: mid, ssrc: 1, payloadType: 111, sequence: sequence, timestamp: 0, marker: false, payload: [1]
          ))))
  }
}

extension PeerConnection.RemoteSection {
  static func audio(_ mid: String, _ participant: String, _ track: String) -> Self {
    .init(mid: mid, isActive: true, streamID: participant + "|" + track, trackID: track)
  }
}
