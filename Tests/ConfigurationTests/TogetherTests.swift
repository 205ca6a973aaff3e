import Testing

@testable import Configuration

@Suite("What only several keys together can get wrong")
struct TogetherTests {
  @Test(
    "the jitter buffer starts within its bounds",
    arguments: [("jitter-max-ms = 40", 40), ("jitter-min-ms = 100", 100), ("jitter-max-ms = 80", 60)])
  func jitterStart(text: String, milliseconds: Int) throws {
    #expect(try parse("[audio]\n\(text)\n").audio.jitterMilliseconds == milliseconds)
  }

  @Test(
    "or says which key is wrong",
    arguments: [
      (
        "jitter-max-ms = 40\njitter-ms = 60",
        "c:3: [audio] jitter-ms: '60' is not from jitter-min-ms to jitter-max-ms, 20 to 40; legal: 10 to 400 (ms)"
      ),
      (
        "jitter-min-ms = 200\njitter-max-ms = 100",
        "c:2: [audio] jitter-min-ms: '200' leaves nothing between the two; legal: 10 to 400 (ms)"
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
}
