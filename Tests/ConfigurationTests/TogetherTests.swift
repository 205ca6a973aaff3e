import Testing

@testable import Configuration

@Suite("What only several keys together can get wrong")
struct TogetherTests {
  @Test(
    "the jitter buffer starts within its bounds",
    arguments: [("jitter-max-ms = 30", 30), ("jitter-min-ms = 100", 100), ("jitter-max-ms = 80", 40)])
  func jitterStart(text: String, milliseconds: Int) throws {
    #expect(try parse("[audio]\n\(text)\n").audio.jitterMilliseconds == milliseconds)
  }

  @Test(
    "or says which key is wrong",
    arguments: [
      (
        "jitter-max-ms = 40\njitter-ms = 60",
        "c:3: [audio] jitter-ms: '60' is not from jitter-min-ms to jitter-max-ms, 5 to 40; legal: 10 to 400 (ms)"
      ),
      (
        "jitter-min-ms = 200\njitter-max-ms = 100",
        "c:2: [audio] jitter-min-ms: '200' leaves nothing between the two; legal: 5 to 400 (ms)"
      ),
    ])
  func jitterBounds(text: String, words: String) {
    #expect(sentences("[audio]\n\(text)\n") == words)
  }

  @Test("each line of the board has one use")
  func lines() throws {
    let words = sentences("[gpio]\nlock = 17\nbutton = 17 active-low\nmute = 18\n")
    #expect(words.hasPrefix("c:2: [gpio] lock: '17' is the line of button already; legal:"))
    _ = try parse("[gpio]\nlock = 17\nbutton = 18\n")
  }

  @Test("a device without a name of its own has the default, which may be taken back")
  func identity() throws {
    var defaults = Settings()
    defaults.device.defaultID = "lintel-0123abcd"
    let parsed = try Settings.parse(files: [("c", "[device]\nid = door-1\n")], defaults: defaults)
    #expect(parsed.device.id == "door-1" && parsed.device.ownID == "door-1")
    let unset = try Settings.parse(
      files: [("c", "[device]\nid = door-1\n"), ("d", "[device]\nid =\n")], defaults: defaults)
    #expect(unset.device.id == "lintel-0123abcd" && unset.device.ownID == nil)
  }

  @Test(
    "secrets leave the local network with TLS alone, unless told otherwise",
    arguments: [
      ("url = ws://rooms.example.org", "url"), ("url = http://192.0.2.7:7880", "url"),
      ("url = ws://[2001:db8::1]:7880/x", "url"),
      ("source = endpoint\nendpoint = http://tokens.example.org/t?code=SECRET", "endpoint"),
    ])
  func clearText(text: String, key: String) throws {
    let words = sentences("[token]\n\(text)\n")
    #expect(words.contains(" [token] \(key): '"))
    #expect(
      words.contains("' would have secrets sent in the clear; [network] require-tls = no allows it; legal:"))
    #expect(!words.contains("SECRET"))
    _ = try parse("[token]\n\(text)\n[network]\nrequire-tls = no\n")
  }

  @Test(
    "private hosts need none",
    arguments: [
      "url = ws://192.168.1.5:7880", "url = ws://rooms.lan", "url = ws://rooms:7880/x",
      "url = wss://rooms.example.org",
      "url = ws://[fd00::1]:7880", "url = ws://localhost:7880", "endpoint = http://tokens.example.org",
    ])
  func clearTextAtHome(text: String) throws { _ = try parse("[token]\n\(text)\n") }

  @Test("a password in a proxy's address is refused and not shown")
  func proxyPassword() {
    let words = sentences("[network]\nproxy = http://door:geheim@proxy.lan:3128\n")
    #expect(words.contains("has a password in it, which belongs into the file of proxy-password-file"))
    #expect(!words.contains("geheim"))
  }
}
