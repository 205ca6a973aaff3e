/// `text` for a terminal: what would move the cursor, change colours or turn the direction of writing becomes a dot.
/// Names and reasons come from a room that anybody may join.
public func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
      result += "."
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
