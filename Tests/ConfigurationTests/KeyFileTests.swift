import Base
import Testing

@testable import Configuration

@Suite("Files of keys")
struct KeyFileTests {
  private func parsed(_ text: String) -> String {
    do throws(EndToEndSecret.Fault) {
      var words = ""
      for secret in try EndToEndSecret.parse(Array(text.utf8)) {
        words +=
          "[\(secret.owner?.text ?? "*") \(secret.index) \(String(decoding: secret.passphrase, as: UTF8.self))]"
      }
      return words
    } catch {
      return error.words
    }
  }

  @Test(
    arguments: [
      ("", ""), ("; a\n# b\n\n", ""), ("door = a", "[door 0 a]"),
      ("\u{FEFF}door = a b \r\nfront door #3 = \"c = d\"\r\n", "[door 0 a b][front door 3 c = d]"),
      ("* = a\n* #15 = b", "[* 0 a][* 15 b]"), ("a#3 = b", "[a#3 0 b]"), ("a # 3 = b", "[a # 3 0 b]"),
      ("a=b = c", "[a=b 0 c]"), ("a #3 = a\na #4 = a", "[a 3 a][a 4 a]"),
    ])
  func understood(text: String, words: String) { #expect(parsed(text) == words) }

  @Test(
    arguments: [
      ("door SECRET", 1, "is not IDENTITY = PASSPHRASE"), ("a = b\ndoor=SECRET", 2, "is not IDENTITY"),
      ("door =", 1, "is not IDENTITY"), (" = SECRET", 1, "is not IDENTITY"),
      ("door #16 = SECRET", 1, "is not IDENTITY"), ("a\u{7}b = SECRET", 1, "is not IDENTITY"),
      ("a = SECRET\n\nb = c\na = SECRET2", 4, "names a key that an earlier line has named"),
      ("* = SECRET\n* #0 = SECRET", 2, "names a key that an earlier line has named"),
    ])
  func refused(text: String, line: Int, why: String) {
    let words = parsed(text)
    #expect(words.hasPrefix("line \(line) \(why)") && !words.contains("SECRET"))
  }

  @Test func noMoreThanThereMayBe() {
    var text = ""
    for number in 0..<EndToEndSecret.countMax { text += "p\(number) = x\n" }
    #expect(!parsed(text).hasPrefix("line"))
    #expect(parsed(text + "one = x") == "line \(EndToEndSecret.countMax + 1) is one key too many")
  }

  @Test func otherKeysInTheSameFileAreNews() throws {
    var settings = try parse("[e2ee]\nmode = wanted\nkeys-file = /k\n")
    settings.encryption.secrets = [.init(owner: nil, index: 0, passphrase: [1])]
    var fresh = settings
    fresh.encryption.secrets = [.init(owner: nil, index: 0, passphrase: Array("xyzzy".utf8))]
    fresh.encryption.mode = .required
    let result = settings.reload(fresh)
    #expect(result.applied == ["[e2ee] mode", "[e2ee] keys"] && result.needsRestart.isEmpty)
    #expect(settings.encryption == fresh.encryption)
    #expect(!settings.publicText.contains("xyzzy") && settings.publicText.contains("mode = required"))
  }
}
