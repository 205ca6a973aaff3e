import Base
import CALSA
import CLinux
import Synchronization

/// Waits for both directions of a board's sound by their descriptors.
public final class AlsaWait: AudioWait {
  private let capture: AlsaStream
  private let playback: AlsaStream
  private let wakeDescriptor: Int32
  private let isStopped = Atomic<Bool>(false)
  /// That of waking, then those of the microphone, then those of the speaker.
  private let descriptors: UnsafeMutableBufferPointer<pollfd>

  init(_ capture: AlsaStream, _ playback: AlsaStream) throws(BoardFailure) {
    self.capture = capture
    self.playback = playback
    wakeDescriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    descriptors = .allocate(capacity: 1 + 2 * BoardLimits.pollDescriptorsMax)
    descriptors.initialize(repeating: pollfd())
    if wakeDescriptor < 0 {
      throw .system(operation: "create an eventfd", reason: systemReason(lintel_errno()))
    }
  }

  deinit {
    descriptors.deallocate()
    if wakeDescriptor >= 0 { _ = CLinux.close(wakeDescriptor) }
  }

  public var now: Instant { Instant(microseconds: monotonicMicroseconds()) }

  public func wait(until deadline: Instant, capture wantsCapture: Bool, playback wantsPlayback: Bool) -> Bool
  {
    let room = BoardLimits.pollDescriptorsMax
    descriptors[0] = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
    var afterCapture = 1
    if wantsCapture {
      afterCapture += capture.pollDescriptors(into: .init(rebasing: descriptors[1..<(1 + room)]))
    }
    var end = afterCapture
    if wantsPlayback {
      end += playback.pollDescriptors(into: .init(rebasing: descriptors[end..<(end + room)]))
    }
    var pause = pause(until: deadline)
    _ = ppoll(descriptors.baseAddress, nfds_t(end), &pause, nil)
    if wantsCapture { capture.look(at: .init(rebasing: descriptors[1..<afterCapture])) }
    if wantsPlayback { playback.look(at: .init(rebasing: descriptors[afterCapture..<end])) }
    if descriptors[0].revents != 0 {
      var count: UInt64 = 0
      _ = eventfd_read(wakeDescriptor, &count)
    }
    return isStopped.load(ordering: .acquiring)
  }

  public func rest(until deadline: Instant) {
    var pause = pause(until: deadline)
    nanosleep(&pause, nil)
  }

  public func wake() { _ = eventfd_write(wakeDescriptor, 1) }

  public func stop() {
    isStopped.store(true, ordering: .releasing)
    wake()
  }

  private func pause(until deadline: Instant) -> timespec {
    let left = max(0, deadline.microseconds(since: now))
    return timespec(tv_sec: .init(left / 1_000_000), tv_nsec: Int(left % 1_000_000) * 1_000)
  }
}
