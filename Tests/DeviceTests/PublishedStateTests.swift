import Base
import Control
import Testing

@testable import Device

@Suite struct PublishedStateTests {
  private let start = Instant(microseconds: 0)
  private let quiet = ["false", "false", "false", "false", "active"]
  private let muted = ["true", "false", "false", "false", "active"]

  private func sent(_ effects: [Effect]) -> [String]? {
    guard case .request(.attributes(let pairs), .button)? = effects.first else { return nil }
    return pairs.map { "\($0.name)=\($0.value)" }
  }

  @Test func allAtFirstThenChangesAndNoMoreThanOneASecond() {
    var published = PublishedState()
    #expect(sent(published.handle(quiet, isGranted: true, now: start))?.count == 5)
    // What changes meanwhile waits, and what changes back is nobody's.
    #expect(published.handle(muted, isGranted: true, now: start.advanced(byMilliseconds: 400)).isEmpty)
    #expect(published.due == start.advanced(byMilliseconds: 1000))
    let changes = published.handle(muted, isGranted: true, now: start.advanced(byMilliseconds: 1000))
    #expect(sent(changes) == ["lintel.muted=true"])
    #expect(published.handle(muted, isGranted: true, now: start.advanced(byMilliseconds: 2000)).isEmpty)
    #expect(published.due == start.advanced(byMilliseconds: 3000))
  }

  @Test func anotherSessionIsToldAll() {
    var published = PublishedState()
    _ = published.handle(muted, isGranted: true, now: start)
    #expect(published.handle(nil, isGranted: false, now: start).isEmpty && published.due == nil)
    #expect(sent(published.handle(muted, isGranted: true, now: start))?.count == 5)
  }

  @Test func whatChangesWhileSignallingIsLostIsToldAfterIt() {
    var published = PublishedState()
    _ = published.handle(quiet, isGranted: true, now: start)
    let lost = start.advanced(byMilliseconds: 1000)
    #expect(published.handle(muted, isGranted: true, isReachable: false, now: lost).isEmpty)
    #expect(published.due == start.advanced(byMilliseconds: 2000))
    let back = published.handle(muted, isGranted: true, now: start.advanced(byMilliseconds: 2000))
    #expect(sent(back) == ["lintel.muted=true"])
  }

  @Test func aMissingGrantIsSaidOnceASession() {
    var published = PublishedState()
    for session in 0..<2 {
      var lines = 0
      for second in 0..<10 {
        let now = start.advanced(byMilliseconds: 1000 * (10 * session + second))
        for effect in published.handle(second % 2 == 0 ? quiet : muted, isGranted: false, now: now) {
          if case .log(.warning, let words, _) = effect, words.contains("canUpdateOwnMetadata") { lines += 1 }
        }
      }
      #expect(lines == 1)
      _ = published.handle(nil, isGranted: false, now: start)
    }
  }

  @Test func aGrantThatComesLaterIsUsed() {
    var published = PublishedState()
    _ = published.handle(quiet, isGranted: false, now: start)
    #expect(
      sent(published.handle(quiet, isGranted: true, now: start.advanced(byMilliseconds: 1000)))?.count == 5)
  }
}
