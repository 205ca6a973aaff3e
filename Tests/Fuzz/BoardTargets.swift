import Board

/// Records of an input device, cut at a place that the input chooses: the same keys as in one piece, and none but those
/// of a telephone.
func fuzzKeypad(_ bytes: [UInt8]) {
  let cut = bytes.first.map { min(Int($0), bytes.count) } ?? 0
  var whole = KeyEvents()
  var parts = KeyEvents()
  let keys = whole.take(bytes[...])
  precondition(parts.take(bytes[..<cut]) + parts.take(bytes[cut...]) == keys, "the cut changes the keys")
  for key in keys {
    if case .telephone(let digit) = key { precondition("0123456789*#".utf8.contains(digit), "no such key") }
  }
  _ = parts.end()
  precondition(parts.end() == nil, "the button is let go twice")
}
