import Base
import Testing

@Suite("What people paste")
struct PastedTests {
  private func fault(_ bytes: [UInt8]) -> PastedFault? {
    do throws(PastedFault) { _ = try pastedSecret(bytes) } catch { return error }
    return nil
  }

  @Test(
    "keeps its meaning",
    arguments: [
      ("abc", "abc"), ("\u{FEFF}abc\r\n", "abc"), ("  abc\t\n\n", "abc"), ("\"abc\"", "abc"),
      ("'abc'\n", "abc"),
      ("Bearer abc", "abc"), ("bearer\tabc\n", "abc"), ("Authorization: Bearer abc", "abc"),
      ("authorization:abc", "abc"), ("\"Bearer abc\"", "abc"), ("\"'abc'\"", "abc"),
      ("Bearer \"abc\"", "abc"),
      ("\u{FEFF}\u{FEFF} abc\u{A0}\u{200B}", "abc"), ("\u{A0}abc", "abc"),
      // What looks like one of these and is a secret.
      ("bearer-7", "bearer-7"), ("authorization", "authorization"), ("a\"b", "a\"b"),
      ("100%", "100%"), ("%s%n%41", "%s%n%41"), ("a=b==", "a=b=="), ("\"", "\""), ("schlüssel", "schlüssel"),
      ("a;b#c", "a;b#c"), ("\u{5C}n", "\u{5C}n"),
    ])
  func kept(text: String, secret: String) throws {
    #expect(try pastedSecret(Array(text.utf8)) == secret)
  }

  @Test(
    "or is refused",
    arguments: [
      ("", .empty), (" \n", .empty), ("\u{FEFF}", .empty), ("\"\"", .empty), ("Bearer", .empty),
      ("Bearer \u{A0}", .empty), ("abc\ndef", .severalLines(line: 2)),
      ("\n\nabc\r\n\r\ndef", .severalLines(line: 4)), ("abc\rdef", .severalLines(line: 2)),
      ("abc def", .blankInside), ("abc\u{7F}d", .blankInside), ("abc\u{0}d", .notText),
    ] as [(String, PastedFault)])
  func refused(text: String, expected: PastedFault) {
    #expect(fault(Array(text.utf8)) == expected)
  }

  @Test("as other encodings are")
  func encodings() {
    #expect(fault([0xFF, 0xFE, 0x61, 0x00]) == .notText)
    #expect(fault([0xFE, 0xFF, 0x00, 0x61]) == .notText)
    #expect(fault([0x61, 0xE9, 0x62]) == .notText)
  }

  @Test("and no word of it is shown")
  func words() {
    for fault in [PastedFault.empty, .notText, .severalLines(line: 2), .blankInside] {
      #expect(!fault.words.contains("abc"))
    }
    #expect(PastedFault.severalLines(line: 3).words.contains("line 3"))
  }
}
