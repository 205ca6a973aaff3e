import Base

/// Seconds since 1970 UTC of an HTTP date in its one form that servers still write,
/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7); nil for anything else.
public func httpDate(_ text: String) -> Int64? {
  let bytes = Array(text.utf8)
  guard bytes.count == 29, bytes[3] == UInt8(ascii: ","), bytes[16] == 0x20, bytes[19] == UInt8(ascii: ":"),
    bytes[22] == UInt8(ascii: ":"), bytes[25...].spells(" GMT"), let day = decimal(bytes[5..<7]),
    let month = month(bytes[8..<11]), let year = decimal(bytes[12..<16]), year >= 1970,
    let hour = decimal(bytes[17..<19]), let minute = decimal(bytes[20..<22]),
    let second = decimal(bytes[23..<25])
  else { return nil }
  let time = CalendarTime(
    year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  return time?.unixSeconds
}

private func month(_ name: ArraySlice<UInt8>) -> Int? {
  let names = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
  for month in 0..<12 where names[(3 * month)..<(3 * month + 3)].elementsEqual(name) { return month + 1 }
  return nil
}
