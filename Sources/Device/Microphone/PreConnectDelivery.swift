import AudioEngine
import Base
import Configuration
import LiveKit

/// The recording of what was said before anybody listened, on its way to the agent as a byte stream.
struct PreConnectDelivery {
  static let topic: Name = "lk.agent.pre-connect-audio-buffer"
  /// The framework gives up after 3 s; half a second is for the way there and back.
  private static let windowMilliseconds = 2_500

  var recording: PreConnectRecording?
  /// The RTP timestamp with which the live track began.
  var liveFrom: UInt32?
  private(set) var id: OutgoingStream.ID?
  /// The positions of the next sample to send, and of the first that is not for the stream any more.
  private var next: UInt32 = 0
  private var end: UInt32 = 0
  private(set) var capturedMilliseconds = 0
  private(set) var sentMilliseconds = 0

  var plannedMilliseconds: Int { Int(end &- next) / 16 }

  /// What of the recording is for the stream: up to where the live track began, unless that was for somebody else. An
  /// agent waits 3 s for the whole; what a slow link does not carry in that time is lost from the front.
  mutating func aim(isShared: Bool, _ audio: AudioSettings) {
    guard let recording else { return }
    let from = isShared ? nil : liveFrom
    let isLive = from.map { Int(Int32(bitPattern: recording.handOver &* 3 &- $0)) / 3 } ?? 0
    let recorded = max(0, recording.count - max(0, isLive))
    end = recording.first &+ UInt32(recorded)
    next = end &- UInt32(min(recorded, audio.preConnectKilobitsPerSecond * Self.windowMilliseconds / 16))
    capturedMilliseconds = recorded / 16
  }

  mutating func open(
    to agent: Name, _ track: LocalTrack, in room: Room, now: Instant
  ) throws(DataFailure) {
    guard recording != nil else { return }
    id = try room.openByteStream(
      topic: Self.topic, name: "pre-connect", mimeType: "audio/pcm", to: [agent],
      attributes: ["trackId": track.sid.text, "sampleRate": "16000", "channels": "1"],
      totalBytes: 2 * Int(end &- next), now: now)
  }

  /// As much as the room takes; it says when it takes more.
  mutating func write(in room: Room, _ instruments: any Instruments, now: Instant) throws(DataFailure) {
    guard let id else { return }
    do throws(DataFailure) {
      while true {
        let left = Int(end &- next)
        guard left > 0, var piece = instruments.preConnectBytes(from: next) else { break }
        if piece.count > 2 * left { piece.removeLast(piece.count - 2 * left) }
        try room.write(piece, to: id, now: now)
        next &+= UInt32(piece.count / 2)
        sentMilliseconds += piece.count / 32
      }
      try room.closeStream(id, now: now)
    } catch {
      if case .full = error { return }
      throw error
    }
  }

  /// Whoever receives it is told that the rest does not come.
  mutating func abandon(_ reason: String, in room: Room, now: Instant) {
    // One that has ended by itself has said so.
    if let id { try? room.closeStream(id, reason: reason, now: now) }
    id = nil
  }

  mutating func forgetSent() { sentMilliseconds = 0 }

  mutating func forgetStream() { id = nil }
}
