import Testing

@testable import AudioEngine

@Suite struct SoundProbeTests {
  /// A microphone that hears `room`, and from `delay` periods on the speaker at half its loudness, too.
  private func run(
    _ probe: SoundProbe, periods: Int, toneFrom start: Int, delay: Int?, room: (Int) -> Int16
  ) {
    var position = 0
    for period in 0..<periods {
      let tone = { (from: Int, index: Int) -> Int16 in
        guard from >= start else { return 0 }
        let turns = UInt32((from * 160 + index) % 16) << 28
        return Int16(FixedMath.sineQ30(turns: turns) >> 18)
      }
      let played = (0..<160).map { tone(period, $0) }
      let heard = (0..<160).map { index in
        room(position + index) + (delay.map { tone(period - $0, index) / 2 } ?? 0)
      }
      played.withUnsafeBufferPointer { probe.played($0) }
      heard.withUnsafeBufferPointer { probe.captured($0) }
      position += 160
    }
  }

  /// The same noise each time, up to 300 steps.
  private func noise(_ index: Int) -> Int16 {
    Int16((UInt32(truncatingIfNeeded: index) &* 2_654_435_761 >> 16) % 600) - 300
  }

  @Test func theToneIsFoundInNoiseWithItsDelay() {
    let probe = SoundProbe()
    probe.begin()
    run(probe, periods: 200, toneFrom: 100, delay: 7) { noise($0) }
    let reading = probe.reading
    #expect(reading.periods == 200 && reading.wasPlayed)
    #expect(reading.echoMilliseconds == 70)
    #expect((-30 ... -24).contains(reading.heardDecibels ?? 0))
  }

  @Test func withoutEchoNothingIsHeard() {
    let probe = SoundProbe()
    probe.begin()
    run(probe, periods: 200, toneFrom: 100, delay: nil) { noise($0) }
    #expect(probe.reading.wasPlayed && probe.reading.heardDecibels == nil)
    #expect(probe.reading.echoMilliseconds == nil)
    #expect(probe.reading.span > 500)
  }

  @Test func aToneThatWasThereBeforeIsNoEcho() {
    let probe = SoundProbe()
    probe.begin()
    run(probe, periods: 200, toneFrom: 100, delay: nil) {
      Int16(FixedMath.sineQ30(turns: UInt32($0 % 16) << 28) >> 18)
    }
    #expect(probe.reading.heardDecibels == nil)
  }

  /// The speaker's clock by the phase of its tone, and what a canceller of 20 dB leaves of it.
  @Test(arguments: [-300, -40, 0, 15, 120, 450])
  func theToneTellsTheClocksAndTheCanceller(partsPerMillion: Int) throws {
    let probe = SoundProbe()
    probe.begin()
    let step = (1 << 28) * (1_000_000 + partsPerMillion) / 1_000_000
    for period in 0..<120 {
      let heard = (0..<160).map { index in
        let turns = UInt32(truncatingIfNeeded: (period * 160 + index) * step)
        return period < 10
          ? 0 : Int16(FixedMath.sineQ30(turns: turns) >> 18) + noise(period * 160 + index) / 4
      }
      let left = heard.map { $0 / 10 }
      heard.withUnsafeBufferPointer { if period >= 10 { probe.played($0) } }
      heard.withUnsafeBufferPointer { probe.captured($0) }
      left.withUnsafeBufferPointer { probe.cleaned($0) }
    }
    let reading = probe.reading
    let measured = try #require(reading.speakerPartsPerMillion)
    #expect(abs(measured - partsPerMillion) <= 5, "\(measured)")
    let steady = try #require(reading.steadyDecibels)
    let left = try #require(reading.leftDecibels)
    #expect((19...21).contains(steady - left))
  }

  @Test func aToneWithAHoleOrTooShortTellsNoClock() {
    for (hole, end) in [(45, 120), (200, 70)] {
      let probe = SoundProbe()
      probe.begin()
      var position = 0
      for period in 0..<120 {
        // 3 samples are lost: a fifth of a turn.
        if period == hole { position += 3 }
        let heard = (0..<160).map { index in
          period >= end ? 0 : Int16(FixedMath.sineQ30(turns: UInt32((position + index) % 16) << 28) >> 18)
        }
        position += 160
        heard.withUnsafeBufferPointer { probe.played($0) }
        heard.withUnsafeBufferPointer { probe.captured($0) }
        heard.withUnsafeBufferPointer { probe.cleaned($0) }
      }
      #expect(probe.reading.heardDecibels != nil && probe.reading.speakerPartsPerMillion == nil)
    }
  }

  @Test func silenceHasNoSpanWhateverItsOffset() {
    let probe = SoundProbe()
    probe.begin()
    run(probe, periods: 20, toneFrom: 100, delay: nil) { 700 + Int16($0 % 2) }
    #expect(probe.reading.span == 1)
  }

  @Test func eachTestStartsAnewAndNothingIsMeasuredBetweenThem() {
    let probe = SoundProbe()
    run(probe, periods: 5, toneFrom: 0, delay: 0) { noise($0) }
    #expect(probe.reading == SoundProbeReading())
    probe.begin()
    run(probe, periods: 50, toneFrom: 10, delay: 2) { noise($0) }
    probe.end()
    run(probe, periods: 5, toneFrom: 0, delay: 0) { noise($0) }
    #expect(probe.reading.periods == 50 && probe.reading.echoMilliseconds == 20)
    probe.begin()
    run(probe, periods: 3, toneFrom: 9, delay: nil) { _ in 0 }
    #expect(probe.reading.periods == 3 && !probe.reading.wasPlayed && probe.reading.span == 0)
  }

  @Test func theUplinkListensBeforeTheMute() throws {
    let uplink = try Uplink(UplinkConfiguration())
    uplink.muted = true
    uplink.probe.begin()
    let samples = (0..<160).map { noise($0) }
    samples.withUnsafeBufferPointer { for _ in 0..<10 { _ = uplink.capture($0) } }
    #expect(uplink.probe.reading.periods == 10 && uplink.probe.reading.span > 500)
    var payload: [UInt8] = []
    #expect(uplink.pop(into: &payload) == nil)
  }
}
