/// A UTC time of the proleptic Gregorian calendar: what people, RFC 3339 and HTTP mean by a date.
public struct CalendarTime: Equatable, Sendable {
  public let year: Int
  public let month: Int
  public let day: Int
  public let secondOfDay: Int

  /// Seconds since 1970-01-01 00:00 UTC, kept within the years 1 to 9999, since a token may claim any number.
  public init(_ seconds: Int64) {
    let bounded = min(max(seconds, -62_135_596_800), 253_402_300_799)
    var days = Int(bounded / 86_400)
    var rest = Int(bounded % 86_400)
    if rest < 0 {
      rest += 86_400
      days -= 1
    }
    secondOfDay = rest
    // Counting years from 1 March puts the leap day last, so that the months follow one linear rule.
    let shifted = days + Self.daysBefore1970
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// nil for what no calendar of the years 1 to 9999 has. A leap second is the first one of the next minute.
  public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
      (0..<24).contains(hour), (0..<60).contains(minute), (0...60).contains(second)
    else { return nil }
    let days = Self.days(year, month, day)
    // The rule runs on beyond the end of a month; such a day comes back as another one.
    guard CalendarTime(Int64(days) * 86_400).day == day else { return nil }
    self.init(Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second))
  }

  /// Seconds since 1970-01-01 00:00 UTC.
  public var unixSeconds: Int64 { Int64(Self.days(year, month, day)) * 86_400 + Int64(secondOfDay) }

  /// `2026-11-20`
  public var dateText: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

  /// `10:15:00`
  public var clockText: String {
    "\(padded(secondOfDay / 3600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
  }

  /// `2026-11-20 10:15:00 UTC`
  public var text: String { "\(dateText) \(clockText) UTC" }

  /// Days since 1970-01-01, by the inverse of the rule above.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = month > 2 ? month - 3 : month + 9
    let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
    return 365 * marchYear + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - daysBefore1970
  }

  /// Days from 0000-03-01 to 1970-01-01.
  private static let daysBefore1970 = 719_468
}
