import Base
import Testing

@Suite struct ScanTests {
  @Test(
    arguments: [
      ("0", 0), ("007", 7), ("2147483648", 2_147_483_648), ("18446744073709551615", .max),
    ] as [(String, UInt64)])
  func decimalsAreRead(text: String, number: UInt64) {
    #expect(decimal(text.utf8, max: .max) == number)
  }

  @Test(arguments: [
    "", "-1", "+1", " 1", "1 ", "1.0", "0x10", "18446744073709551616", "99999999999999999999999999", "٣",
  ])
  func nothingElseIsANumber(text: String) {
    #expect(decimal(text.utf8, max: .max) == nil)
    #expect(decimal(text.utf8) as Int? == nil)
  }

  @Test func theBoundIsInclusive() {
    #expect(decimal("255".utf8, max: 255) == 255)
    #expect(decimal("256".utf8, max: 255) == nil)
    #expect(decimal("\(Int.max)".utf8) == Int.max)
    #expect(decimal("\(UInt64(Int.max) + 1)".utf8) as Int? == nil)
  }

  @Test(
    arguments: [
      ("1", 1), ("65535", 65_535), ("07880", 7_880), ("0", nil), ("65536", nil), ("000080", nil), ("", nil),
      ("80a", nil),
    ] as [(String, UInt16?)])
  func ports(text: String, port: UInt16?) {
    #expect(portNumber(text.utf8) == port)
  }

  @Test(arguments: [("", ""), (" \r\n\t", ""), ("a", "a"), ("\t a b \r\n", "a b"), ("\u{0}x\u{1F}", "x")])
  func blanksAtBothEndsGo(text: String, kept: String) {
    #expect(trimmed(Array(text.utf8)).elementsEqual(kept.utf8))
    #expect(trimmed(text.utf8).elementsEqual(kept.utf8))
  }

  @Test func onlyWhatIsSaidIsBlank() {
    #expect(trimmed(Array("\t a ".utf8), { $0 == 0x20 }).elementsEqual("\t a".utf8))
  }

  @Test func zerosComeBefore() {
    #expect([padded(7, 3), padded(1234, 3), padded(0, 1)] == ["007", "1234", "0"])
  }

  @Test func lettersInAnyCase() {
    #expect(equalsIgnoringCase("Content-LENGTH", "content-length"))
    #expect(!equalsIgnoringCase("Ä", "ä") && !equalsIgnoringCase("ab", "a"))
  }
}

@Suite struct CalendarTests {
  @Test(
    arguments: [
      (0, "1970-01-01 00:00:00 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
      (951_782_399, "2000-02-28 23:59:59 UTC"), (951_782_400, "2000-02-29 00:00:00 UTC"),
      (1_709_251_200, "2024-03-01 00:00:00 UTC"), (2_147_483_648, "2038-01-19 03:14:08 UTC"),
      (4_107_542_400, "2100-03-01 00:00:00 UTC"), (.max, "9999-12-31 23:59:59 UTC"),
      (.min, "0001-01-01 00:00:00 UTC"),
    ] as [(Int64, String)])
  func textOfSeconds(seconds: Int64, text: String) {
    #expect(CalendarTime(seconds).text == text)
  }

  @Test func everyDayOfEightCenturiesComesBack() {
    for day in Int64(-719_162)..<Int64(-719_162 + 292_194) {
      let time = CalendarTime(day * 86_400 + 86_399)
      #expect(time.unixSeconds == day * 86_400 + 86_399)
    }
  }

  @Test(
    arguments: [
      [2023, 2, 29, 0, 0, 0], [2024, 4, 31, 0, 0, 0], [1900, 2, 29, 0, 0, 0], [2024, 13, 1, 0, 0, 0],
      [2024, 0, 1, 0, 0, 0], [2024, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0], [2024, 1, 1, 24, 0, 0],
      [2024, 1, 1, 0, 60, 0], [2024, 1, 1, 0, 0, 61],
    ])
  func noCalendarHasIt(parts: [Int]) {
    let time = CalendarTime(
      year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4], second: parts[5])
    #expect(time == nil)
  }

  @Test func leapDaysAndSeconds() {
    #expect(
      CalendarTime(year: 2000, month: 2, day: 29, hour: 0, minute: 0, second: 0)?.unixSeconds == 951_782_400)
    #expect(
      CalendarTime(year: 2016, month: 12, day: 31, hour: 23, minute: 59, second: 60)?.text
        == "2017-01-01 00:00:00 UTC")
  }
}
