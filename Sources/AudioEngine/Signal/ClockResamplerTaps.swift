/// The taps of `ClockResampler`: 33 rows of eight in Q14, one for each 1/32 of a sample. Each row is the
/// least-squares answer to "delay by three samples and this fraction" over 0 to 5.4 kHz, weighted towards the
/// low end where speech has its power, with a gain of exactly 1 at 0 Hz. The caller deallocates.
func makeTaps() -> UnsafeMutablePointer<Int16> {
  let table = UnsafeMutablePointer<Int16>.allocate(capacity: 33 * 8)
  // The second half is the first one, mirrored.
  for row in 0...16 {
    for tap in 0..<8 {
      table[row * 8 + tap] = firstHalf[row * 8 + tap]
      table[(32 - row) * 8 + 7 - tap] = firstHalf[row * 8 + tap]
    }
  }
  return table
}

private let firstHalf: [Int16] = [
  0, 0, 0, 16384, 0, 0, 0, 0,
  -17, 95, -366, 16286, 527, -194, 66, -13,
  -32, 185, -705, 16142, 1080, -391, 131, -26,
  -48, 270, -1016, 15951, 1656, -588, 197, -38,
  -62, 349, -1298, 15718, 2252, -785, 261, -51,
  -75, 423, -1550, 15437, 2867, -980, 324, -62,
  -88, 490, -1774, 15118, 3498, -1171, 385, -74,
  -99, 550, -1970, 14759, 4142, -1356, 443, -85,
  -109, 603, -2136, 14360, 4797, -1534, 498, -95,
  -118, 649, -2274, 13927, 5459, -1703, 549, -105,
  -125, 688, -2384, 13457, 6127, -1862, 596, -113,
  -132, 719, -2467, 12959, 6796, -2008, 638, -121,
  -136, 743, -2523, 12428, 7465, -2141, 675, -127,
  -140, 759, -2553, 11873, 8130, -2258, 706, -133,
  -142, 768, -2559, 11292, 8788, -2358, 732, -137,
  -143, 769, -2541, 10691, 9436, -2439, 751, -140,
  -142, 764, -2501, 10071, 10071, -2501, 764, -142,
]
