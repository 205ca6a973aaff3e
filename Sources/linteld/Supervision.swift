import Base
import CLinux
import Device
import Reactor

/// Looks after the process from the event loop: about once a second it reads what the process uses and whether it
/// moves, tells the device of crossed limits, and feeds the service manager's watchdog while both threads move: the
/// audio thread by its count of rounds, this one by being here at all.
final class Supervision {
  /// A limit was crossed, told in a turn of its own.
  var onFinding: ((SelfWatch.Finding) -> Void)?
  /// Set when the process shall be started anew.
  private(set) var restartReason: SelfWatch.Finding?

  private let manager: ServiceManager
  private let timer: Timer
  private let intervalMilliseconds: Int
  private var watch: SelfWatch

  init(_ loop: EventLoop, _ manager: ServiceManager, _ limits: SelfWatch.Limits) {
    self.manager = manager
    watch = SelfWatch(limits)
    timer = Timer(loop)
    // Three tries before the watchdog loses its patience.
    intervalMilliseconds = manager.watchdogMilliseconds.map { max(10, min($0 / 4, 1000)) } ?? 1000
  }

  func start(_ loop: EventLoop, read: @escaping () -> SelfReadings) {
    timer.onFire = {
      self.timer.schedule(afterMilliseconds: self.intervalMilliseconds)
      let findings = self.watch.look(read(), now: loop.now)
      if self.watch.audioMoves { self.manager.feedWatchdog() }
      for finding in findings { self.report(finding) }
    }
    manager.feedWatchdog()
    timer.schedule(afterMilliseconds: intervalMilliseconds)
  }

  func stop() { timer.cancel() }

  private func report(_ finding: SelfWatch.Finding) {
    guard restartReason == nil else { return }
    // A stuck audio thread cannot be ended from here: that is what the watchdog is for, where there is one.
    var finding = finding
    if finding.quantity == .audio, manager.watchdogMilliseconds != nil { finding.needsRestart = false }
    if finding.needsRestart { restartReason = finding }
    onFinding?(finding)
  }
}

extension SystemInstruments {
  /// Descriptors that are open, the one of the listing among them.
  static var openDescriptors: Int? {
    guard let listing = opendir("/proc/self/fd") else { return nil }
    defer { closedir(listing) }
    var count = -2
    while readdir(listing) != nil { count += 1 }
    return count
  }
}
