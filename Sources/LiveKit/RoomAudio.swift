import Base
import WebRTC

/// One packet of a subscribed audio track.
public struct ReceivedAudio: Equatable, Sendable {
  /// As in the `Subscription` that it belongs to.
  public var slot: Int
  public var sequence: UInt16
  /// RTP clock, 48 000 Hz.
  public var timestamp: UInt32
  /// Opus.
  public var payload: [UInt8]
}

/// Media goes around the events: packets leave by `nextAudio`, frames come in by `send`.
extension Room {
  /// The packets of subscribed tracks, oldest first; to be taken until nil after each drain of `poll`, when the events
  /// that open and close slots are known. Nothing of a slot comes after its `trackUnsubscribed`.
  public func nextAudio() -> ReceivedAudio? {
    while let packet = core.audio.next() {
      if let opened = opened(packet) { return opened }
    }
    return nil
  }

  /// From now on frames of this track wait instead of leaving: of those that `send` is given the newest one is kept.
  public func holdBack(track: LocalTrack.ID) {
    if let index = core.uplink(track) { core.uplinks[index].isHeldBack = true }
  }

  /// Ends that: the frame that is kept leaves at once, for whoever listens hears silence until the first packet is
  /// there. Answers with its timestamp; nil if none could leave.
  ///
  /// More than one would fill the listener's jitter buffer, which a receiver that negotiates for its own track empties:
  /// an agent of the framework does so some 50 ms after it has subscribed.
  @discardableResult
  public func goLive(track: LocalTrack.ID, now: Instant) -> UInt32? {
    guard let index = core.uplink(track), core.uplinks[index].isHeldBack else { return nil }
    let held = core.uplinks[index].held
    core.uplinks[index].isHeldBack = false
    core.uplinks[index].held = nil
    guard let frame = held, sendLive(frame, track: track, now: now) else { return nil }
    return frame.timestamp
  }

  /// What was said before a mute is not told after it.
  public func forgetHeld(track: LocalTrack.ID) {
    if let index = core.uplink(track) { core.uplinks[index].held = nil }
  }

  /// One Opus frame; its timestamps go on by time while muted. Dropped unless published and connected.
  public func send(_ frame: PeerConnection.AudioFrame, track: LocalTrack.ID, now: Instant) {
    guard let index = core.uplink(track), core.uplinks[index].isHeldBack else {
      _ = sendLive(frame, track: track, now: now)
      return
    }
    guard let local = core.localTrack(track), !local.isMuted else { return }
    core.uplinks[index].held = frame
  }

  /// Payload bytes of this track that left for the network since it was made.
  public func sentPayloadBytes(track: LocalTrack.ID) -> Int64 {
    core.uplink(track).map { core.uplinks[$0].sentPayloadBytes } ?? 0
  }

  /// False if the frame could not leave.
  private func sendLive(_ frame: PeerConnection.AudioFrame, track: LocalTrack.ID, now: Instant) -> Bool {
    guard let index = core.localTracks.firstIndex(where: { $0.id == track }) else { return false }
    let local = core.localTracks[index]
    guard local.state == .published, !local.isMuted, let mid = local.mid,
      let publisher = core.media.publisher, publisher.state == .connected
    else { return false }
    var frame = frame
    if local.startsTalkspurt { frame.marker = true }
    core.localTracks[index].startsTalkspurt = false
    if let uplink = core.uplink(track) {
      core.uplinks[uplink].sentPayloadBytes += Int64(frame.payload.count)
    }
    guard let payload = core.encryption.seal(frame.payload, random) else { return false }
    frame.payload = payload
    publisher.send(frame, mid: mid, now: now)
    return true
  }

  /// Media may overtake the update that says whose it is: the first packets wait for it.
  func heardAudio(_ packet: PeerConnection.ReceivedAudio) {
    if let subscription = core.subscriptions.subscription(mid: packet.mid) {
      return queue(packet, slot: subscription.slot)
    }
    let waiting = core.media.earlyAudio.count { $0.mid == packet.mid }
    guard core.subscriptions.sections.contains(where: { $0.mid == packet.mid }),
      waiting < configuration.limits.earlyAudioPacketsPerSectionMax
    else {
      core.statistics.strayAudioPackets &+= 1
      return
    }
    core.media.earlyAudio.append(packet)
  }

  func queue(_ packet: PeerConnection.ReceivedAudio, slot: Int) {
    let audio = ReceivedAudio(
      slot: slot, sequence: packet.sequence, timestamp: packet.timestamp, payload: packet.payload)
    if core.audio.push(audio) { core.statistics.limitDrops &+= 1 }
  }
}

/// Packets on their way to the sound path. When nobody takes them the oldest go, which are the least worth.
struct AudioQueue {
  private let packetsMax: Int
  private var packets: [ReceivedAudio] = []
  private var first = 0

  init(packetsMax: Int) { self.packetsMax = packetsMax }

  /// True if an older one was lost for it.
  mutating func push(_ packet: ReceivedAudio) -> Bool {
    packets.append(packet)
    guard packets.count - first > packetsMax else { return false }
    first += 1
    if first > packetsMax { compact() }
    return true
  }

  mutating func next() -> ReceivedAudio? {
    guard first < packets.count else {
      packets.removeAll(keepingCapacity: true)
      first = 0
      return nil
    }
    first += 1
    return packets[first - 1]
  }

  /// The slot may belong to somebody else from now on.
  mutating func forget(slot: Int) {
    compact()
    packets = packets.filter { $0.slot != slot }
  }

  private mutating func compact() {
    packets.removeFirst(first)
    first = 0
  }
}

/// What a local track holds back, and how much of it has left.
struct LocalUplink {
  let track: LocalTrack.ID
  /// Frames do not leave.
  var isHeldBack = false
  /// The newest of those.
  var held: PeerConnection.AudioFrame?
  var sentPayloadBytes: Int64 = 0
}
