import Base

/// Virtual time, what is to happen in it, and what is remembered of it. Nothing here looks at a real clock.
final class Clockwork {
  private(set) var now = Instant(microseconds: 1_000_000)
  let random: SeededRandom
  /// FNV-1a over everything that was noted: two runs are the same if this is.
  private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
  var isTracing = false
  /// The newest lines, for a report of a broken invariant.
  private(set) var lines: [String] = []
  private var heap: [Happening] = []
  private var order: UInt64 = 0

  struct Happening {
    var at: Instant
    var order: UInt64
    var act: () -> Void

    func isBefore(_ other: Happening) -> Bool { at == other.at ? order < other.order : at < other.at }
  }

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  func after(_ milliseconds: Int, _ act: @escaping () -> Void) {
    at(now.advanced(byMilliseconds: max(0, milliseconds)), act)
  }

  func at(_ instant: Instant, _ act: @escaping () -> Void) {
    order += 1
    heap.append(Happening(at: max(instant, now), order: order, act: act))
    var index = heap.count - 1
    while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Does what is next, unless that is after `end`.
  func turn(until end: Instant) -> Bool {
    guard let first = heap.first, first.at <= end else {
      now = end
      return false
    }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    now = max(now, first.at)
    first.act()
    return true
  }

  private func sink() {
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count {
        if heap[child].isBefore(heap[least]) { least = child }
      }
      guard least != index else { return }
      heap.swapAt(index, least)
      index = least
    }
  }

  // MARK: - Chance

  func draw(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + random.next(below: range.upperBound - range.lowerBound + 1)
  }
  func chance(_ percent: Int) -> Bool { random.next(below: 100) < percent }

  // MARK: - What is remembered

  func mix(_ number: Int64) {
    digest = (digest ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
  }

  /// One line of the time line. Who did it comes first.
  func note(_ who: String, _ what: String) {
    mix(now.microseconds)
    for byte in who.utf8 { mix(Int64(byte)) }
    for byte in what.utf8 { mix(Int64(byte)) }
    let line = stamp + " " + padded(who, 11) + what
    if isTracing { print(line) }
    lines.append(line)
    if lines.count > 400 { lines.removeFirst(200) }
  }

  var stamp: String {
    let milliseconds = now.microseconds / 1000 - 1000
    let seconds = milliseconds / 1000
    return two(seconds / 3600) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60) + "."
      + String(1000 + milliseconds % 1000).suffix(3)
  }

  private func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

func padded(_ text: String, _ width: Int) -> String {
  var text = text
  while text.utf8.count < width { text += " " }
  return text
}
