import Foundation
import Testing

@testable import Reactor

/// Work that may block is done beside the loop.
struct ErrandTests {
  /// Holds the other thread until it is let go.
  private final class Gate: @unchecked Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func open() { semaphore.signal() }
    func pass() { semaphore.wait() }
  }

  @Test func theLoopGoesOnWhileWorkBlocks() throws {
    let loop = try EventLoop()
    let gate = Gate()
    let here = pthread_self()
    var log: [String] = []
    loop.apart {
      gate.pass()
      #expect(pthread_equal(pthread_self(), here) == 0)
    } then: {
      log.append("done")
      #expect(pthread_equal(pthread_self(), here) != 0)
    }
    let timer = Timer(loop) {
      log.append("the loop's own")
      gate.open()
    }
    timer.schedule(afterMilliseconds: 30)
    loop.run()
    #expect(log == ["the loop's own", "done"])
  }

  /// A disk that is slow is not given more than it can take, and in the end it has what was newest.
  @Test func onlyTheNewestWaits() throws {
    let loop = try EventLoop()
    let gate = Gate()
    var written: [[UInt8]] = []
    var told: [String?] = []
    let errand = Errand(loop) { bytes in
      if written.isEmpty { gate.pass() }
      written.append(bytes)
      return bytes == [5] ? "the disk is full" : nil
    } then: {
      told.append($0)
    }
    for number: UInt8 in 1...5 { errand.run([number]) }
    #expect(errand.isUnderWay)
    let timer = Timer(loop) { gate.open() }
    timer.schedule(afterMilliseconds: 30)
    loop.run()
    #expect(written == [[1], [5]] && told == [nil, "the disk is full"])
    #expect(!errand.isUnderWay)
    errand.run([6])
    loop.run()
    #expect(written.last == [6] && told.count == 3)
  }

  @Test func aHungDiskHoldsUpNoName() throws {
    let loop = try EventLoop()
    let gate = Gate()
    var isFound = false
    loop.apart {
      gate.pass()
    } then: {
    }
    let resolver = Resolver(loop)
    let query = resolver.resolve("localhost") { _ in
      isFound = true
      gate.open()
    }
    let giveUp = Timer(loop) { gate.open() }
    giveUp.schedule(afterMilliseconds: 5_000)
    loop.later { _ = query }
    let begin = loop.now
    while !isFound, loop.now.milliseconds(since: begin) < 5_000 {
      let turn = Timer(loop) { loop.stop() }
      turn.schedule(afterMilliseconds: 20)
      loop.run()
    }
    giveUp.cancel()
    gate.open()
    loop.run()
    #expect(isFound && loop.now.milliseconds(since: begin) < 4_000)
  }
}
