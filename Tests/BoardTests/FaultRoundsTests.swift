import Foundation
import Testing

@testable import AudioEngine
@testable import Board

/// A hundred rounds of everything that a card does to a program.
@Suite(
  .serialized, .measuredAgain,
  .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct FaultRoundsTests {
  /// Descriptors of files in the test's own folder; other tests run in the same process.
  private func openDescriptors(_ workshop: Workshop) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
      let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      return target?.hasPrefix(workshop.folder.path) ?? false
    }.count
  }

  @Test(.timeLimit(.minutes(3)))
  func aHundredRoundsOfUnplugXrunStallAndDrift() throws {
    let rig = try SoundRig(tone(440, seconds: 1))
    let listener = rig.listener
    let files = ["mic.ctl", "spk.ctl"]
    rig.downlink.open(slot: 0)
    try listener.thread.start(priority: 20)
    let started = listener.run(seconds: 3) { $0.opened(.capture) == 1 && $0.opened(.playback) == 1 }
    #expect(started)
    var descriptors = 0
    var slowest = 0.0
    for round in 0..<100 {
      let ppm: Int32 = round % 2 == 0 ? 300 : -300
      let opened = [listener.opened(.capture), listener.opened(.playback)]
      let lost = [listener.lost(.capture), listener.lost(.playback)]
      for file in files { try rig.workshop.fault(file, 1, ppm: ppm) }
      let told = listener.run(seconds: 3) {
        $0.lost(.capture) > lost[0] && $0.lost(.playback) > lost[1]
      }
      #expect(told, "round \(round): \(listener.events.suffix(6))")
      for file in files { try rig.workshop.fault(file, 0, ppm: -ppm) }
      let replugged = Date()
      let back = listener.run(seconds: 3) {
        $0.opened(.capture) > opened[0] && $0.opened(.playback) > opened[1]
          && $0.frames.last?.level ?? 127 < 20
      }
      #expect(back, "round \(round): \(listener.events.suffix(6))")
      slowest = max(slowest, Date().timeIntervalSince(replugged))
      for fault: Int32 in [3, 2] {
        for file in files { try rig.workshop.fault(file, fault, ppm: ppm) }
        listener.run(seconds: 0.06)
        for file in files { try rig.workshop.fault(file, 0, ppm: ppm) }
        let frames = listener.frames.count
        let moved = try rig.workshop.counter("spk.ctl", at: 24)
        let goesOn = listener.run(seconds: 3) {
          $0.frames.count > frames + 1 && $0.frames.last?.level ?? 127 < 20
            && (try? rig.workshop.counter("spk.ctl", at: 24)) ?? 0 > moved
        }
        #expect(goesOn, "round \(round), fault \(fault): \(listener.events.suffix(6))")
      }
      if round == 9 { descriptors = try openDescriptors(rig.workshop) }
    }
    #expect(try openDescriptors(rig.workshop) == descriptors && descriptors > 0)
    listener.thread.stop()
    #expect(slowest < 2, "sound \(slowest) s after the card came back")
    // The call's time line has no hole: every frame is there, or was skipped knowingly.
    let steps = zip(listener.frames, listener.frames.dropFirst()).map { $1.position &- $0.position }
    #expect(steps.allSatisfy { $0 >= 320 && $0 < 16_000 })
    #expect(listener.events.allSatisfy { if case .eventsLost = $0 { false } else { true } })
  }
}
