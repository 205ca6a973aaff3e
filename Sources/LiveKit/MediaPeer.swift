import Base
import WebRTC

/// What the room needs of a peer connection. Tests put a scripted one in its place.
protocol MediaPeer: AnyObject {
  var state: PeerConnection.State { get }
  var isClosedByPeer: Bool { get }
  var remoteSections: [PeerConnection.RemoteSection] { get }
  var statistics: PeerConnection.Statistics { get }
  var pathHealth: PathHealth { get }

  var localDescriptionText: String? { get }
  var remoteDescriptionText: String? { get }

  func addAudioSender(trackID: String) -> String
  func removeAudioSender(mid: String)
  func offerAudioReceivers(_ count: Int)
  func senderParameters(mid: String) -> PeerConnection.SenderParameters?
  /// Fresh ICE credentials in the next offer (RFC 8445 §9).
  func restartICE()
  func makeOffer(now: Instant) -> String
  func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure)
  func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String
  func addRemoteCandidate(_ candidate: String, now: Instant)
  func send(_ frame: PeerConnection.AudioFrame, mid: String, now: Instant)
  func openDataChannel(label: String, ordered: Bool, maxRetransmits: UInt16?) -> PeerConnection.DataChannelID
  func send(
    _ message: [UInt8], channel: PeerConnection.DataChannelID, now: Instant
  ) throws(DataChannelFailure)
  func bufferedBytes(channel: PeerConnection.DataChannelID) -> Int
  func stream(channel: PeerConnection.DataChannelID) -> UInt16?
  func closeDataChannel(_ id: PeerConnection.DataChannelID, now: Instant)
  func handle(_ input: PeerConnection.Input, now: Instant)
  func poll(now: Instant) -> PeerConnection.Output
  func close(now: Instant)
}

extension PeerConnection: MediaPeer {}

/// Makes a peer connection with this canonical name (RFC 7022).
typealias PeerFactory = (_ canonicalName: String, _ now: Instant) -> any MediaPeer
