/// What the transform does to eight lanes at once.
typealias Lanes = SIMD8<Int16>
typealias Wide = SIMD8<Int32>

let half = 160
/// A row of 20 in vectors of eight, and 160 points behind which a vector may reach.
let rowRoom = 24
let pointRoom = 176

/// Memory for vectors too.
func zeroed(_ count: Int) -> UnsafeMutablePointer<Int32> {
  let vectors = filled((count + 7) / 8, Wide())
  return UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Int32.self)
}

func filled<Element>(_ count: Int, _ value: Element) -> UnsafeMutablePointer<Element> {
  let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
  memory.initialize(repeating: value, count: count)
  return memory
}

@inline(__always)
func magnitudes(_ value: Wide) -> SIMD8<UInt32> {
  SIMD8<UInt32>(truncatingIfNeeded: value ^ (value &>> Wide(repeating: 31)))
}

/// Leading zeros of the greatest.
@inline(__always)
func bits(_ peak: SIMD8<UInt32>) -> Int {
  var all: UInt32 = 0
  for lane in 0..<8 { all |= peak[lane] }
  return all.leadingZeroBitCount
}

/// To the right, or to the left if negative.
@inline(__always)
func shifted(_ value: Wide, _ shift: Int) -> Wide {
  let amount = Wide(repeating: Int32(truncatingIfNeeded: shift < 0 ? min(31, -shift) : min(31, shift)))
  return shift < 0 ? value &<< amount : value &>> amount
}

@inline(__always)
func short(_ value: Wide, _ shift: Int) -> Lanes { Lanes(truncatingIfNeeded: shifted(value, shift)) }

@inline(__always)
func sum(_ a: (Wide, Wide), _ b: (Wide, Wide)) -> (Wide, Wide) { (a.0 &+ b.0, a.1 &+ b.1) }

@inline(__always)
func gap(_ a: (Wide, Wide), _ b: (Wide, Wide)) -> (Wide, Wide) { (a.0 &- b.0, a.1 &- b.1) }

/// Four transforms' points of four.
@inline(__always)
func fours(_ a: (Wide, Wide), _ b: (Wide, Wide), _ c: (Wide, Wide), _ d: (Wide, Wide)) -> (
  (Wide, Wide), (Wide, Wide), (Wide, Wide), (Wide, Wide)
) {
  let (even, other, oneGap, cross) = (sum(a, c), sum(b, d), gap(a, c), gap(b, d))
  return (
    sum(even, other), (oneGap.0 &+ cross.1, oneGap.1 &- cross.0), gap(even, other),
    (oneGap.0 &- cross.1, oneGap.1 &+ cross.0)
  )
}

/// Times the root of a half: 1 - 1/4 - 1/32 - 1/128 - 1/256 + 1/16384 + 1/65536.
@inline(__always)
func rootHalf(_ value: Wide) -> Wide {
  let less =
    (value &>> Wide(repeating: 2)) &+ (value &>> Wide(repeating: 5)) &+ (value &>> Wide(repeating: 7))
    &+ (value &>> Wide(repeating: 8))
  return value &- less &+ (value &>> Wide(repeating: 14)) &+ (value &>> Wide(repeating: 16))
}

/// What the real or the imaginary parts of five points give to those of their transform, Q14.
@inline(__always)
func five(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes, _ e: Lanes) -> (
  sum: Wide, first: Wide, second: Wide, firstCross: Wide, secondCross: Wide
) {
  let whole = Wide(truncatingIfNeeded: a) &<< Wide(repeating: 14)
  let outer = Wide(truncatingIfNeeded: b &+ e)
  let inner = Wide(truncatingIfNeeded: c &+ d)
  let outerGap = Wide(truncatingIfNeeded: b &- e)
  let innerGap = Wide(truncatingIfNeeded: c &- d)
  // cos and sin of a fifth and two fifths of a turn.
  let (cosineOne, cosineTwo) = (Wide(repeating: 5_063), Wide(repeating: -13_255))
  let (sineOne, sineTwo) = (Wide(repeating: 15_582), Wide(repeating: 9_630))
  return (
    whole &+ ((outer &+ inner) &<< Wide(repeating: 14)),
    whole &+ outer &* cosineOne &+ inner &* cosineTwo,
    whole &+ outer &* cosineTwo &+ inner &* cosineOne,
    outerGap &* sineOne &+ innerGap &* sineTwo, outerGap &* sineTwo &- innerGap &* sineOne
  )
}

@inline(__always)
func turned(_ real: Int32, _ imaginary: Int32, _ twiddle: UnsafePointer<Int32>) -> (
  real: Int32, imaginary: Int32
) {
  let cosine = Int64(twiddle[0])
  let sine = Int64(twiddle[1])
  let real = Int64(real)
  let imaginary = Int64(imaginary)
  return (
    Int32(truncatingIfNeeded: (real &* cosine &- imaginary &* sine) >> 30),
    Int32(truncatingIfNeeded: (real &* sine &+ imaginary &* cosine) >> 30)
  )
}
