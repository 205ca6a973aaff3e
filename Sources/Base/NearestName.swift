/// The legal name that a mistyped one was probably meant to be, or nil if none is near enough to help.
///
/// Near means: at most a third of the letters (and at least one, at most three) were inserted, dropped, changed or
/// swapped with their neighbour; or one name begins with the other. The first of equally near names wins.
public func nearestName(to typed: String, among names: [String]) -> String? {
  let letters = Array(typed.utf8)
  // Nobody mistypes a name of this length; and the work below is the product of both lengths.
  guard !letters.isEmpty, letters.count <= 64 else { return nil }
  let tolerance = max(1, min(3, letters.count / 3))
  var best: (name: String, distance: Int)?
  for name in names {
    let candidate = Array(name.utf8)
    let distance = editDistance(letters, candidate)
    if distance <= tolerance, distance < best?.distance ?? Int.max { best = (name, distance) }
  }
  if let best { return best.name }
  guard letters.count >= 3 else { return nil }
  for name in names where Array(name.utf8).starts(with: letters) || typed.utf8.begins(with: name) {
    return name
  }
  return nil
}

/// Optimal string alignment: insertions, deletions, changes, and swaps of neighbours count one each.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for row in 0..<left.count {
    var current = [row + 1]
    current.reserveCapacity(right.count + 1)
    for column in 0..<right.count {
      let change = previous[column] + (left[row] == right[column] ? 0 : 1)
      var cost = min(change, min(previous[column + 1], current[column]) + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        cost = min(cost, beforePrevious[column - 1] + 1)
      }
      current.append(cost)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}
