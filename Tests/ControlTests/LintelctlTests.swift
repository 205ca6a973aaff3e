import Base
import Control
import Foundation
import Testing

/// The built program, against a server that says what a test tells it to.
@Suite("lintelctl", .serialized)
struct LintelctlTests {
  private func run(_ arguments: [String], environment: [String: String] = [:], input: String = "") throws
    -> Outcome
  {
    try Outcome(running: arguments, environment: environment, input: input)
  }

  @Test("help and version of usage need no daemon")
  func help() throws {
    let help = try run(["--help"])
    #expect(help.status == 0 && help.output == HelpText.general && help.errors.isEmpty)
    let wrong = try run(["statsu"])
    #expect(wrong.status == 2 && wrong.output.isEmpty)
    #expect(wrong.errors == "lintelctl: no command 'statsu', did you mean 'status'?\nSee `lintelctl help`.\n")
    #expect(try run([]).status == 2)
    #expect(try run(["mute", ""]).status == 2)
  }

  @Test("no daemon: 3, with the path and what to try")
  func unreachable() throws {
    let path = socketPath()
    let absent = try run(["--socket", path, "status"])
    #expect(absent.status == 3 && absent.errors.contains("there is no socket \(path)"))
    let byVariable = try run(["--json", "status"], environment: ["LINTEL_SOCKET": path])
    #expect(
      byVariable.status == 3
        && byVariable.output.hasPrefix("{\"error\":{\"status\":3,\"message\":\"there is no"))
    #expect(byVariable.errors.contains(path))
    let server = try Server(path: path) { _ in nil }
    server.stop(leavingFile: true)
    defer { unlink(path) }
    let stopped = try run(["--socket", path, "status"])
    #expect(stopped.status == 3 && stopped.errors.contains("nobody listens at \(path)"))
    let long = try run(["--socket", "/" + String(repeating: "s", count: 200), "status"])
    #expect(long.status == 3 && long.errors.contains("longer than"))
  }

  @Test("done: 0, with the result")
  func done() throws {
    let server = try Server { _ in
      .init(#"{"jsonrpc":"2.0","id":2,"result":{"muted":true,"hard_muted":false}}"#)
    }
    defer { server.stop() }
    let mute = try run(["--socket", server.path, "mute", "on"])
    #expect(mute.status == 0 && mute.output == "muted\n" && mute.errors.isEmpty)
    #expect(server.heard == [#"{"jsonrpc":"2.0","id":2,"method":"mute","params":{"on":true}}"#])
    let json = try run(["mute", "on", "--json"], environment: ["LINTEL_SOCKET": server.path])
    #expect(json.output == "{\"muted\":true,\"hard_muted\":false}\n")
  }

  @Test("failed: 1; not allowed: 4", arguments: [(-32000, 1), (-32001, 4)])
  func errors(code: Int, status: Int32) throws {
    let server = try Server { _ in
      .init(#"{"jsonrpc":"2.0","id":2,"error":{"code":\#(code),"message":"no"}}"#)
    }
    defer { server.stop() }
    let outcome = try run(["--socket", server.path, "leave"])
    #expect(outcome.status == status && outcome.errors == "lintelctl: no\n")
  }

  @Test("a server that hangs up, or talks something else: 3")
  func broken() throws {
    let silent = try Server { _ in nil }
    defer { silent.stop() }
    let hungUp = try run(["--socket", silent.path, "status"])
    #expect(hungUp.status == 3 && hungUp.errors.contains("closed the connection"))
    let other = try Server { _ in .init("HTTP/1.1 400 Bad Request") }
    defer { other.stop() }
    #expect(try run(["--socket", other.path, "status"]).errors.contains("does not speak lintel's protocol"))
  }

  @Test("a join waits for the end, takes the token from a file or standard input, and does not show it")
  func join() throws {
    let event =
      #"{"jsonrpc":"2.0","method":"event","params":{"event":"room.connection","state":"connected"}}"#
    let server = try Server { line in
      line.contains("events.subscribe")
        ? .init(#"{"jsonrpc":"2.0","id":1,"result":{"status":{},"recent":[]}}"#)
        : .init(#"{"jsonrpc":"2.0","id":2,"result":{"connection":"connecting"}}"#, event)
    }
    defer { server.stop() }
    let file = NSTemporaryDirectory() + "lintel-token-\(UUID().uuidString)"
    try "  abc.def.ghi\n".write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    let fromFile = try run(["--socket", server.path, "join", "--token-file", file])
    #expect(fromFile.status == 0 && fromFile.output.hasPrefix("connected after 0."))
    let fromInput = try run(["--socket", server.path, "join", "--token-file", "-"], input: "abc.def.ghi\n")
    #expect(fromInput.status == 0)
    #expect(server.heard.filter { $0.contains(#""token":"abc.def.ghi""#) }.count == 2)
    #expect(!(fromFile.output + fromFile.errors).contains("abc"))
  }

  @Test("a token that cannot be had: 1")
  func noToken() throws {
    let absent = try run(["join", "--token-file", "/nonexistent/token"])
    #expect(
      absent.status == 1
        && absent.errors
          == "lintelctl: the secret in /nonexistent/token cannot be read: No such file or directory\n"
    )
    #expect(
      try run(["join", "--token-file", "-"], input: " \n").errors
        == "lintelctl: standard input, where a secret should be, is empty\n")
    let endless = try run(["join", "--token-file", "/dev/zero"])
    #expect(endless.status == 1 && endless.errors.contains("longer than 16384 bytes"))
  }

  @Test("a join that runs out of time: 1, with the last reason")
  func joinOutOfTime() throws {
    let failure =
      #"{"jsonrpc":"2.0","method":"event","params":{"event":"room.failure","message":"refused","retriable":true}}"#
    let server = try Server { line in
      line.contains("\"join\"") ? .init(#"{"jsonrpc":"2.0","id":2,"result":{}}"#, failure) : .init()
    }
    defer { server.stop() }
    let outcome = try run(["--socket", server.path, "join", "--wait", "1"])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors == "still trying: refused\nlintelctl: not connected after 1 s: refused "
        + "(the daemon keeps trying; `lintelctl leave` stops it)\n")
  }

  @Test("events --follow prints each line until the daemon goes")
  func follow() throws {
    let event = #"{"jsonrpc":"2.0","method":"event","params":{"time":"T","event":"audio.volume","volume":7}}"#
    let server = try Server { _ in
      .init(#"{"jsonrpc":"2.0","id":2,"result":{"status":{},"recent":[]}}"#, event, event, thenClose: true)
    }
    defer { server.stop() }
    let outcome = try run(["--socket", server.path, "--json", "events", "--follow"])
    let line = #"{"time":"T","event":"audio.volume","volume":7}"# + "\n"
    #expect(outcome.output.hasPrefix(#"{"event":"snapshot","status":{}}"# + "\n" + line + line))
    #expect(outcome.status == 3)
  }

  @Test("monitor that is told to end leaves the terminal as it was", arguments: [SIGTERM, SIGHUP, SIGINT])
  func monitorEnds(number: Int32) throws {
    let server = try Server { _ in .init() }
    defer { server.stop() }
    var (ours, theirs): (Int32, Int32) = (0, 0)
    #expect(openpty(&ours, &theirs, nil, nil, nil) == 0)
    defer {
      close(ours)
      close(theirs)
    }
    let isRaw = {
      var settings = termios()
      tcgetattr(theirs, &settings)
      return settings.c_lflag & UInt32(ICANON) == 0
    }
    let terminal = FileHandle(fileDescriptor: theirs, closeOnDealloc: false)
    let process = Process()
    process.executableURL = builtProducts().appendingPathComponent("lintelctl")
    process.arguments = ["--socket", server.path, "monitor"]
    process.standardInput = terminal
    process.standardOutput = terminal
    process.standardError = terminal
    try process.run()
    let deadline = Date().addingTimeInterval(10)
    while !isRaw(), Date() < deadline { usleep(10_000) }
    #expect(isRaw())
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(!isRaw())
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == number)
    var screen: [UInt8] = []
    var entry = pollfd(fd: ours, events: Int16(POLLIN), revents: 0)
    while poll(&entry, 1, 0) > 0 {
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = read(ours, &piece, piece.count)
      guard count > 0 else { break }
      screen += piece.prefix(count)
    }
    #expect(String(decoding: screen, as: UTF8.self).hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
  }

  @Test("several files are sent one after the other; one that cannot be read stops all of them")
  func sendFiles() throws {
    let server = try Server { line in
      line.contains("begin")
        ? .init(#"{"jsonrpc":"2.0","id":2,"result":{"file":1}}"#)
        : .init(#"{"jsonrpc":"2.0","id":2,"result":{"bytes":3}}"#)
    }
    defer { server.stop() }
    let file = NSTemporaryDirectory() + "lintel-file-\(UUID().uuidString)"
    try "abc".write(toFile: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: file) }
    let sent = try run(["--socket", server.path, "send-file", file, "-"], input: "xyz")
    #expect(sent.status == 0 && sent.output == "\(file): sent 3 bytes\n-: sent 3 bytes\n")
    #expect(server.heard.filter { $0.contains("send-file.data") }.count == 2)
    let before = server.heard.count
    let absent = try run(["--socket", server.path, "send-file", file, "/nonexistent/a"])
    #expect(absent.status == 1 && absent.errors.contains("/nonexistent/a"))
    #expect(server.heard.count == before)
  }

  @Test("--version needs no daemon")
  func version() throws {
    let outcome = try run(["--version"])
    #expect(outcome.status == 0 && outcome.output == "lintelctl \(lintelVersion)\n")
  }
}
