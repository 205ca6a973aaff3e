import AudioEngine
import Base
import Configuration
import Control
import LiveKit

/// The microphone towards the room: whether it is heard, from which word on, and how strongly its voice is protected.
/// Samples do not pass here: the sound path gives its frames to the room.
struct Microphone {
  /// It belongs to the room from the start, which publishes it with every session.
  private(set) var track: LocalTrack.ID?
  private var mute = MuteState()
  private var preConnect = PreConnect()
  private var delivery = PreConnectDelivery()
  private var protection = UplinkProtection()
  /// What the engine was told of last.
  private(set) var listening = Listening.closed
  private var preRollMilliseconds = 0

  init(_ mode: SessionMode) { mute.turnIsOpen = mode != .pushToTalk }

  var isOpen: Bool { mute.isOpen }
  /// Closed by anything but the switch.
  var isMuted: Bool { mute.mutedBy != nil || !mute.turnIsOpen }
  var isMutedByHand: Bool { mute.mutedBy == .device }
  var isMutedBySoftware: Bool { mute.mutedBy != nil }
  var isHardMuted: Bool { mute.switchIsOn }
  var turnIsOpen: Bool { mute.turnIsOpen }
  var bitsPerSecond: Int { protection.bitsPerSecond }

  var preConnectDue: Instant? { preConnect.deadline }
  /// When the receiver's reports are looked at next.
  var reportsDue: Instant? { protection.due }

  var deadlines: [Deadline] {
    [Deadline("pre-connect", preConnect.deadline), Deadline("uplink-report", protection.due)]
  }

  var preConnectStatus: PreConnectStatus? {
    guard preConnect.state != .off || delivery.capturedMilliseconds > 0 else { return nil }
    return PreConnectStatus(
      capturedMilliseconds: delivery.capturedMilliseconds,
      sentMilliseconds: preConnect.state == .sending ? 0 : delivery.sentMilliseconds)
  }

  // MARK: - Open or closed

  /// As an earlier life left it: only what was muted by hand is a promise.
  mutating func restore(isMutedByHand: Bool) { if isMutedByHand { mute.mutedBy = .device } }

  mutating func publish(in room: Room, now: Instant) -> [Effect] {
    do throws(Failure) {
      track = try room.publish(name: "microphone", source: .microphone, muted: !mute.isOpen, now: now)
      return mute.isOpen ? [] : [.audio(.setMuted(true))]
    } catch {
      return [.log(.error, "the microphone cannot be published: \(error.description)")]
    }
  }

  /// Nobody is to hear it, nor to be answered by it.
  mutating func unpublish(in room: Room, now: Instant) -> [Effect] {
    guard let track else { return [] }
    room.unpublish(track, now: now)
    self.track = nil
    return []
  }

  /// nil if the table of `MuteState` refuses it.
  mutating func change(_ event: MuteState.Event, in room: Room, now: Instant) -> [Effect]? {
    guard let next = mute.next(event) else { return nil }
    let (before, wasMuted) = (mute, isMuted)
    mute = next
    var effects: [Effect] = []
    if before.isOpen != next.isOpen {
      effects.append(.audio(.setMuted(!next.isOpen)))
      if !next.isOpen { effects += close(in: room, now: now) }
      let words = next.isOpen ? "the microphone is live" : "the microphone is muted"
      effects.append(.log(.info, words, event: "audio.muted"))
    }
    // A server that muted the track has told the room already; telling it again changes nothing there.
    if let track { room.setMuted(!next.isOpen, track: track, now: now) }
    if (before.mutedBy == .device) != (next.mutedBy == .device) { effects.append(.keep) }
    guard isMuted != wasMuted || before.switchIsOn != next.switchIsOn else { return effects }
    if (next.switchIsOn && !before.switchIsOn) || (next.mutedBy != nil && before.mutedBy == nil) {
      effects.append(.sound(.muted))
    }
    return effects + [.tell(.audioMuted(muted: isMuted, hardMuted: next.switchIsOn))]
  }

  /// What was said before the microphone is closed is not told after it.
  private mutating func close(in room: Room, now: Instant) -> [Effect] {
    let action = preConnect.handle(.closed, now: now)
    return carryOut(action, in: room, "the microphone was muted", now: now)
  }

  /// What it is wanted for follows from the facts; nothing comes of it while it stays the same.
  mutating func listen(_ facts: ListeningFacts, _ audio: AudioSettings) -> [Effect] {
    let preRoll = audio.preRollMilliseconds
    guard facts.listening != listening || preRoll != preRollMilliseconds else { return [] }
    listening = facts.listening
    preRollMilliseconds = preRoll
    return [.audio(.listen(listening, preRollMilliseconds: preRoll))]
  }

