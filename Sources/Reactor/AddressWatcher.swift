import Base
import CLinux

/// Tells when the addresses of this machine may be others than before: a link, an address or a route came, went or
/// changed, and nothing more has for a moment; or the machine slept.
public final class AddressWatcher {
  public enum Change: Equatable, Sendable {
    case network
    /// For so many seconds, in which everything that the network knew of this machine may have been forgotten.
    case slept(seconds: Int)
  }

  private let onChange: (Change) -> Void
  private let descriptor: Int32
  private let clockDescriptor: Int32
  private var watchers: [DescriptorWatcher] = []
  private let settling: Timer
  private let loop: EventLoop
  private var firstChangeAt: Instant?
  private var sleep: SleepGauge

  public init(_ loop: EventLoop, onChange: @escaping (Change) -> Void) throws(ReactorFailure) {
    self.loop = loop
    self.onChange = onChange
    settling = Timer(loop)
    sleep = SleepGauge(sleptMilliseconds: lintel_slept_milliseconds())
    descriptor = lintel_netlink_socket(1)
    clockDescriptor = lintel_clock_watch()
    guard descriptor >= 0 else {
      throw .system(action: "watching the network addresses", code: -lintel_errno())
    }
    let back = Unowned(self)
    settling.onFire = { back.owner.settled() }
    watchers.append(try DescriptorWatcher(loop, descriptor: descriptor) { back.owner.readNetwork() })
    // Without it nothing but sleep goes unnoticed.
    guard clockDescriptor >= 0 else { return }
    watchers.append(try DescriptorWatcher(loop, descriptor: clockDescriptor) { back.owner.readClock() })
  }

  deinit {
    watchers = []
    if descriptor >= 0 { close(descriptor) }
    if clockDescriptor >= 0 { close(clockDescriptor) }
  }

  private func readNetwork() {
    var changed = false
    for _ in 0..<ReactorLimits.networkAnswersMax {
      guard let bytes = receiveNetlink(descriptor) else {
        // Something was missed.
        if lintel_errno() == ENOBUFS { changed = true }
        break
      }
      changed = tellsOfNetworkChange(bytes) || changed
    }
    guard changed else { return }
    let first = firstChangeAt ?? loop.now
    firstChangeAt = first
    // Settled, but not waiting for ever where changes never end.
    settling.schedule(
      at: min(
        loop.now.advanced(byMilliseconds: ReactorLimits.networkSettleMilliseconds),
        first.advanced(byMilliseconds: ReactorLimits.networkSettleMillisecondsMax)))
  }

  private func settled() {
    firstChangeAt = nil
    onChange(.network)
  }

  private func readClock() {
    var expirations: UInt64 = 0
    // It fails with ECANCELED, and is armed again by that.
    _ = CLinux.read(clockDescriptor, &expirations, 8)
    if let seconds = sleep.sleptSeconds(now: lintel_slept_milliseconds()) {
      onChange(.slept(seconds: seconds))
    }
  }
}

/// Tells sleep from other jumps of the wall clock, by what CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC.
struct SleepGauge {
  private var sleptMilliseconds: Int64

  init(sleptMilliseconds: Int64) { self.sleptMilliseconds = sleptMilliseconds }

  /// nil: not worth mentioning. NATs and servers keep what they know for longer.
  mutating func sleptSeconds(now: Int64) -> Int? {
    let slept = now - sleptMilliseconds
    guard slept >= Int64(ReactorLimits.sleepMillisecondsMin) else { return nil }
    sleptMilliseconds = now
    return Int(clamping: slept / 1000)
  }
}
