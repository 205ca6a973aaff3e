import Base
import Testing

@testable import Reactor

/// Runs the loop until `condition` holds; records a failure and returns after `milliseconds`.
func run(
  _ loop: EventLoop, atMost milliseconds: Int = 5000, sourceLocation: SourceLocation = #_sourceLocation,
  until condition: @escaping () -> Bool
) {
  let deadline = loop.now.advanced(byMilliseconds: milliseconds)
  let poll = Reactor.Timer(loop)
  poll.onFire = { [unowned poll] in
    if condition() || loop.now >= deadline {
      loop.stop()
    } else {
      poll.schedule(afterMilliseconds: 2)
    }
  }
  poll.schedule(afterMilliseconds: 0)
  loop.run()
  #expect(condition(), "not reached in \(milliseconds) ms", sourceLocation: sourceLocation)
}

/// Lets the loop run for that long.
func run(_ loop: EventLoop, forMilliseconds milliseconds: Int) {
  let end = Reactor.Timer(loop) { loop.stop() }
  end.schedule(afterMilliseconds: milliseconds)
  loop.run()
}

/// What handlers saw, shared between closures.
final class Seen<Value> {
  var values: [Value] = []
}

func loopback(_ port: UInt16 = 0) -> SocketAddress {
  SocketAddress(ip: IPAddress(v4: 0x7F00_0001), port: port)
}
