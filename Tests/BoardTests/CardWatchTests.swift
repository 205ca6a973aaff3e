import AudioEngine
import Foundation
import Testing

@testable import Board

/// Attempts follow what appears among the kernel's devices.
@Suite(.serialized)
struct CardWatchTests {
  private let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func appear(_ name: String) throws {
    try Data().write(to: URL(fileURLWithPath: workshop.path(name)))
  }

  private func makeFolder() throws {
    try FileManager.default.createDirectory(atPath: workshop.path("snd"), withIntermediateDirectories: false)
  }

  @Test func nothingHappensOfItself() throws {
    try makeFolder()
    let watch = DeviceWatch("snd", root: workshop.folder.path)
    watch.look()
    #expect(watch.descriptor >= 0 && !watch.takeChange())
  }

  @Test func aCardAndTheRightToOpenItAreToldOnceEach() throws {
    try makeFolder()
    let watch = DeviceWatch("snd", root: workshop.folder.path)
    watch.look()
    try appear("snd/pcmC0D0p")
    #expect(watch.takeChange() && !watch.takeChange())
    chmod(workshop.path("snd/pcmC0D0p"), 0o660)
    #expect(watch.takeChange() && !watch.takeChange())
  }

  @Test func theFirstCardBringsTheFolder() throws {
    let watch = DeviceWatch("snd", root: workshop.folder.path)
    watch.look()
    try makeFolder()
    #expect(watch.takeChange())
    watch.look()
    try appear("snd/pcmC0D0p")
    #expect(watch.takeChange())
  }

  /// The clock alone would not have found it for ten seconds.
  @Test(.enabled(if: !soundcardMissing, "LINTEL_SOUNDCARD names no simulated sound card"))
  func aCardThatAppearsIsOpenedAtOnce() throws {
    try makeFolder()
    let plugin = try #require(soundcardPlugin)
    let control = workshop.path("card.ctl")
    let text = """
      pcm_type.lintel { lib "\(plugin)" }
      pcm.hw { @args [ CARD ] @args.CARD { type string } type lintel control "\(control)" }
      """
    try workshop.fault("card.ctl", 1)
    let (uplink, downlink) = (try Uplink(), try Downlink())
    let board = try LinuxBoard(
      AlsaCapture(AlsaName("hw:7", configuration: text)), AlsaPlayback(AlsaName("hw:7", configuration: text)))
    let thread = try AudioThread(
      board, uplink: uplink, downlink: downlink, cards: DeviceWatch("snd", root: workshop.folder.path))
    let listener = Listener(thread, uplink)
    try thread.start(priority: 20)
    defer { thread.stop() }
    let isMissing = { (listener: Listener) in
      listener.events.filter { if case .unavailable = $0 { true } else { false } }.count == 2
    }
    #expect(listener.run(seconds: 2, until: isMissing))
    try workshop.fault("card.ctl", 0)
    #expect(!listener.run(seconds: 1) { $0.opened(.capture) + $0.opened(.playback) > 0 }, "nothing was told")
    try appear("snd/pcmC7D0p")
    let begin = monotonicMicroseconds()
    #expect(listener.run(seconds: 2) { $0.opened(.capture) == 1 && $0.opened(.playback) == 1 })
    #expect(monotonicMicroseconds() - begin < 500_000)
  }
}
