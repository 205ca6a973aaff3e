import Base

/// What the microphone's Opus frames take of the network, between two looks at what was sent.
struct UplinkRate: Equatable {
  private var last: (payloadBytes: Int64, at: Instant)?
  private(set) var bitsPerSecond = 0

  /// `payloadBytes` counts from the beginning.
  mutating func sample(payloadBytes: Int64, now: Instant) {
    defer { last = (payloadBytes, now) }
    guard let last, now > last.at else { return }
    let more = max(0, payloadBytes.subtractingReportingOverflow(last.payloadBytes).partialValue)
    bitsPerSecond = Int(
      clamping: more.multipliedReportingOverflow(by: 8000).partialValue
        / Int64(max(1, now.milliseconds(since: last.at))))
  }

  static func == (left: UplinkRate, right: UplinkRate) -> Bool {
    left.bitsPerSecond == right.bitsPerSecond && left.last?.at == right.last?.at
  }
}