  // MARK: - The words before anybody listened

  private func recordsFirstWords(_ settings: Settings) -> Bool {
    settings.audio.preConnectMilliseconds > 0 && settings.session.mode == .onDemand
  }

  /// Whether what was said before the press belongs to a call.
  func keepsPreRoll(_ settings: Settings) -> Bool {
    recordsFirstWords(settings) && settings.audio.preRollMilliseconds > 0
  }

  /// A stay begins. A device that is always in its room, or opens the microphone for each turn, has nothing to record.
  mutating func begin(_ settings: Settings, in room: Room, now: Instant) -> [Effect] {
    guard recordsFirstWords(settings) else { return [] }
    guard preConnect.handle(.callBegan, now: now) == .record else { return [] }
    delivery = PreConnectDelivery()
    if let track {
      room.holdBack(track: track)
      room.announcePreConnect(true, track: track)
    }
    return [.audio(.recordPreConnect(preRollMilliseconds: settings.audio.preRollMilliseconds))]
  }

  mutating func preConnect(
    _ event: PreConnect.Event, agent: Name?, _ settings: Settings, in room: Room,
    _ instruments: any Instruments, now: Instant
  ) -> [Effect] {
    let wasWithheld = preConnect.withholdsFrames
    let action = preConnect.handle(event, now: now)
    if wasWithheld, !preConnect.withholdsFrames, let track {
      delivery.liveFrom = room.goLive(track: track, now: now)
    }
    guard action == .openStream else { return carryOut(action, in: room, "the call ended", now: now) }
    guard let agent, let local = room.localTracks.first(where: { $0.id == track }) else {
      return deliveryEnded(nil, in: room, now: now)
    }
    delivery.aim(isShared: preConnect.isShared, settings.audio)
    do throws(DataFailure) {
      try delivery.open(to: agent, local, in: room, now: now)
    } catch {
      return deliveryEnded(error.description, in: room, now: now)
    }
    let words = "\(delivery.plannedMilliseconds) ms of first words for \(agent)"
    return [.log(.info, words)] + write(in: room, instruments, now: now)
  }

  private mutating func carryOut(
    _ action: PreConnect.Action, in room: Room, _ reason: String, now: Instant
  ) -> [Effect] {
    if let track { room.announcePreConnect(preConnect.isPromised, track: track) }
    switch action {
    case .none, .record, .openStream: return []
    case .handOver: return [.audio(.handOverPreConnect)]
    case .release:
      delivery.abandon(reason, in: room, now: now)
      return [.audio(.endPreConnect)]
    }
  }

  /// The engine has the whole recording.
  mutating func recorded(_ recording: PreConnectRecording) { delivery.recording = recording }

  /// Whether the stream is the one that carries the recording.
  func delivers(_ stream: OutgoingStream.ID) -> Bool { stream == delivery.id }

  mutating func write(in room: Room, _ instruments: any Instruments, now: Instant) -> [Effect] {
    guard preConnect.state == .sending else { return [] }
    do throws(DataFailure) {
      try delivery.write(in: room, instruments, now: now)
      return []
    } catch {
      return deliveryEnded(error.description, in: room, now: now)
    }
  }

  /// The recording is on its way to its last sample, or the rest does not come.
  mutating func deliveryEnded(_ failure: String?, in room: Room, now: Instant) -> [Effect] {
    guard preConnect.state == .sending else { return [] }
    var effects: [Effect] = []
    if let failure {
      effects.append(.log(.warning, "the first words did not reach the agent: \(failure)"))
      delivery.forgetSent()
    } else {
      effects.append(
        .tell(
          .preConnectSent(
            milliseconds: delivery.sentMilliseconds, capturedMilliseconds: delivery.capturedMilliseconds)))
    }
    let action = preConnect.handle(.delivered, now: now)
    delivery.forgetStream()
    return effects + carryOut(action, in: room, "", now: now)
  }

  // MARK: - Protection against loss

  mutating func watchReports(_ isConnected: Bool, now: Instant) { protection.watch(isConnected, now: now) }

  mutating func passReports(in room: Room, _ audio: AudioSettings, now: Instant) -> [Effect] {
    // A device that stands by has no track between its calls; the time passes all the same.
    protection.look(
      room.mediaStatistics(.publisher), payloadBytes: track.map { room.sentPayloadBytes(track: $0) } ?? 0,
      audio, now: now)
  }
}
