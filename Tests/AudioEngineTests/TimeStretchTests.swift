import Testing

@testable import AudioEngine

struct TimeStretchTests {
  /// Runs 2 s through the stretch, 20 ms at a time, with the same excess all along.
  private func run(_ samples: [Int16], excess: Int) -> [Int16] {
    var stretch = TimeStretch()
    var queue = [Int16](repeating: 0, count: 1_000)
    var count = 0
    var heard: [Int16] = []
    for begin in stride(from: 0, to: samples.count - 319, by: 320) {
      queue.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        for index in 0..<320 { start[count + index] = samples[begin + index] }
        count += 320
        count += stretch.adjust(end: start + count, count: count, fresh: 320, excess: excess)
        let taken = max(0, count - 100)
        heard += UnsafeBufferPointer(start: start, count: taken)
        start.update(from: start + taken, count: count - taken)
        count -= taken
      }
    }
    return heard
  }

  @Test(arguments: [130.0, 200, 400, 1_000], [-1_200, -300, 300, 1_200])
  func aToneChangesItsLengthAndNothingElse(frequency: Double, excess: Int) {
    let tone = sine(frequency, from: 0, count: 32_000, amplitude: 8_000)
    let heard = run(tone, excess: excess)
    let change = heard.count - 32_000
    // Gently at least 3 percent, urgently at least 10.
    let least = abs(excess) > 1_000 ? 3_200 : 900
    if excess > 0 { #expect(change < -least) } else { #expect(change > least) }
    #expect(share(Array(heard[1_000...]), at: frequency) > 0.9)
    var detector = GlitchDetector(frequency: frequency)
    heard.withUnsafeBufferPointer { detector.look($0) }
    // One sample left out of a tone of 400 Hz shows as 1200.
    #expect(detector.worst < 100, "\(detector.worst)")
  }

  @Test func silenceAndNoiseGiveWayToo() {
    #expect(run([Int16](repeating: 0, count: 32_000), excess: 400).count < 30_000)
    var random = SplitMix(state: 8)
    let noise = (0..<64_000).map { _ in Int16(truncatingIfNeeded: random.next() >> 52) }
    #expect(run(noise, excess: 400).count < 63_500)
    #expect(run(noise, excess: -400).count > 64_500)
  }

  @Test func theExtremesDoNotOverflow() {
    let square = (0..<32_000).map { $0 / 40 % 2 == 0 ? Int16.max : Int16.min }
    #expect(run(square, excess: 900).count < 30_000)
    #expect(run(square, excess: -900).count > 34_000)
  }
}
