import Base
import CLinux

/// The operating system's generator, for keys, passwords and masks: nothing about it can be guessed.
public final class SystemRandom: RandomSource {
  private var pool = [UInt64](repeating: 0, count: 16)
  private var next = 16

  public init() {}

  public func nextUInt64() -> UInt64 {
    if next == pool.count { refill() }
    defer { next += 1 }
    let value = pool[next]
    // What was handed out is not kept.
    pool[next] = 0
    return value
  }

  /// Up to 256 bytes come whole from getrandom once the system has booted; before that it waits.
  private func refill() {
    let wanted = pool.count * 8
    while pool.withUnsafeMutableBytes({ getrandom($0.baseAddress, wanted, 0) }) != wanted {
      guard lintel_errno() == EINTR else { fatalError("the system has no random numbers") }
    }
    next = 0
  }
}
