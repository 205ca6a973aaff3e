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
    let descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    defer { _ = close(descriptor) }
    let watcher = try DescriptorWatcher(loop, descriptor: descriptor) {
      var count: UInt64 = 0
      if read(descriptor, &count, 8) == 8 { seen.values.append(count) }
    }
    let thread = Foundation.Thread {
      for _ in 0..<100 { eventfd_write(descriptor, 1) }
    }
    thread.start()
    run(loop) { seen.values.reduce(0, +) == 100 }
    watcher.stop()
  }

  @Test func aWatcherThatIsLetGoIsSilent() throws {
    let loop = try EventLoop()
    let seen = Seen<UInt64>()
    let descriptor = eventfd(1, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
    defer { _ = close(descriptor) }
    do { _ = try DescriptorWatcher(loop, descriptor: descriptor) { seen.values.append(1) } }
    run(loop, forMilliseconds: 10)
    #expect(seen.values.isEmpty)
  }
}
