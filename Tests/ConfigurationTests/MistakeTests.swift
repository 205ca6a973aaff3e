import Testing

@testable import Configuration

@Suite("Mistakes")
struct MistakeTests {
  @Test("a sentence has file, line, section, key, the value, why and the legal values")
  func sentence() {
    let text = failure((name: "/etc/lintel/lintel.conf", text: "[audio]\n\nbitrate = 9\n")).description
    #expect(
      text
        == "/etc/lintel/lintel.conf:3: [audio] bitrate: '9' is out of range; legal: 6000 to 64000 (bit/s)")
  }

  @Test("an unknown key names the nearest")
  func unknownKey() {
    #expect(
      sentences("[session]\nconect-timeout = 5")
        == "c:2: [session] conect-timeout: no such key, did you mean 'connect-timeout'?; "
        + "legal: mode, connect-timeout, reconnect-attempts, agent-wait, agent-retries, publish-state, room, identity, "
        + "agent-name, agent-metadata, idle-timeout, max-duration")
    #expect(
      sentences("[token]\ntoken = x")
        == "c:2: [token] token: no such key; legal: source, url, file, endpoint, bearer-file, sandbox-id, "
        + "api-key, api-secret-file, timeout, warm")
  }

  @Test("an unknown section names the nearest, once, and its keys are not judged")
  func unknownSection() {
    #expect(
      sentences("[sesion]\nmode = 1\nwhat = 2\n")
        == "c:1: [sesion]: no such section, did you mean 'session'?; legal: device, simulated, session, "
        + "server, token, e2ee, audio, gpio, leds, keypad, door, directory, call, phone, ring, webhook, rpc, network, control, metrics, watch"
    )
    #expect(sentences("\n\n[empty]").hasPrefix("c:3: [empty]: no such section; legal:"))
  }

  @Test("a section's name is case sensitive, as its keys are")
  func letterCase() {
    #expect(sentences("[Audio]\n").contains("did you mean 'audio'?"))
    #expect(sentences("[audio]\nVolume = 1\n").contains("did you mean 'volume'?"))
  }

  @Test("a key before the first section")
  func outsideSection() {
    #expect(sentences("volume = 3\n[audio]") == "c:1: volume: stands before the first [section]")
  }

  @Test(
    "lines that are nothing",
    arguments: [
      "volume", "[audio", "[audio] volume = 3", "= 5", "]", "!!", "\"", "[]]", "volume 3", "[device]x",
    ])
  func nothing(line: String) {
    let text = sentences("[audio]\n\(line)\n")
    #expect(text.hasPrefix("c:2: "), "\(text)")
  }

  @Test("a key twice in a file names the first line")
  func repeated() {
    #expect(
      sentences("[audio]\nvolume = 3\n[device]\n[audio]\nvolume = 4\n")
        == "c:5: [audio] volume: already set in line 2 of this file")
  }

  @Test("a refused value still counts as the key's first line")
  func repeatedAfterRefusal() {
    #expect(failure((name: "c", text: "[audio]\nvolume = x\nvolume = 4\n")).problems.count == 2)
  }

  @Test("all mistakes of all files are told, in order")
  func all() {
    let failure = failure(
      (name: "a", text: "[audio]\nvolume = 101\nfec = x\n"),
      (name: "b", text: "\n[nonsense]\n[audio]\nrate\n"))
    #expect(failure.problems.map { "\($0.file):\($0.line)" } == ["a:2", "a:3", "b:2", "b:4"])
    #expect(failure.description.split(separator: "\n").count == 4)
  }

  @Test("beyond 32 mistakes the rest is counted")
  func bounded() {
    let failure = failure((name: "c", text: "[audio]\n" + String(repeating: "junk\n", count: 1000)))
    #expect(failure.problems.count == 32)
    #expect(failure.problemsLeftOut == 968)
    #expect(failure.description.hasSuffix("\nand 968 more"))
  }

  @Test("what a wrong file holds cannot move the cursor, and is shortened")
  func quoting() {
    let text = sentences("[audio]\nvolume = \u{9B}31m" + String(repeating: "x", count: 500))
    #expect(text.contains("'.31mxxx") && text.contains("xxx...' is not a whole number"))
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
  }

  @Test(
    "what one key makes necessary is told where that key stands",
    arguments: [
      (
        "[session]\nmode = always-on\n",
        "c:2: [token] url: not set, but [session] mode = always-on needs it"
      ),
      ("[token]\nsource = endpoint\n", "c:2: [token] endpoint: not set, but source = endpoint needs it"),
      ("[token]\n\nsource = sandbox\n", "c:3: [token] sandbox-id: not set, but source = sandbox needs it"),
      (
        "[token]\nsource = api-key\n",
        "c:2: [token] url: not set, but source = api-key needs it\n"
          + "c:2: [token] api-key: not set, but source = api-key needs it"
      ),
    ])
  func together(text: String, words: String) { #expect(sentences(text) == words) }

  @Test(
    "what is enough",
    arguments: [
      "[session]\nmode = always-on\n[token]\nurl = ws://h\n",
      "[session]\nmode = always-on\n[token]\nsource = endpoint\nendpoint = https://h/token\n",
      "[token]\nsource = sandbox\nsandbox-id = front-door-1a2b\n",
      "[token]\nsource = api-key\nurl = ws://h\napi-key = devkey\n",
    ])
  func complete(text: String) throws { _ = try parse(text) }
}
