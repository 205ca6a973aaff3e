import Testing

@testable import Control

@Suite("Provisioning")
struct ProvisionTests {
  private func provision(_ line: String) throws -> Provision {
    let words = line.split(separator: " ").map { String($0) }
    let action = try Invocation.parse(["provision"] + words, defaultSocket: "/s").action
    guard case .provision(let provision) = action else { throw NotOne() }
    return provision
  }

  private struct NotOne: Error {}

  @Test("keys go under their sections, over what stands there; an empty value takes one away")
  func text() throws {
    let first = try provision("token.url=wss://h audio.volume=60 token.file=/t=1").text(over: "")
    #expect(first.hasSuffix("\n[token]\nurl = wss://h\nfile = /t=1\n[audio]\nvolume = 60\n"))
    let second = try provision("audio.volume= token.url=ws://x").text(over: first)
    #expect(second.hasSuffix("\n[token]\nfile = /t=1\nurl = ws://x\n"))
    #expect(try provision("a.b=c").text(over: "rubbish\n[x\ny = 1\n").hasSuffix("[x]\ny = 1\n[a]\nb = c\n"))
  }

  @Test("secrets are files, and the folder may be another")
  func files() throws {
    let made = try provision("--token-file t --api-secret-file - --folder /x")
    #expect(made.secrets == [TextPair("token", "t"), TextPair("api-secret", "-")])
    #expect(made.keys.isEmpty && made.folder == "/x")
  }

  @Test(
    "what is refused",
    arguments: [
      "", "volume=60", "audio.volume", "=x", "audio.=1", "a.b=c\u{1B}[2J", "a.b=;x", "door.dtmf-code=1234",
    ])
  func refused(line: String) {
    #expect(throws: UsageFailure.self) { try provision(line) }
  }
}
