import CLinux
import Foundation
import Testing

@testable import Reactor

@Suite(.serialized) struct WakeTests {
  @Test func signalsArriveOnTheLoop() throws {
    let loop = try EventLoop()
    let seen = Seen<String>()
    let user = try SignalWatcher(loop, .user1) { seen.values.append("user1") }
    let hangUp = try SignalWatcher(loop, .hangUp) { seen.values.append("hangUp") }
    loop.later { _ = kill(getpid(), SIGUSR1) }
    run(loop) { seen.values.count == 1 }
    loop.later { _ = kill(getpid(), SIGHUP) }
    run(loop) { seen.values.count == 2 }
    #expect(seen.values == ["user1", "hangUp"])
    withExtendedLifetime((user, hangUp)) {}
  }

  @Test func anotherThreadWakesTheLoop() throws {
    let loop = try EventLoop()
    let seen = Seen<UInt64>()
    let watcher = try EventFDWatcher(loop) { seen.values.append($0) }
    let descriptor = watcher.descriptor
    let thread = Foundation.Thread {
      for _ in 0..<100 { EventFDWatcher.signal(descriptor) }
    }
    thread.start()
    run(loop) { seen.values.reduce(0, +) == 100 }
  }

  @Test func aWatcherThatIsLetGoIsSilent() throws {
    let loop = try EventLoop()
    let seen = Seen<UInt64>()
    do {
      let watcher = try EventFDWatcher(loop) { seen.values.append($0) }
      EventFDWatcher.signal(watcher.descriptor)
    }
    run(loop, forMilliseconds: 10)
    #expect(seen.values.isEmpty)
  }
}
