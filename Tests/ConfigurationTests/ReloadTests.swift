import Testing

@testable import Configuration

@Suite("Reloading")
struct ReloadTests {
  @Test("what is looked at when it is needed is taken over, the rest needs a restart")
  func both() throws {
    var settings = try parse("[audio]\nvolume = 10\ncapture = hw:0\n[door]\noutput = lock\n")
    let result = settings.reload(
      try parse(
        "[audio]\nvolume = 20\ncapture = hw:1\n[door]\noutput = lock\npulse-ms = 500\ndtmf-code = 1234\n"))
    #expect(result.applied == ["[audio] volume", "[door] pulse-ms", "[door] dtmf-code"])
    #expect(result.needsRestart == ["[audio] capture"])
    #expect(settings.audio.volumePercent == 20 && settings.audio.capture == "hw:0")
    #expect(settings.door.pulseMilliseconds == 500 && settings.door.code == "1234")
  }

  @Test("a value that is taken back is unset")
  func unset() throws {
    var settings = try parse("[token]\nfile = /t\n")
    #expect(settings.reload(Settings()).applied == ["[token] file"])
    #expect(settings.token.file == nil)
  }

  @Test("the same again changes nothing")
  func same() throws {
    var settings = try parse("[door]\ndtmf-code = 1234\n")
    #expect(settings.reload(settings) == ReloadResult())
  }

  @Test("what anybody may read has no code in it")
  func secrets() throws {
    let text = try parse("[door]\ndtmf-code = 90210\n[control]\nadmin-group = ops\n").publicText
    #expect(!text.contains("90210") && text.contains("admin-group = ops"))
  }

  @Test(
    "where figures are served has to be an address with a port",
    arguments: [
      ("127.0.0.1:9464", true), ("[::1]:9464", true), ("9464", false), ("127.0.0.1", false),
      ("localhost:1", false),
      ("127.0.0.1:0", false), ("127.0.0.1:65536", false), ("::1:80", false), ("127.0.0.1:", false),
    ])
  func listen(text: String, isLegal: Bool) {
    #expect(((try? parse("[metrics]\nlisten = \(text)\n")) != nil) == isLegal)
  }
}
