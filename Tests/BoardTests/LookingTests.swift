import Base
import Foundation
import Testing

@testable import Board

/// How often what does not tell is looked at, and the folder that tells when devices come.
struct LookingTests {
  private let now = Instant(microseconds: 1_234_567_890)

  private static let looks: [(Int, Int64)] = [
    (0, 1_234_600), (2, 1_234_600), (3, 1_234_567 + 60), (10, 1_234_567 + 200), (1_000, 1_234_567 + 20_000),
  ]

  @Test(
    "a line without edges",
    arguments: looks)
  func line(took: Int, next: Int64) {
    #expect(Looking.next(tookMilliseconds: took, now: now).microseconds / 1000 == next)
  }

  @Test func linesWakeTheBoardTogether() {
    var seen: Set<Instant> = []
    for offset in 0..<50 {
      seen.insert(
        Looking.next(tookMilliseconds: 1, now: Instant(microseconds: 1_000_000 + Int64(offset) * 1000)))
    }
    #expect(seen == [Instant(microseconds: 1_050_000)])
    #expect(
      Looking.next(tookMilliseconds: 0, now: Instant(microseconds: 1_050_000)).microseconds == 1_100_000)
  }

  @Test("what failed", arguments: [(0, 2_000), (100, 2_000), (101, 2_020), (1_000, 20_000)])
  func failure(took: Int, pause: Int) { #expect(Looking.pauseMilliseconds(tookMilliseconds: took) == pause) }

  @Test func whatComesIsTold() throws {
    let workshop = try Workshop()
    try FileManager.default.createDirectory(atPath: workshop.path("input"), withIntermediateDirectories: true)
    let watch = DeviceWatch("input", root: workshop.path(""))
    watch.look()
    var waiting = pollfd(fd: watch.descriptor, events: Int16(POLLIN), revents: 0)
    for act in [
      { FileManager.default.createFile(atPath: workshop.path("gpiochip5"), contents: nil) },
      { chmod(workshop.path("gpiochip5"), 0o660) == 0 },
      { FileManager.default.createFile(atPath: workshop.path("input/event3"), contents: nil) },
      { symlink("event3", workshop.path("input/by-id")) == 0 },
    ] {
      #expect(poll(&waiting, 1, 0) == 0, "quiet before")
      #expect(act())
      #expect(poll(&waiting, 1, 0) == 1)
      #expect(watch.takeChange())
    }
    #expect(poll(&waiting, 1, 0) == 0)
  }

  @Test func aFolderThatIsNotThereIsNoTrouble() {
    let watch = DeviceWatch("input", root: "/nowhere")
    watch.look()
    #expect(watch.descriptor >= 0 && !watch.takeChange())
  }
}
