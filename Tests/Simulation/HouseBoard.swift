import AudioEngine
import Base
import WebRTC

@testable import Device
@testable import LiveKit

/// The hardware: the lock, the lights, the microphone and the engine behind it.
extension House {
  // MARK: - The board

  func perform(_ command: BoardCommand) {
    if case .indicate(let state) = command { promises.shows(state) }
    guard case .setOutput("lock", let on) = command else { return }
    if on || isLockOpen { clock.note("lock", on ? "is released" : "falls") }
    isLockOpen = on
    promises.lock(isOpen: on, clock.now)
  }

  func perform(_ command: Device.AudioCommand) {
    switch command {
    case .setMuted(let muted):
      keepRecording()
      isEngineMuted = muted
    case .listen(let listening, _): self.listening = listening
    case .recordPreConnect: recordingSince = clock.now
    case .endPreConnect: recordingSince = nil
    case .handOverPreConnect:
      later(20) {
        self.keepRecording()
        guard let since = self.recordingSince else { return }
        self.recordingEnd = self.position(self.clock.now)
        let first = max(self.position(since), self.recordingEnd &- 160_000)
        self.handle(.preConnectRecorded(PreConnectRecording(first: first, handOver: self.recordingEnd)))
      }
    default: break
    }
  }

  func preConnectBytes(from position: UInt32) -> [UInt8]? {
    guard recordingSince != nil, position < recordingEnd else { return nil }
    promises.recordingIsRead(from: Instant(microseconds: Int64(position) / 16 * 1000))
    return [UInt8](repeating: 7, count: 2 * min(Int(recordingEnd - position), 7_500))
  }

  /// Samples are numbered by the time at which they were heard.
  func position(_ instant: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: instant.microseconds / 1000 * 16)
  }

  /// As the engine does it: what is heard while it is muted is not recorded, and neither is what was before.
  func keepRecording() {
    if isEngineMuted, recordingSince != nil { recordingSince = clock.now }
  }

  /// The microphone: frames come, whatever anybody wants of them, and each says when it was heard.
  func tick(_ life: Int) {
    clock.after(100) {
      guard self.life == life, let device = self.device, let room = self.room else { return }
      self.frames &+= 1
      if let track = device.microphoneTrack {
        let stamp = self.clock.now.microseconds / 1000
        var payload = [UInt8(0xA5)]
        for shift in [24, 16, 8, 0] { payload.append(UInt8(truncatingIfNeeded: stamp >> Int64(shift))) }
        room.send(
          .init(payload: payload, timestamp: self.frames &* 4_800, marker: false, level: 20, voice: true),
          track: track, now: self.clock.now)
        self.drain()
      }
      self.tick(life)
    }
  }
}
