import Testing

@testable import Configuration

@Suite("Who is allowed")
struct AllowRulesTests {
  @Test(
    "rules",
    arguments: [
      ("nobody", "agent", "a", false), ("agent", "agent", "a", true), ("agent", "sip", "a", false),
      ("any", "standard", "", true), ("any:boss", "standard", "boss", true),
      ("any:boss", "sip", "bos", false),
      ("sip:desk-*", "sip", "desk-1", true), ("sip:desk-*", "sip", "desk", false),
      ("sip:desk-*", "agent", "desk-1", false), ("sip:*-1", "sip", "a-1-1", true),
      ("sip:*a*b", "sip", "xxaxxbxb", true), ("sip:*a*b", "sip", "xxbxa", false),
      ("sip:a:b", "sip", "a:b", true), ("agent, sip", "sip", "x", true), ("server", "server", "", true),
      ("any", "unknown", "x", false), ("any", "hidden", "", false),
      ("any:*", "hidden", "", false), ("hidden", "hidden", "", true), ("server", "hidden", "", false),
      ("standard:Front Desk", "standard", "Front Desk", true),
      ("standard:Front Desk", "standard", "FrontDesk", false),
      (" sip : a b\t, agent ", "sip", "a b", true), (" sip : a b, agent ", "agent", "x", true),
      ("agent:caf\u{E9}", "agent", "caf\u{E9}", true), ("agent:caf\u{E9}", "agent", "cafe\u{301}", false),
      ("agent:Kiosk", "agent", "\u{212A}iosk", false),
      ("standard", "unknown", "x", false), ("sip:A", "sip", "a", false),
    ])
  func rules(text: String, kind: String, identity: String, allowed: Bool) throws {
    #expect(try AllowRules(parsing: text).allow(kind: kind, identity: identity) == allowed)
  }

  @Test("many stars cost no more than text times pattern")
  func stars() throws {
    let pattern = "sip:" + String(repeating: "a*", count: 100) + "b"
    let rules = try AllowRules(parsing: pattern)
    #expect(!rules.allow(kind: "sip", identity: String(repeating: "a", count: 10_000)))
  }

  @Test("a code that was mistyped is not repeated")
  func secret() {
    #expect(throws: ConfigurationFailure.self) { _ = try parse("[door]\ndtmf-code = 12x4") }
    do throws(ConfigurationFailure) {
      _ = try Settings.parse(files: [("c", "[door]\ndtmf-code = 12x4")])
    } catch {
      #expect(!error.description.contains("12x4") && error.description.contains("'***' is no code"))
    }
  }
}
