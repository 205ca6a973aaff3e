import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// What `PreConnect` decides, carried out: the recording of the audio engine, the promise on the track, the stream.
extension Device {
  static let preConnectTopic = "lk.agent.pre-connect-audio-buffer"

  /// A call that begins with a press; a device that is always in its room, or opens the microphone for each turn,
  /// has nothing to record.
  var recordsFirstWords: Bool {
    settings.audio.preConnectMilliseconds > 0 && settings.session.mode == .onDemand
  }

  func firstWords(_ event: PreConnect.Event, now: Instant) {
    switch preConnect.handle(event, now: now) {
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

  /// Whether this frame is live. Those before the hand-over are in the recording.
  func isLive(_ frame: PeerConnection.AudioFrame, now: Instant) -> Bool {
    guard preConnect.state != .off || firstWordsStream.liveFrom != nil else { return true }
    if preConnect.state == .handingOver, let recording = instruments.preConnectRecording {
      firstWordsStream.recording = recording
      // Who listened all the time goes on listening; nothing was withheld.
      if !preConnect.isShared { firstWordsStream.liveFrom = recording.handOver &* 3 }
      firstWords(.recordingReady, now: now)
    }
    guard !preConnect.withholdsFrames else { return false }
    guard let liveFrom = firstWordsStream.liveFrom else { return true }
    guard Int32(bitPattern: frame.timestamp &- liveFrom) >= 0 else { return false }
    firstWordsStream.liveFrom = nil
    return true
  }

  /// Who is there, as the hand-over sees it.
  func watchAudience(now: Instant) {
    guard preConnect.state != .off else { return }
    let others = room.participants.contains { [.standard, .sip, .connector].contains($0.kind) }
    firstWords(.audience(agent: room.agent != nil, others: others), now: now)
  }

  private func openFirstWords(now: Instant) {
    guard let recording = firstWordsStream.recording, let agent = room.agent?.identity,
      let track = room.localTracks.first(where: { $0.id == microphone })
    else { return firstWords(.delivered, now: now) }
    // An agent waits 3 s for the whole; what a slow link does not carry in that time is lost from the front.
    let samplesMax = settings.audio.preConnectKilobitsPerSecond * Self.deliveryMilliseconds / 16
    firstWordsStream.next = recording.handOver &- UInt32(min(recording.count, samplesMax))
    let count = Int(recording.handOver &- firstWordsStream.next)
    firstWordsStream.capturedMilliseconds = recording.count / 16
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
      while let piece = instruments.preConnectBytes(from: firstWordsStream.next) {
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
  var recording: FirstWords?
  var id: OutgoingStream.ID?
  /// The position of the next sample to send.
  var next: UInt32 = 0
  /// The RTP timestamp of the first live frame, until it has come.
  var liveFrom: UInt32?
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
