import Foundation

@testable import AudioEngine

/// A network with a seed: what it does to each packet depends on nothing else.
struct Network {
  enum Jitter {
    /// Anything between nothing and so much.
    case uniform(milliseconds: Double)
    /// Mostly little, sometimes four times as much (an exponential distribution, cut there).
    case exponential(milliseconds: Double)
  }

  enum Loss {
    case none
    case random(Double)
    /// Two states (Gilbert): the share lost, and the mean length of a burst in packets.
    case bursts(Double, length: Double)
  }

  var jitter = Jitter.uniform(milliseconds: 0)
  var loss = Loss.none
  var baseMilliseconds = 30.0
  private var random: SplitMix
  private var isInBurst = false

  init(seed: UInt64, jitter: Jitter = .uniform(milliseconds: 0), loss: Loss = .none) {
    random = SplitMix(state: seed)
    self.jitter = jitter
    self.loss = loss
  }

  /// How long the next packet takes in milliseconds; nil if it is lost.
  mutating func carry() -> Double? {
    let delay =
      switch jitter {
      case .uniform(let most): unit() * most
      case .exponential(let mean): min(4 * mean, -log(1 - unit()) * mean)
      }
    return isLost() ? nil : baseMilliseconds + delay
  }

  private mutating func isLost() -> Bool {
    switch loss {
    case .none: return false
    case .random(let share): return unit() < share
    case .bursts(let share, let length):
      let leave = 1 / length
      isInBurst = isInBurst ? unit() >= leave : unit() < leave * share / (1 - share)
      return isInBurst
    }
  }

  private mutating func unit() -> Double { Double(random.next() >> 11) / 9_007_199_254_740_992 }
}
