import Base

/// RFC 3339 in UTC with milliseconds: `2026-11-20T10:24:38.123Z`. Times outside of the years 1970 to 9999 become the
/// nearest that can be written.
public func utcText(unixMilliseconds: Int64) -> String {
  let clamped = max(0, min(unixMilliseconds, 253_402_300_799_999))
  let days = Int(clamped / 86_400_000)
  let inDay = Int(clamped % 86_400_000)
  let (year, month, day) = civilDate(daysSince1970: days)
  let clock =
    padded(inDay / 3_600_000, 2) + ":" + padded(inDay / 60_000 % 60, 2) + ":" + padded(inDay / 1000 % 60, 2)
  return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T" + clock + "."
    + padded(inDay % 1000, 3) + "Z"
}

/// The Gregorian date. A year is counted from March, so that the leap day is its last; 400 years have 146097 days.
private func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
  let sinceEra = days + 719_468  // Days from 0000-03-01 to 1970-01-01.
  let era = sinceEra / 146_097
  let dayOfEra = sinceEra % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let monthFromMarch = (5 * dayOfYear + 2) / 153
  let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
  let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
}

private func padded(_ number: Int, _ digits: Int) -> String {
  let text = "\(number)"
  var zeros = ""
  for _ in text.utf8.count..<max(digits, text.utf8.count) { zeros += "0" }
  return zeros + text
}
