import Foundation
import Testing

@testable import AudioEngine
@testable import Board

/// The echo canceller on the simulated cards, which tell their delays as a kernel's do.
@Suite(
  .serialized, .measuredAgain,
  .enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
struct EchoThreadTests {
  private func run(speakerIsThere: Bool) throws -> (EchoState, [EchoState]) {
    let workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.speakerControl = workshop.path("spk.ctl")
    if !speakerIsThere { try workshop.fault("spk.ctl", 1) }
    var configuration = UplinkConfiguration()
    configuration.echoCancellation = true
    let uplink = try Uplink(configuration)
    let thread = try AudioThread(LinuxBoard(simulated: card), uplink: uplink, downlink: try Downlink())
    let listener = Listener(thread, uplink)
    try thread.start()
    defer { thread.stop() }
    var warnings: [EchoState] = []
    listener.run(seconds: 2) { _ in
      if let warning = uplink.takeEchoWarning() { warnings.append(warning) }
      return false
    }
    return (uplink.echoState, warnings)
  }

  @Test func itWorksWithBothCards() throws {
    let (state, warnings) = try run(speakerIsThere: true)
    #expect(state == .active && warnings.isEmpty)
  }

  @Test func withoutASpeakerItWarnsOnce() throws {
    let (state, warnings) = try run(speakerIsThere: false)
    #expect(state == .noReference && warnings == [.noReference])
  }
}
