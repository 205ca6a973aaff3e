/// The room's noise by bands: the least of what was heard in the last 1.6 s, and at first less than that, as it would be the
/// echo's.
struct BandNoise: ~Copyable {
  private let levels: UnsafeMutablePointer<UInt64>
  private let smooth: UnsafeMutablePointer<UInt64>
  /// The least of this span, and of three before it.
  private let least: UnsafeMutablePointer<UInt64>
  private var periods = 0

  init() {
    levels = filled(EchoFilter.bands, quietest)
    smooth = filled(EchoFilter.bands, 0)
    least = filled(spans * EchoFilter.bands, .max >> 8)
  }

  deinit {
    levels.deallocate()
    smooth.deallocate()
    least.deallocate()
  }

  func level(_ band: Int) -> UInt64 { levels[band] }

  /// Another period's power; answers the noise's.
  func follow(_ band: Int, _ power: UInt64) -> UInt64 {
    smooth[band] = periods == 0 ? power : (smooth[band] &* 4 &+ power) / 5
    let mine = least + spans * band
    mine[0] = min(mine[0], smooth[band])
    var floor = mine[0]
    for span in 1..<spans { floor = min(floor, mine[span]) }
    floor = floor &+ floor / 3
    levels[band] = max(quietest / 4, min(floor, levels[band] &+ levels[band] / 50 &+ 1))
    return levels[band]
  }

  mutating func periodEnded() {
    periods += 1
    guard periods % spanPeriods == 0 else { return }
    for band in 0..<EchoFilter.bands {
      let mine = least + spans * band
      for span in stride(from: spans - 1, to: 0, by: -1) { mine[span] = mine[span - 1] }
      mine[0] = .max >> 8
    }
  }
}

private let spans = 4
private let spanPeriods = 40
/// About -85 dBov.
private let quietest: UInt64 = 16
