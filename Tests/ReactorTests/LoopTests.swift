import Base
import Testing

@testable import Reactor

@Suite(.serialized) struct LoopTests {
  @Test func timersFireInOrderAndNeverEarly() throws {
    let loop = try EventLoop()
    let start = loop.now
    let seen = Seen<(Int, Instant)>()
    var timers: [Reactor.Timer] = []
    for delay in [30, 10, 20, 0] {
      let timer = Reactor.Timer(loop) { seen.values.append((delay, loop.now)) }
      timer.schedule(at: start.advanced(byMilliseconds: delay))
      timers.append(timer)
    }
    run(loop) { seen.values.count == 4 }
    #expect(seen.values.map(\.0) == [0, 10, 20, 30])
    for (delay, fired) in seen.values { #expect(fired >= start.advanced(byMilliseconds: delay)) }
    #expect(timers[0].deadline == nil)
  }

  @Test func aTimerIsReplacedAndCancelled() throws {
    let loop = try EventLoop()
    let seen = Seen<String>()
    let replaced = Reactor.Timer(loop) { seen.values.append("replaced") }
    let cancelled = Reactor.Timer(loop) { seen.values.append("cancelled") }
    let other = Reactor.Timer(loop) { seen.values.append("other") }
    // The order of deadlines tells, however late a busy machine is.
    replaced.schedule(afterMilliseconds: 5)
    cancelled.schedule(afterMilliseconds: 10)
    other.schedule(afterMilliseconds: 20)
    replaced.schedule(afterMilliseconds: 40)
    cancelled.cancel()
    #expect(cancelled.deadline == nil)
    run(loop) { seen.values.count == 2 }
    #expect(seen.values == ["other", "replaced"])
  }

  /// An owner that waits for the same instant as before says so after each thing that happened.
  @Test func aTimerThatIsSetForTheSameInstantAgainFiresOnceThen() throws {
    let loop = try EventLoop()
    let seen = Seen<Instant>()
    let timer = Reactor.Timer(loop) { seen.values.append(loop.now) }
    let instant = loop.now.advanced(byMilliseconds: 20)
    for _ in 0..<3 { timer.schedule(at: instant) }
    #expect(timer.deadline == instant)
    run(loop, forMilliseconds: 50)
    #expect(seen.values.count == 1 && seen.values.allSatisfy { $0 >= instant })
    // Past by now, and no longer set: it is a wish of its own.
    timer.schedule(at: instant)
    run(loop) { seen.values.count == 2 }
    #expect(seen.values.count == 2)
  }

  @Test func aTimerMaySetItselfAgain() throws {
    let loop = try EventLoop()
    let seen = Seen<Instant>()
    let timer = Reactor.Timer(loop)
    timer.onFire = { [unowned timer] in
      seen.values.append(loop.now)
      if seen.values.count < 10 { timer.schedule(afterMilliseconds: 1) }
    }
    timer.schedule(afterMilliseconds: 1)
    run(loop) { seen.values.count == 10 }
  }

  @Test func aTimerThatIsLetGoDoesNotFire() throws {
    let loop = try EventLoop()
    let seen = Seen<Int>()
    do {
      let timer = Reactor.Timer(loop) { seen.values.append(1) }
      timer.schedule(afterMilliseconds: 1)
    }
    run(loop, forMilliseconds: 15)
    #expect(seen.values.isEmpty)
  }

  @Test func laterRunsInTheNextTurnInOrder() throws {
    let loop = try EventLoop()
    let seen = Seen<Int>()
    loop.later {
      seen.values.append(1)
      loop.later { seen.values.append(3) }
    }
    loop.later { seen.values.append(2) }
    #expect(seen.values.isEmpty)
    run(loop) { seen.values.count == 3 }
    #expect(seen.values == [1, 2, 3])
  }

  @Test func systemRandomDoesNotRepeat() {
    let random = SystemRandom()
    var seen = Set<UInt64>()
    for _ in 0..<1000 { seen.insert(random.nextUInt64()) }
    #expect(seen.count == 1000)
    #expect(SystemRandom().nextUInt64() != SystemRandom().nextUInt64())
  }
}
