import Base

/// A UTC calendar time of the proleptic Gregorian calendar, for messages to people.
struct CalendarTime: Equatable {
  let year: Int
  let month: Int
  let day: Int
  let secondOfDay: Int

  /// Seconds since 1970-01-01 00:00 UTC, kept within the years 1 to 9999, since a token may claim any number.
  init(_ seconds: Int64) {
    let bounded = min(max(seconds, -62_135_596_800), 253_402_300_799)
    var days = Int(bounded / 86_400)
    var rest = Int(bounded % 86_400)
    if rest < 0 {
      rest += 86_400
      days -= 1
    }
    secondOfDay = rest
    // Counting years from 1 March puts the leap day last, so that the months follow one linear rule.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// `2026-11-20 10:15:00 UTC`
  var text: String {
    "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) \(padded(secondOfDay / 3600, 2)):"
      + "\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2)) UTC"
  }

  private func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
