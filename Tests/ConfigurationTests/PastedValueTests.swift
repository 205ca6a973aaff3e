import Base
import Testing

@testable import Configuration

@Suite("What people paste into a configuration")
struct PastedValueTests {
  @Test(
    "values keep their meaning",
    arguments: [
      ("token", "url", "\"wss://h\"", "wss://h"), ("token", "url", "'wss://h'", "wss://h"),
      ("token", "url", "WSS://Rooms.Example/x", "wss://Rooms.Example/x"),
      ("token", "url", "\u{FEFF}wss://h\u{A0}", "wss://h"),
      ("token", "endpoint", "HTTPS://h/api?code=a%2Bb==&x=1", "https://h/api?code=a%2Bb==&x=1"),
      ("token", "endpoint", "https://h/100%25", "https://h/100%25"),
      ("audio", "volume", "\"50\"", "50"), ("audio", "aec", "'off'", "off"),
      ("audio", "dtx", "\"auto\"", "auto"), ("device", "id", "\u{200B}door-1\u{200B}", "door-1"),
      ("session", "room", "\"front door\"", "front door"), ("session", "room", "100% hall", "100% hall"),
      ("session", "room", "it's \"here\"", "it's \"here\""),
      ("session", "agent-metadata", "\"a text\"", "\"a text\""),
      ("simulated", "microphone", "\"/a b.wav\"", "/a b.wav"), ("door", "dtmf-code", "\"1234\"", "1234"),
      ("door", "rpc-allow", "standard:Front Desk", "standard:Front Desk"),
      ("door", "rpc-allow", "standard:\"Front Desk\" , agent : x", "standard:Front Desk, agent:x"),
      ("door", "rpc-allow", "sip:a  b*", "sip:a  b*"),
    ])
  func kept(section: String, name: String, value: String, kept: String) throws {
    let settings = try parse("[\(section)]\n\(name) = \(value)\n")
    let key = try #require(Keys.of(section: section).first { $0.name == name })
    #expect(key.value(in: settings) == kept)
  }

  @Test("a blank in an identity is part of it")
  func identities() throws {
    let rules = try AllowRules(parsing: "standard:Front Desk")
    #expect(rules.allow(kind: "standard", identity: "Front Desk"))
    #expect(!rules.allow(kind: "standard", identity: "FrontDesk"))
  }

  @Test("lines of other systems, byte order marks in the middle, blanks of web pages")
  func lines() throws {
    let text = "[audio]\rvolume = 3\r\r\u{FEFF}[door]\r\u{A0}\u{A0}output = lock\r"
    #expect(try parse(text).audio.volumePercent == 3)
    #expect(try parse(text).door.output == "lock")
    #expect(sentences("[audio]\r\rvolume = x\r").hasPrefix("c:3: "))
    #expect(sentences("[audio]\r\n\n\rvolume = x").hasPrefix("c:4: "))
  }

  @Test(
    "no sentence repeats a secret",
    arguments: [
      "[token]\nurl = wss://h?access_token=SECRET\n", "[token]\nurl = wss://key:SECRET@h\n",
      "[token]\nurl = eyJSECRET.eyJSECRET.SECRET\n", "[token]\nendpoint = ftp://h/x?code=SECRET\n",
      "[token]\nendpoint = https://h/x?code=SECRET # prod\n", "[token]\nSECRET\n", "[door]\nSECRET\n",
      "[audio]\neyJSECRET.SECRET\n", "[door]\ndtmf-code = SECRET\n", "[session]\nmode = eyJSECRET\n",
    ])
  func secrets(text: String) {
    let words = sentences(text)
    #expect(!words.contains("SECRET"), "\(words)")
    #expect(words.hasPrefix("c:2: "))
  }

  @Test("what is shown of an address is what finds it")
  func shown() {
    #expect(withoutSecrets("https://h:8443/a/b?code=1&x=2") == "https://h:8443/a/b?***")
    #expect(withoutSecrets("is it?") == "is it?")
    #expect(withoutSecrets("wss://u:p@h/x") == "wss://***@h/x")
    #expect(withoutSecrets("Bearer eyJhbGciOi.J9_-x== end") == "Bearer *** end")
    #expect(withoutSecrets("sip:a@b") == "sip:a@b")
  }

  @Test("whoever may see the settings sees no query")
  func publicText() throws {
    let text = try parse("[token]\nendpoint = https://h/x?code=SECRET\n").publicText
    #expect(text.contains("endpoint = https://h/x?***\n") && !text.contains("SECRET"))
  }
}
