/// Where a room takes its random numbers from. Simulations pass `SeededRandom`, the daemon passes one over the
/// operating system's generator; whatever must not be guessed (ICE passwords, keys) is drawn from the latter.
///
/// Everything below `nextUInt64` has an implementation for all. It is a requirement all the same, because Embedded
/// Swift compiles a mere extension method that is called on `any RandomSource` to a trap, without a word.
public protocol RandomSource: AnyObject {
  func nextUInt64() -> UInt64
  func nextUInt32() -> UInt32
  func bytes(_ count: Int) -> [UInt8]
  /// Uniform in 0..<bound (the bias of the modulus is below 2^-32 for the small bounds used here).
  func next(below bound: Int) -> Int
  /// `count` letters and digits, 5.95 bits of entropy each, legal in SDP `ice-char` (RFC 8839 §5.4) and UUID-like
  /// ids.
  func alphanumeric(_ count: Int) -> String
}

extension RandomSource {
  public func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      var word = nextUInt64()
      for _ in 0..<min(8, count - result.count) {
        result.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    return result
  }

  public func nextUInt32() -> UInt32 { UInt32(truncatingIfNeeded: nextUInt64()) }

  public func next(below bound: Int) -> Int { bound <= 1 ? 0 : Int(nextUInt64() % UInt64(bound)) }

  public func alphanumeric(_ count: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    var text: [UInt8] = []
    for _ in 0..<count { text.append(alphabet[next(below: alphabet.count)]) }
    return String(decoding: text, as: UTF8.self)
  }
}

/// SplitMix64: the same seed gives the same sequence. For tests and simulations only.
public final class SeededRandom: RandomSource {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public func nextUInt64() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
