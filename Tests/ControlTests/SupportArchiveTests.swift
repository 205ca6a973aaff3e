import Testing

@testable import Control

@Suite("The archive for the maker")
struct SupportArchiveTests {
  private func clean(_ line: String, _ secrets: [String] = []) -> String {
    text(Scrubber(secrets).clean(bytes(line)))
  }

  @Test(
    "secrets are taken out, the rest stays",
    arguments: [
      ("code 4711 and 47112", "code *** and ***2"), ("a:hun\"ter2 b", "a:*** b"),
      ("a:hun\\\"ter2\"", "a:***\""),
      ("longer secret!", "longer ***"), ("secrets", "***s"),
      ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.sig-_9 end", "token *** end"),
      ("eyJ is short", "eyJ is short"),
      ("Authorization: Bearer abcdefgh12345\r\n", "Authorization: Bearer ***\r\n"),
      ("Bearer of news", "Bearer of news"),
      ("BASIC dXNlcjpwYXNz", "BASIC ***"),
      ("https://u:p@h/x?key=1&b=2 next", "https://***@h/x?*** next"), ("why? because", "why? because"),
      ("wss://rooms.example.org:7880/rtc", "wss://rooms.example.org:7880/rtc"),
      ("sip:anna@example.org", "sip:anna@example.org"), ("", ""),
      ("wss://@h/x ://@", "wss://@h/x ://@"),
    ] as [(String, String)])
  func table(line: String, cleaned: String) {
    #expect(clean(line, ["4711", "hun\"ter2", "secret", "secret!", "abc", ""]) == cleaned)
  }

  private func names(_ tar: [UInt8]) -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    var offset = 0
    while tar[offset] != 0 {
      let name = text(Array(tar[offset..<(offset + 100)].prefix { $0 != 0 }))
      var size = 0
      for digit in tar[(offset + 124)..<(offset + 135)] { size = size * 8 + Int(digit - 0x30) }
      found[name] = Array(tar[(offset + 512)..<(offset + 512 + size)])
      offset += 512 + (size + 511) / 512 * 512
    }
    #expect(tar.count == offset + 1024)
    return found
  }

  private func archive(_ secrets: [String] = []) -> SupportArchive {
    SupportArchive(folder: "lintel-support", unixSeconds: 1_800_000_000, scrubber: Scrubber(secrets))
  }

  @Test("texts of any length come out as they went in", arguments: [0, 1, 511, 512, 513, 4000])
  func texts(count: Int) {
    var archive = archive()
    archive.add("a.txt", [UInt8](repeating: 0x61, count: count))
    archive.add("b.txt", bytes("b"))
    let found = names(archive.tar)
    #expect(found["lintel-support/a.txt"]?.count == count)
    #expect(found["lintel-support/b.txt"] == bytes("b"))
  }

  @Test("a long text keeps its end, a full archive says so, and both are bounded")
  func bounds() {
    var archive = archive(["topsecret"])
    var long: [UInt8] = []
    while long.count < 3 << 19 { long += bytes("a line with topsecret in it\n") }
    archive.add("long.txt", long)
    for index in 0..<5 { archive.add("\(index).txt", [UInt8](repeating: 0x61, count: 1 << 20)) }
    let tar = archive.tar
    #expect(tar.count <= SupportArchive.bytesMax)
    let found = names(tar)
    let kept = text(found["lintel-support/long.txt"] ?? [])
    #expect(kept.utf8.count <= SupportArchive.textBytesMax)
    #expect(kept.hasPrefix("(the beginning was left out)\na line with *** in it\n"))
    #expect(found["lintel-support/4.txt"].map { text($0) } == "(left out: the archive is full)\n")
  }
}
