import Testing

@testable import Configuration

@Suite("The form of the text")
struct TextFormTests {
  @Test("CR LF, a byte order mark, no newline at the end, blanks around everything")
  func lineEnds() throws {
    let settings = try parse("\u{FEFF}[audio]\r\n  volume\t=  33  \r\n\r\n [device] \r\nid=x")
    #expect(settings.audio.volumePercent == 33)
    #expect(settings.device.id == "x")
  }

  @Test("lines are counted the same with CR LF and after a byte order mark")
  func lineNumbers() {
    #expect(sentences("\u{FEFF}# a\r\n\r\n[audio]\r\nvolume = x\r\n").hasPrefix("c:4: "))
  }

  @Test("comments: whole lines, after a value with a blank and a semicolon, after a section")
  func comments() throws {
    let settings = try parse(
      "; one\n# two\n   # three\n[token] ; four\nurl = ws://h ; five\n[control] # six\nsocket = /a;b\n")
    #expect(settings.token.url == "ws://h")
    #expect(settings.control.socket == "/a;b")
  }

  @Test("an indented line is a line of its own")
  func indented() throws {
    #expect(try parse("[audio]\nvolume = 1\n  complexity = 2").audio.complexity == 2)
    #expect(
      sentences("[audio]\ncapture = hw:0\n  and more").hasPrefix("c:3: [audio]: 'and more' is neither"))
  }

  @Test("a later file wins, key by key, and may take back")
  func merging() throws {
    let settings = try Settings.parse(files: [
      (name: "/e/lintel.conf", text: "[audio]\nvolume = 10\nfec = off\n[control]\ngroup = ops\n"),
      (name: "/e/lintel.conf.d/10-a.conf", text: "[audio]\nvolume = 20\n[token]\nfile = t\n"),
      (name: "/e/lintel.conf.d/20-b.conf", text: "[control]\ngroup =\n[audio]\nvolume = 30\n"),
    ])
    #expect(settings.audio.volumePercent == 30 && settings.audio.fec == false)
    #expect(settings.control.group == nil)
    #expect(settings.token.file == "/e/lintel.conf.d/t")
  }

  @Test("a section does not reach into the next file")
  func sectionEndsWithFile() {
    #expect(
      failure((name: "a", text: "[audio]\n"), (name: "b", text: "volume = 3\n")).description
        == "b:1: volume: stands before the first [section]")
  }

  @Test("a relative path with a file name without folder stays relative")
  func relative() throws {
    #expect(try parse("[token]\nfile = t", name: "lintel.conf").token.file == "t")
    #expect(try parse("[token]\nfile = t", name: "./a/lintel.conf").token.file == "./a/t")
  }

  @Test("a value of the longest line is whole, a longer line is refused")
  func longLines() throws {
    let url = "ws://" + String(repeating: "h", count: 2043)
    #expect(try parse("[token]\nurl = \(url)\n").token.url == url)
    #expect(sentences("[token]\nurl = " + String(repeating: "x", count: 5000)).contains("5006 bytes long"))
    #expect(sentences("[" + String(repeating: "x", count: 3000) + "]").contains("no such section"))
    #expect(sentences("[audio]\n" + String(repeating: "x", count: 3000) + " = 1").contains("no such key"))
  }

  @Test("a long comment is a comment up to the longest line")
  func longComment() throws {
    #expect(try parse("#" + String(repeating: "x", count: 4095)) == Settings())
  }

  @Test("a huge text is refused whole")
  func hugeText() {
    let text = String(repeating: "[audio]\n", count: 1 << 20)
    #expect(sentences(text) == "c: 8388608 bytes long; a configuration has at most 262144")
  }

  @Test("too many files are one mistake")
  func tooManyFiles() {
    let reader = ConfigurationReader()
    for index in 0..<200 { reader.read(name: "\(index)", text: "") }
    #expect(throws: ConfigurationFailure.self) { try reader.finish() }
    do throws(ConfigurationFailure) { _ = try reader.finish() } catch {
      #expect(error.description == "64: more than 64 files")
    }
  }

  @Test("bytes that are no text: zero, control characters, no UTF-8", arguments: [0, 1, 0x1B] as [UInt8])
  func controlCharacters(byte: UInt8) {
    let text = "[audio]\ncapture = a" + String(decoding: [byte], as: UTF8.self) + "b\n"
    #expect(sentences(text) == "c:2: not a text in UTF-8")
  }

  @Test("undecodable bytes are found where they stand")
  func noUTF8() {
    let text = String(decoding: Array("[device]\nid = ".utf8) + [0xFF, 0xFE], as: UTF8.self)
    #expect(sentences(text) == "c:2: not a text in UTF-8")
  }

  @Test("whatever is taken can be written out and read again unchanged")
  func everything() throws {
    let keys = [
      "room", "identity", "agent-metadata", "output", "dtmf-code", "rpc-allow", "endpoint", "device", "mixer",
      "microphone", "id", "volume", "button",
    ]
    let pieces = [
      "\"", "'", ";", " ", "#", "x", "\u{A0}", "\u{FEFF}", "=", ":", "[", "]", ",", "*", "sip", "agent:",
      "https://h/", "?", "\t", "12", "é", "-", "/",
    ]
    var state: UInt64 = 1
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var taken = 0
    for _ in 0..<4_000 {
      let name = keys[next(keys.count)]
      let key = try #require(Keys.all.first { $0.name == name })
      var value = ""
      for _ in 0..<next(6) { value += pieces[next(pieces.count)] }
      let line = "[\(key.section)]\n\(key.name) =\(value)\n"
      guard let settings = try? parse(line) else { continue }
      taken += 1
      #expect(try parse(settings.text) == settings, "\(line)")
    }
    #expect(taken > 500)
  }

  @Test("settings written out parse to the same")
  func roundTrip() throws {
    let settings = try parse(
      "[device]\nid=d\nboard=simulated\n[simulated]\nmicrophone=/a b\nloop=yes\n[audio]\ndtx=off\nfec=off\n"
        + "[token]\nurl=wss://h\nfile=/t\n[session]\nmode=always-on\n[network]\ninclude-loopback=yes\n")
    #expect(settings != Settings())
    #expect(try parse(settings.text) == settings)
  }
}
