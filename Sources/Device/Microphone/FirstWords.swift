import Base
import Configuration
import Control
import LiveKit
import WebRTC

/// What `PreConnect` decides, carried out: the recording of the audio engine, the promise on the track, the stream.
extension Device {
  static let preConnectTopic: Name = "lk.agent.pre-connect-audio-buffer"

  /// A call that begins with a press; a device that is always in its room, or opens the microphone for each turn,
  /// has nothing to record.
  var recordsFirstWords: Bool {
    settings.audio.preConnectMilliseconds > 0 && settings.session.mode == .onDemand
  }

  func firstWords(_ event: PreConnect.Event, now: Instant) {
    let withheld = preConnect.withholdsFrames
    let action = preConnect.handle(event, now: now)
    if withheld, preConnect.state == .handingOver || preConnect.state == .shared { goLive(now: now) }
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

  /// One frame of the microphone: on its way to the room, or held back while the recording alone is for whoever comes.
  func sendLive(_ frame: PeerConnection.AudioFrame, track: LocalTrack.ID, now: Instant) {
    if preConnect.state == .handingOver, let recording = instruments.preConnectRecording {
      firstWordsStream.recording = recording
      firstWords(.recordingReady, now: now)
    }
    guard preConnect.withholdsFrames else { return room.send(frame, track: track, now: now) }
    firstWordsStream.held.append(frame)
    if firstWordsStream.held.count > Self.firstFrames { firstWordsStream.held.removeFirst() }
  }

  /// The live track begins with the newest frames that were held back, all at once: whoever listens hears silence until
  /// the first packet is there, and would stretch the first words until its jitter buffer holds some 80 ms.
  private func goLive(now: Instant) {
    firstWordsStream.liveFrom = firstWordsStream.held.first?.timestamp
    let frames = firstWordsStream.held
    firstWordsStream.held = []
    guard let microphone else { return }
    for frame in frames { room.send(frame, track: microphone, now: now) }
  }

  private static let firstFrames = 4

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
        attributes: ["trackId": track.sid.text, "sampleRate": "16000", "channels": "1"],
        totalBytes: 2 * count,
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
  /// The newest frames that were held back.
  var held: [PeerConnection.AudioFrame] = []
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
