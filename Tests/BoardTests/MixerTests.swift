import CALSA
import Testing

/// Volume in decibels: what alsamixer shows as that percentage, from cards of several ranges (in hundredths of dB).
struct MixerTests {
  private static let gains: [(Int32, Int, Int, Int)] = [
    // A Raspberry Pi's headphones: -102.39 to 4 dB. Half of the range would be -49 dB.
    (100, -10_239, 400, 400), (50, -10_239, 400, -1_363), (25, -10_239, 400, -3_084),
    (1, -10_239, 400, -9_042),
    // Many USB cards.
    (50, -2_837, -6, -1_055), (75, -2_837, -6, -478),
    // 24 dB and less are even in decibels, as each step is to be of one size.
    (50, -2_400, 0, -1_200), (50, -2_401, 0, -933), (1, -2_400, 0, -2_376), (33, -1_000, 0, -670),
    // A lowest step of silence.
    (50, -9_999_999, 0, -1_806), (1, -9_999_999, 0, -12_000), (100, -9_999_999, 0, 0),
  ]

  @Test(
    "percent of a card's range",
    arguments: gains)
  func gain(percent: Int32, least: Int, most: Int, gain: Int) {
    #expect(lintel_volume_gain(percent, least, most) == gain)
  }

  @Test func louderIsNeverQuieter() {
    for (least, most) in [(-10_239, 400), (-9_999_999, 0), (-2_400, 0), (-5_000, 2_000)] {
      var last = Int.min
      for percent in 1...100 {
        let gain = lintel_volume_gain(Int32(percent), least, most)
        #expect(gain >= last && gain <= most && gain >= least)
        last = gain
      }
      #expect(last == most)
    }
  }
}
