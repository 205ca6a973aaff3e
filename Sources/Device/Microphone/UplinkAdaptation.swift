import Base
import Configuration
import WebRTC

/// How strongly the sent voice is protected against the loss that the other side reports.
///
/// | level | entered at a loss of | redundancy for | share of the bitrate |
/// |---|---|---|---|
/// | 0 | | 5 % | 100 % |
/// | 1 | 3 % | 10 % | 100 % |
/// | 2 | 8 % | 20 % | 90 % |
/// | 3 | 15 % | 30 % | 75 % |
/// | 4 | 25 % | 40 % | 60 % |
///
/// A level is entered at once, as words are being lost. It is left for the one below only after three reports in a
/// row with less than half of its loss, so that a loss near a threshold does not make it swing. From 8 % on the
/// loss is taken for a sign of a full line too.
struct UplinkAdaptation: Equatable {
  static let levelMax = 4
  static let calmReportsMin = 3

  private(set) var level = 0
  /// Reports in a row that allow the level below.
  private(set) var calmReports = 0

  /// The table above, as a function: what follows from a report of `lossTenths` (0...1000, tenths of a percent).
  func next(lossTenths: Int) -> UplinkAdaptation {
    var next = self
    let reached = (0...Self.levelMax).last { Self.entryTenths($0) <= lossTenths } ?? 0
    if reached > level {
      next.level = reached
      next.calmReports = 0
    } else if level > 0, lossTenths < Self.entryTenths(level) / 2 {
      next.calmReports += 1
      if next.calmReports == Self.calmReportsMin {
        next.level -= 1
        next.calmReports = 0
      }
    } else {
      next.calmReports = 0
    }
    return next
  }

  var expectedLossPercent: Int {
    switch level {
    case 0: 5
    case 1: 10
    case 2: 20
    case 3: 30
    default: 40
    }
  }

  /// Of the configured bitrate, which never goes below what Opus takes.
  func bitrate(of configured: Int) -> Int {
    let percent =
      switch level {
      case 0, 1: 100
      case 2: 90
      case 3: 75
      default: 60
      }
    return max(6_000, configured * percent / 100)
  }

  private static func entryTenths(_ level: Int) -> Int {
    switch level {
    case 0: 0
    case 1: 30
    case 2: 80
    case 3: 150
    default: 250
    }
  }
}

/// The receiver's reports of our voice, looked at every two seconds while there is a session.
struct UplinkProtection: Equatable {
  private var adaptation = UplinkAdaptation()
  private var rate = UplinkRate()
  private(set) var due: Instant?

  var bitsPerSecond: Int { rate.bitsPerSecond }

  /// Receivers report about as often.
  private static let lookMilliseconds = 2_000

  mutating func watch(_ isConnected: Bool, now: Instant) {
    guard isConnected != (due != nil) else { return }
    due = isConnected ? now.advanced(byMilliseconds: Self.lookMilliseconds) : nil
    rate = UplinkRate()
  }

  /// `payloadBytes` is what the room has sent of the track since it was made.
  mutating func look(
    _ sent: PeerConnection.Statistics?, payloadBytes: Int64, _ audio: AudioSettings, now: Instant
  ) -> [Effect] {
    guard let due, due <= now else { return [] }
    self.due = now.advanced(byMilliseconds: Self.lookMilliseconds)
    rate.sample(payloadBytes: payloadBytes, now: now)
    // Without a round trip there was no report yet.
    guard let sent, sent.roundTripMilliseconds != nil else { return [] }
    return report(lossTenths: sent.lossTenthsPercent, audio)
  }

  mutating func report(lossTenths: Int, _ audio: AudioSettings) -> [Effect] {
    let next = adaptation.next(lossTenths: lossTenths)
    defer { adaptation = next }
    guard next.level != adaptation.level else { return [] }
    let bitrate = next.bitrate(of: audio.bitrateBitsPerSecond)
    return [
      .audio(.setRate(bitrate: bitrate, expectedLossPercent: next.expectedLossPercent)),
      .log(
        .info,
        "\(lossTenths / 10) % of the voice is lost: sending \(bitrate) bit/s with redundancy for "
          + "\(next.expectedLossPercent) %"),
    ]
  }
}

extension PeerConnection.Statistics {
  /// RFC 3550 §6.4.1: the fraction is in 256ths.
  var lossTenthsPercent: Int { Int(remoteFractionLost) * 1000 / 256 }
}
