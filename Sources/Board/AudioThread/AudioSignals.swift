import Base
import CALSA
import CLinux
import Synchronization

/// How the audio thread and its opener wake the reactor and each other, and what the thread tells of itself.
final class AudioSignals: Sendable {
  let wakeDescriptor: Int32
  private let openerDescriptor: Int32
  private let wakePending = Atomic<Bool>(false)
  private let turns = Atomic<Int>(0)

  init() throws(BoardFailure) {
    wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    openerDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    if wakeDescriptor < 0 || openerDescriptor < 0 {
      throw .system(operation: "create an eventfd", reason: systemReason(lintel_errno()))
    }
  }

  deinit {
    if wakeDescriptor >= 0 { _ = close(wakeDescriptor) }
    if openerDescriptor >= 0 { _ = close(openerDescriptor) }
  }

  /// Audio thread, when it gives a device back.
  func wakeOpener() { _ = eventfd_write(openerDescriptor, 1) }

  /// Opener: until it is woken, `other` is readable, or so long; nil is for ever.
  func awaitOpener(milliseconds: Int?, or other: Int32) {
    withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { descriptors in
      descriptors[0] = pollfd(fd: openerDescriptor, events: Int16(POLLIN), revents: 0)
      descriptors[1] = pollfd(fd: other, events: Int16(POLLIN), revents: 0)
      poll(descriptors.baseAddress, 2, milliseconds.map { Int32(clamping: $0) } ?? -1)
    }
    var count: UInt64 = 0
    _ = eventfd_read(openerDescriptor, &count)
  }

  /// Audio thread and opener: makes the reactor look. One system call until it has looked, however often this is called.
  func wake() {
    guard !wakePending.exchange(true, ordering: .acquiringAndReleasing) else { return }
    _ = eventfd_write(wakeDescriptor, 1)
  }

  /// Reactor thread: before it looks.
  func acknowledgeWake() {
    var count: UInt64 = 0
    _ = eventfd_read(wakeDescriptor, &count)
    wakePending.store(false, ordering: .sequentiallyConsistent)
  }

  /// Audio thread: once a round.
  func noteTurn() { turns.store(turns.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }

  /// Any thread: rounds so far.
  var turnCount: Int { turns.load(ordering: .relaxed) }
}

func systemReason(_ code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { room in
    lintel_reason(code, room.baseAddress, room.count).map { String(cString: $0) } ?? "error \(code)"
  }
}

/// CLOCK_MONOTONIC in microseconds: what the audio thread tells the engine, and what packets are to be stamped with.
public func monotonicMicroseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
