import Base
import Foundation
import Synchronization
import Testing

/// usrsctp has one clock for the process, so whoever has an association runs alone.
@Suite(.serialized) enum DataChannelSuites {}

/// usrsctp takes its timers from us but also looks at the wall clock, and sends nothing again that left less than a
/// time-out ago by that. So the thread whose time is virtual gets a wall clock that goes along.
enum VirtualWallClock {
  static let thread = Atomic<UInt>(0)
  static let microsecondsAhead = Atomic<Int>(0)

  /// From now on until `leave`, this thread's.
  static func enter() { thread.store(UInt(pthread_self()), ordering: .relaxed) }
  static func leave() { thread.store(0, ordering: .relaxed) }

  static func advance(microseconds: Int) {
    guard thread.load(ordering: .relaxed) == UInt(pthread_self()) else { return }
    microsecondsAhead.add(microseconds, ordering: .relaxed)
  }
}

/// Takes the place of the C library's for the libraries of the test process.
@_cdecl("gettimeofday")
public func wallClock(_ time: UnsafeMutablePointer<timeval>?, _ zone: UnsafeMutableRawPointer?) -> CInt {
  var now = timespec()
  let result = clock_gettime(CLOCK_REALTIME, &now)
  var microseconds = Int(now.tv_sec) * 1_000_000 + Int(now.tv_nsec) / 1000
  if VirtualWallClock.thread.load(ordering: .relaxed) == UInt(pthread_self()) {
    microseconds += VirtualWallClock.microsecondsAhead.load(ordering: .relaxed)
  }
  time?.pointee = timeval(tv_sec: microseconds / 1_000_000, tv_usec: microseconds % 1_000_000)
  return result
}
