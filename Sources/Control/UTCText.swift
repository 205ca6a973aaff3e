import Base

/// RFC 3339 in UTC with milliseconds: `2026-11-20T10:24:38.123Z`. Times outside of the years 1970 to 9999 become the
/// nearest that can be written.
public func utcText(unixMilliseconds: Int64) -> String {
  let clamped = max(0, min(unixMilliseconds, 253_402_300_799_999))
  let time = CalendarTime(clamped / 1000)
  return "\(time.dateText)T\(time.clockText).\(padded(Int(clamped % 1000), 3))Z"
}
