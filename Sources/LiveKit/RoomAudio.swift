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
  public func nextAudio() -> ReceivedAudio? { core.audio.next() }

  /// From now on frames of this track wait instead of leaving: of those that `send` is given the newest four are kept.
  public func holdBack(track: LocalTrack.ID) {
    if core.uplinks[track]?.held == nil { core.uplinks[track, default: LocalUplink()].held = [] }
  }

  /// Ends that: what is held leaves at once, for whoever listens hears silence until the first packet is there, and
  /// would stretch the first words until its jitter buffer holds some 80 ms. Answers with the timestamp of the first
  /// frame; nil if none could leave.
  @discardableResult
  public func goLive(track: LocalTrack.ID, now: Instant) -> UInt32? {
    guard let held = core.uplinks[track]?.held else { return nil }
    core.uplinks[track]?.held = nil
    var first: UInt32?
    for frame in held where sendLive(frame, track: track, now: now) { first = first ?? frame.timestamp }
    return first
  }

  /// What was said before a mute is not told after it.
  public func forgetHeld(track: LocalTrack.ID) {
    if core.uplinks[track]?.held != nil { core.uplinks[track]?.held = [] }
  }

  /// One Opus frame; its timestamps go on by time while muted. Dropped unless published and connected.
  public func send(_ frame: PeerConnection.AudioFrame, track: LocalTrack.ID, now: Instant) {
    guard core.uplinks[track]?.held != nil else {
      _ = sendLive(frame, track: track, now: now)
      return
    }
    guard let local = core.localTrack(track), !local.isMuted else { return }
    core.uplinks[track]?.hold(frame)
  }

  /// Payload bytes of this track that left for the network since it was made.
  public func sentPayloadBytes(track: LocalTrack.ID) -> Int64 { core.uplinks[track]?.sentPayloadBytes ?? 0 }

  /// False if the frame could not leave.
  private func sendLive(_ frame: PeerConnection.AudioFrame, track: LocalTrack.ID, now: Instant) -> Bool {
    guard let index = core.localTracks.firstIndex(where: { $0.id == track }) else { return false }
    let local = core.localTracks[index]
    guard local.state == .published, !local.isMuted, let mid = local.mid,
      let publisher = core.session.publisher, publisher.state == .connected
    else { return false }
    var frame = frame
    if local.startsTalkspurt { frame.marker = true }
    core.localTracks[index].startsTalkspurt = false
    core.uplinks[track, default: LocalUplink()].sentPayloadBytes += Int64(frame.payload.count)
    publisher.send(frame, mid: mid, now: now)
    return true
  }

  /// Media may overtake the update that says whose it is: the first packets wait for it.
  func heardAudio(_ packet: PeerConnection.ReceivedAudio) {
    if let subscription = core.subscriptions.subscription(mid: packet.mid) {
      return queue(packet, slot: subscription.slot)
    }
    let waiting = core.session.earlyAudio[packet.mid]?.count ?? 0
    guard core.subscriptions.sections.contains(where: { $0.mid == packet.mid }),
      waiting < configuration.limits.earlyAudioPacketsPerSectionMax
    else {
      core.statistics.strayAudioPackets &+= 1
      return
    }
    core.session.earlyAudio[packet.mid, default: []].append(packet)
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
    packets.removeAll { $0.slot == slot }
  }

  private mutating func compact() {
    packets.removeFirst(first)
    first = 0
  }
}

/// What a local track holds back, and how much of it has left.
struct LocalUplink {
  /// nil while the track is live.
  var held: [PeerConnection.AudioFrame]?
  var sentPayloadBytes: Int64 = 0

  private static let framesMax = 4

  mutating func hold(_ frame: PeerConnection.AudioFrame) {
    held?.append(frame)
    if let count = held?.count, count > Self.framesMax { held?.removeFirst() }
  }
}
