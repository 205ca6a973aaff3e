import Base
import Configuration
import Control
import LiveKit

/// What `PreConnect` decides, carried out: the recording of the audio engine, the promise on the track, the stream.
extension Device {
  static let preConnectTopic = "lk.agent.pre-connect-audio-buffer"

  /// A call that begins with a press; a device that is always in its room, or opens the microphone for each turn,
  /// has nothing to record.
  var recordsFirstWords: Bool {
    settings.audio.preConnectMilliseconds > 0 && settings.session.mode == .onDemand
  }

  func firstWords(_ event: PreConnect.Event, now: Instant) {
    let withheld = preConnect.withholdsFrames
    let action = preConnect.handle(event, now: now)
    if withheld != preConnect.withholdsFrames { holdBack(now: now) }
    switch action {
    case .none: break
    case .record:
      firstWordsStream = FirstWordsStream()
      emit(.audio(.recordPreConnect(preRollMilliseconds: settings.audio.preRollMilliseconds)))
    case .handOver: emit(.audio(.handOverPreConnect))
    case .openStream: openFirstWords(now: now)
    case .release: emit(.audio(.endPreConnect))
    }
    if let microphone { room.announcePreConnect(preConnect.isPromised, track: microphone) }
  }

  /// Frames are held back while the recording alone is for whoever comes.
  private func holdBack(now: Instant) {
    guard let microphone else { return }
    if preConnect.withholdsFrames {
      room.holdBack(track: microphone)
    } else {
      if preConnect.state == .off { room.forgetHeld(track: microphone) }
      firstWordsStream.liveFrom = room.goLive(track: microphone, now: now)
    }
  }

  /// What follows from the microphone's frames, which do not pass here: the recording becomes whole with one of them.
  /// True if something was done.
  func watchUplink(now: Instant) -> Bool {
    if let microphone { uplinkRate.count(sentBytes: room.sentPayloadBytes(track: microphone), now: now) }
    adaptUplink(now: now)
    guard preConnect.state == .handingOver, let recording = instruments.preConnectRecording else {
      return false
    }
    firstWordsStream.recording = recording
    firstWords(.recordingReady, now: now)
    return true
  }

  /// Who is there, as the hand-over sees it.
  func watchAudience(now: Instant) {
    guard preConnect.state != .off else { return }
    let others = words.participants.contains { [.standard, .sip, .connector].contains($0.kind) }
    firstWords(.audience(agent: agent != nil, others: others), now: now)
  }

  private func openFirstWords(now: Instant) {
    guard let recording = firstWordsStream.recording, let agent = agent?.identity,
      let track = room.localTracks.first(where: { $0.id == microphone })
    else { return firstWords(.delivered, now: now) }
    // What went out live already, unless to somebody else, is heard there.
    let liveFrom = preConnect.isShared ? nil : firstWordsStream.liveFrom
    let isLive = liveFrom.map { Int(Int32(bitPattern: recording.handOver &* 3 &- $0)) / 3 } ?? 0
    let recorded = max(0, recording.count - max(0, isLive))
    firstWordsStream.end = recording.first &+ UInt32(recorded)
    // An agent waits 3 s for the whole; what a slow link does not carry in that time is lost from the front.
    let samplesMax = settings.audio.preConnectKilobitsPerSecond * Self.deliveryMilliseconds / 16
    let count = min(recorded, samplesMax)
    firstWordsStream.next = firstWordsStream.end &- UInt32(count)
    firstWordsStream.capturedMilliseconds = recorded / 16
    do throws(DataFailure) {
      firstWordsStream.id = try room.openByteStream(
        topic: Self.preConnectTopic, name: "pre-connect", mimeType: "audio/pcm", to: [agent],
        attributes: ["trackId": track.sid, "sampleRate": "16000", "channels": "1"], totalBytes: 2 * count,
        now: now)
      log(.info, "\(count / 16) ms of first words for \(agent)")
      writeFirstWords(now: now)
    } catch {
      firstWordsFailed(error.description, now: now)
    }
  }

  /// As much as the room takes; it says when it takes more.
  func writeFirstWords(now: Instant) {
    guard let id = firstWordsStream.id, preConnect.state == .sending else { return }
    do throws(DataFailure) {
      while true {
        let left = Int(firstWordsStream.end &- firstWordsStream.next)
        guard left > 0, var piece = instruments.preConnectBytes(from: firstWordsStream.next) else { break }
        if piece.count > 2 * left { piece.removeLast(piece.count - 2 * left) }
        try room.write(piece, to: id, now: now)
        firstWordsStream.next &+= UInt32(piece.count / 2)
        firstWordsStream.sentMilliseconds += piece.count / 32
      }
      try room.closeStream(id, now: now)
    } catch {
      if case .full = error { return }
      firstWordsFailed(error.description, now: now)
    }
  }

  func firstWordsEnded(_ failure: String?, now: Instant) {
    if let failure { return firstWordsFailed(failure, now: now) }
    announce(
      .preConnectSent(
        milliseconds: firstWordsStream.sentMilliseconds,
        capturedMilliseconds: firstWordsStream.capturedMilliseconds))
    firstWords(.delivered, now: now)
  }

  private func firstWordsFailed(_ failure: String, now: Instant) {
    log(.warning, "the first words did not reach the agent: \(failure)")
    firstWordsStream.sentMilliseconds = 0
    firstWords(.delivered, now: now)
  }

  /// The framework gives up after 3 s; half a second is for the way there and back.
  private static let deliveryMilliseconds = 2_500
}

/// How far the recording has got.
struct FirstWordsStream {
  /// The RTP timestamp with which the live track began.
  var liveFrom: UInt32?
  var recording: FirstWords?
  var id: OutgoingStream.ID?
  /// The positions of the next sample to send, and of the first that is not for the stream any more.
  var next: UInt32 = 0
  var end: UInt32 = 0
  var capturedMilliseconds = 0
  var sentMilliseconds = 0
}

/// A recording that was handed over, in samples of 16 kHz.
public struct FirstWords: Equatable, Sendable {
  public var first: UInt32
  public var handOver: UInt32
  public var count: Int { Int(handOver &- first) }

  public init(first: UInt32, handOver: UInt32) {
    self.first = first
    self.handOver = handOver
  }
}
