import Base

/// A duration as a person says it: the two largest units.
func durationText(seconds: Int64) -> String {
  let seconds = max(0, seconds)
  if seconds < 60 { return "\(seconds) s" }
  if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
  if seconds < 86_400 { return "\(seconds / 3600) h \(seconds / 60 % 60) min" }
  return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
}

/// A whole number or one decimal, whatever the JSON held; nil for no number.
func decimalText(_ value: JSONValue) -> String? {
  switch value {
  case .integer(let number): return "\(number)"
  case .real(let number):
    guard number.magnitude < 1e12 else { return nil }
    let tenths = Int64(number * 10 + (number < 0 ? -0.5 : 0.5))
    return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  default: return nil
  }
}

/// Kilobytes as megabytes with one decimal, from 1 MB up.
func memoryText(kilobytes: Int64) -> String {
  let kilobytes = max(0, kilobytes)
  guard kilobytes >= 1024 else { return "\(kilobytes) kB" }
  return "\(kilobytes / 1024).\(kilobytes % 1024 * 10 / 1024) MB"
}

/// The parts that are there, with commas between.
func listed(_ parts: [String?]) -> String {
  var text = ""
  for part in parts {
    guard let part, !part.utf8.isEmpty else { continue }
    text += (text.utf8.isEmpty ? "" : ", ") + part
  }
  return text
}

/// A text that is there and not empty, as the part of a sentence that `phrase` makes of it.
func named(_ value: JSONValue, _ phrase: (String) -> String) -> String? {
  guard let text = value.string, !text.utf8.isEmpty else { return nil }
  return phrase(text)
}
