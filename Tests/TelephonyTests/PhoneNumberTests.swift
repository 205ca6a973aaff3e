import Testing

@testable import Telephony

@Suite struct PhoneNumberTests {
  @Test(
    arguments: [
      ("+15550123", .international, "+15550123"), (" +1 (555) 012-3456 ", .international, "+15550123456"),
      ("+49.30.1234567", .international, "+49301234567"), ("101", .local, "101"),
      ("030 123-456", .local, "030123456"), ("*67", .local, "*67"), ("concierge", .user, "concierge"),
      ("front-desk.1", .user, "front-desk.1"), ("\u{FEFF}+15550123\n", .international, "+15550123"),
    ] as [(String, PhoneNumber.Form, String)])
  func isRead(written: String, form: PhoneNumber.Form, text: String) throws {
    let number = try PhoneNumber(written)
    #expect(number.form == form && number.text == text)
  }

  @Test(
    arguments: [
      ("", .empty), ("  ", .empty), ("+", .noDigits), ("-()", .noDigits), ("anna@example.org", .atSign),
      ("+1555CALL", .letters), ("555-CALL", .letters), ("☎️ 555", .notASCII), ("+1555😀", .notASCII),
      (String(repeating: "1", count: 200), .tooLong(digits: 200, max: 32)),
      ("+" + String(repeating: "1", count: 16), .tooLong(digits: 16, max: 15)),
      ("+0155501", .countryCodeZero),
      ("+1#5", .character(0x23)), ("1;2", .character(0x3B)), ("front desk", .character(0x20)),
      (String(repeating: "a", count: 65), .userTooLong), ("++1", .character(0x2B)),
      ("+1*2", .character(0x2A)),
    ] as [(String, PhoneNumberFault)])
  func isRefused(written: String, fault: PhoneNumberFault) {
    do throws(PhoneNumberFault) {
      let number = try PhoneNumber(written)
      Issue.record("taken as \(number.text)")
    } catch {
      #expect(error == fault)
      #expect(!error.words.isEmpty && error.words.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
  }

  @Test(
    arguments: [
      ("0049301234567", "in place of 00"), ("01149301234567", "in place of 011"),
      ("0301234567", "in place of the first 0"), ("5550123", "country code"), ("101", nil),
      ("+15550123", nil),
      ("concierge", nil),
    ] as [(String, String?)])
  func hints(written: String, hint: String?) throws {
    let found = try PhoneNumber(written).hint
    #expect(hint == nil ? found == nil : found?.contains(hint ?? "") == true, "\(found ?? "none")")
  }

  @Test(
    arguments: [
      ("+15550101", "15550101"), ("15550101", "15550101"), ("+49 30 1234567", "49301234567"),
      ("0301234567", nil),
      ("0049301234567", nil), ("101", nil), ("concierge", nil), ("*67", nil),
    ] as [(String, String?)])
  func forWhatsApp(written: String, digits: String?) throws {
    #expect((try? PhoneNumber(written).whatsApp()) == digits)
  }
}
