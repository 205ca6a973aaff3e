import Base
import Testing

@testable import Control

private func parse(_ line: String) throws -> Invocation {
  try Invocation.parse(line.split(separator: " ").map(String.init), defaultSocket: "/d")
}

private func failure(_ words: [String]) -> UsageFailure? {
  do throws(UsageFailure) { _ = try Invocation.parse(words, defaultSocket: "/d") } catch { return error }
  return nil
}

@Suite("The command line")
struct CommandLineTests {
  @Test(
    "commands",
    arguments: [
      ("status", .request(.status)), ("leave", .request(.leave)), ("participants", .request(.participants)),
      ("version", .request(.version)), ("mute on", .request(.mute(on: true))),
      ("mute off", .request(.mute(on: false))), ("volume", .request(.volume(level: nil))),
      ("volume 0", .request(.volume(level: 0))), ("volume 100", .request(.volume(level: 100))),
      ("events", .events(follow: false)),
      ("events --follow", .events(follow: true)), ("join", .join(url: nil, tokenFile: nil, waitSeconds: 15)),
      ("join --no-wait", .join(url: nil, tokenFile: nil, waitSeconds: nil)),
      ("join --url ws://h --token-file=t --wait 3", .join(url: "ws://h", tokenFile: "t", waitSeconds: 3)),
      ("join --token-file -", .join(url: nil, tokenFile: "-", waitSeconds: 15)),
      ("join --url=ws://h?a=b", .join(url: "ws://h?a=b", tokenFile: nil, waitSeconds: 15)),
      ("call", .call(waitSeconds: 15)), ("call --no-wait", .call(waitSeconds: nil)),
      ("hangup", .request(.hangup(who: nil))), ("hangup anna", .request(.hangup(who: "anna"))),
      ("dial anna", .request(.dial(DialRequest(target: "anna")))), ("answer", .request(.answer)),
      (
        "dial sip:+15550100 --dtmf 1ww2# --no-display-name --from +15550123 --ring 20 --max 0 --header X-Door=north"
          + " --header X-A= --hide-number --encryption require --no-wait",
        .request(.dial(Self.everything))
      ), ("hold on", .request(.hold(on: true))), ("refuse", .request(.refuse)),
      ("directory", .request(.directory)), ("dtmf 12# --to x", .request(.dtmf(digits: "12#", to: "x"))),
      ("rpc a m", .request(.rpc(identity: "a", method: "m", payload: "", timeoutSeconds: 15))),
      (
        "rpc a m {} --timeout 3", .request(.rpc(identity: "a", method: "m", payload: "{}", timeoutSeconds: 3))
      ),
      ("send hi --topic t", .request(.send(text: "hi", topic: "t", to: nil))),
      ("send-file a/b --to x", .sendFiles(paths: ["a/b"], isText: false, topic: nil, to: "x")),
      ("send-file --text a b", .sendFiles(paths: ["a", "b"], isText: true, topic: nil, to: nil)),
      ("attributes", .request(.attributes([]))),
      ("attributes a=b=c d=", .request(.attributes([TextPair("a", "b=c"), TextPair("d", "")]))),
      ("door open", .request(.doorOpen)), ("door status", .request(.doorStatus)),
      ("turn start", .request(.turn(.start))), ("turn end", .request(.turn(.end))),
      ("turn cancel", .request(.turn(.cancel))),
      ("press button", .request(.press(name: "button", .hold(milliseconds: nil)))),
      ("press mute --on", .request(.press(name: "mute", .on))),
      ("press mute --off", .request(.press(name: "mute", .off))),
      ("press button --for 9", .request(.press(name: "button", .hold(milliseconds: 9)))),
      ("-- status", .request(.status)), ("volume -- 5", .request(.volume(level: 5))),
    ] as [(String, Action)])
  func commands(line: String, action: Action) throws {
    #expect(try parse(line) == Invocation(action: action, socket: "/d", json: false))
  }

  @Test("common options stand anywhere")
  func commonOptions() throws {
    for line in ["--socket /s --json mute on", "mute --json on --socket=/s", "mute on --socket /s --json"] {
      #expect(try parse(line) == Invocation(action: .request(.mute(on: true)), socket: "/s", json: true))
    }
  }

  @Test(
    "what is wrong is said, with the place to read on",
    arguments: [
      ("", "a command is missing", nil), ("--json", "a command is missing", nil),
      ("statsu", "no command 'statsu', did you mean 'status'?", nil),
      ("reboot", "no command 'reboot'", nil), ("help nothing", "no command 'nothing'", nil),
      ("help a b", "help: 'b' is one argument too many", "help"),
      ("statsu --verbose", "no command 'statsu', did you mean 'status'?", nil),
      ("--sokcet /s status", "no option '--sokcet', did you mean '--socket'?", nil),
      ("status --folow", "status: no option '--folow'", "status"),
      ("events --folow", "events: no option '--folow', did you mean '--follow'?", "events"),
      ("status -v", "status: no option '-v'", "status"),
      ("status now", "status: 'now' is one argument too many", "status"),
      ("mute", "mute: on|off is missing", "mute"), ("mute maybe", "mute: on or off, not 'maybe'", "mute"),
      ("mute on off", "mute: 'off' is one argument too many", "mute"),
      ("volume 101", "volume: '101' is no whole number from 0 to 100", "volume"),
      ("volume x", "volume: 'x' is no whole number from 0 to 100", "volume"),
      (
        "volume 99999999999999999999", "volume: '99999999999999999999' is no whole number from 0 to 100",
        "volume"
      ),
      ("join --wait 0", "--wait: '0' is no whole number from 1 to 3600", "join"),
      ("join --wait", "join: --wait: SECONDS is missing", "join"),
      ("join --wait 3 --no-wait", "join: --wait and --no-wait exclude each other", "join"),
      ("join --url a --url b", "join: --url is given twice", "join"),
      ("call --wait 3 --no-wait", "call: --wait and --no-wait exclude each other", "call"),
      ("rpc a", "rpc: METHOD is missing", "rpc"), ("rpc a m p q", "rpc: 'q' is one argument too many", "rpc"),
      ("rpc a m --timeout 601", "--timeout: '601' is no whole number from 1 to 600", "rpc"),
      ("send", "send: TEXT is missing", "send"), ("door", "door: open|status is missing", "door"),
      ("door shut", "door: open or status, not 'shut'", "door"),
      ("door status --override", "door: only `door open` takes --override", "door"),
      ("dtmf 12x", "dtmf: parameter 'digits' must be made of 0-9, *, # and A-D", "dtmf"),
      ("turn over", "turn: start, end or cancel, not 'over'", "turn"),
      ("attributes a", "attributes: 'a' is not KEY=VALUE", "attributes"),
      ("attributes =a", "attributes: '=a' is not KEY=VALUE", "attributes"),
      ("press mute --on --off", "press: only one of --for, --on and --off", "press"),
      ("press mute --for 9 --on", "press: only one of --for, --on and --off", "press"),
      ("press button --for 0", "--for: '0' is no whole number from 1 to 60000", "press"),
      ("status --json=yes", "status: --json takes no value", "status"),
      ("status --socket=", "the path of the socket is empty", "status"),
      ("status --socket", "status: --socket: PATH is missing", "status"),
    ] as [(String, String, String?)])
  func mistakes(line: String, words: String, command: String?) {
    #expect(
      failure(line.split(separator: " ").map(String.init)) == UsageFailure(message: words, command: command))
  }

  @Test(
    "empty and strange words",
    arguments: [[""], ["\u{1B}[2J"], ["mute", ""], ["--socket"], ["-"], ["--"], ["--", "--json"]])
  func strange(words: [String]) {
    let description = failure(words)?.description ?? ""
    #expect(description.hasPrefix("") && description.contains("See `lintelctl help"))
    #expect(!description.unicodeScalars.contains("\u{1B}"))
  }

  @Test("an argument that is empty, as of a variable that is not set")
  func empty() {
    #expect(failure(["send", ""]) == UsageFailure(message: "send: TEXT is empty", command: "send"))
    #expect(
      failure(["rpc", "a", ""]) == UsageFailure(message: "rpc: METHOD is empty", command: "rpc"))
    #expect(failure(["rpc", "a", "m", ""]) == nil)
  }

  @Test("help of every command, by both ways, within 80 columns")
  func helpOfEach() throws {
    for command in CommandTable.all {
      let text = HelpText.of(command)
      #expect(try parse("help \(command.name)").action == .print(text))
      if command.name != "help" { #expect(try parse("\(command.name) --help").action == .print(text)) }
      for option in command.options { #expect(text.contains("\n  \(option.spelling)")) }
      #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 80 }, "\(text)")
    }
    for line in ["help", "--help", "-h", "help --help"] {
      #expect(try parse(line).action == .print(HelpText.general), "\(line)")
    }
    #expect(HelpText.general.split(separator: "\n").allSatisfy { $0.utf8.count <= 80 })
  }

  @Test("--version needs neither a command nor a daemon")
  func version() throws {
    #expect(try parse("--version").action == .print("lintelctl \(lintelVersion)\n"))
    #expect(
      failure(["status", "--version"])
        == UsageFailure(message: "status: no option '--version'", command: "status"))
  }

  @Test("every command that is a method's is named as the method")
  func methods() {
    let names = CommandTable.all.map { $0.name }
    #expect(Set(names).count == names.count)
    for method in Method.allCases {
      let command = String(method.rawValue.prefix { $0 != "." })
      #expect(names.contains(command) != [Method.indicator, .tone].contains(method), "\(command)")
    }
  }

  @Test("every example can be run")
  func examples() throws {
    for command in CommandTable.all {
      #expect(!command.examples.isEmpty)
      for example in command.examples { _ = try parse(example) }
    }
  }

  static var everything: DialRequest {
    var request = RequestTests.everything
    request.dialTone = nil
    return request
  }

  @Test("the help of join, whole")
  func joinHelp() {
    #expect(
      HelpText.of(CommandTable.command("join")!) == """
        Join the room.

        Usage: lintelctl join [--url URL] [--token-file FILE] [--wait SECONDS]
          [--no-wait]

        Waits until sound flows, and fails with the reason if the room cannot be joined.
        When the time is over the daemon still keeps trying.

        The token file is read by lintelctl, with your rights. A token is never given on
        the command line, where every user of the machine could read it.

        --url and --token-file are for root and [control] admin-group: another server
        could name anybody as one for whom the door opens.

        Options:
          --url URL          The room server (default: as configured).
          --token-file FILE  The file with the token, or - for standard input (default:
                             as configured).
          --wait SECONDS     How long to wait until sound flows (default: 15).
          --no-wait          Return when the daemon has begun.
          --socket PATH      The daemon's socket (default: LINTEL_SOCKET if set, else
                             /run/lintel/control.sock).
          --json             Print JSON: one value per result, one line per event.
          --help             Print help; after a command, help for that command.

        Examples:
          lintelctl join
          lintelctl join --url wss://rooms.example.org --token-file token.jwt

        """)
  }

  @Test("the general help, whole")
  func generalHelp() {
    #expect(
      HelpText.general == """
        lintelctl operates the lintel daemon of this device.

        Usage: lintelctl [--socket PATH] [--json] COMMAND

        Commands:
          status                         What the device is doing, and what is wrong.
          call                           Start a call, as the button of the device does.
          hangup [WHO]                   End the call.
          dial TARGET                    Ring somebody.
          answer                         Answer whoever rings this device.
          refuse                         Refuse whoever rings this device.
          hold on|off                    Hold the call: neither side hears the other.
          transfer WHO TO                Hand a telephone of the call on to another
                                         number.
          directory                      Who can be dialled by name, and whom a call
                                         rings.
          join                           Join the room.
          leave                          Leave the room, or stop trying to join it.
          mute on|off                    Mute or unmute the microphone.
          volume [LEVEL]                 Show or set the speaker's volume, 0 to 100.
          participants                   Who else is in the room, with their tracks.
          dtmf DIGITS                    Send telephone keys: 0-9, *, #, A-D.
          rpc IDENTITY METHOD [PAYLOAD]  Call a method of a participant.
          send TEXT                      Send a text to the room.
          send-file PATH ...             Send files to the room, one after the other.
          attributes [KEY=VALUE ...]     Show or set what the device says of itself.
          door open|status               Open the door, or say how it stands.
          turn start|end|cancel          Begin, end or take back what is said
                                         (push-to-talk).
          press NAME                     Press a button of the simulated board.
          events                         What happened of late.
          doctor                         Test everything, and say what to do about what
                                         is wrong.
          stats                          Everything that the daemon counts.
          metrics                        The same as OpenMetrics text, for a monitoring
                                         system.
          log-level [LEVEL]              Show or set what goes to the journal.
          config show|check|reload       Show, check or reload the daemon's
                                         configuration.
          api SERVICE/METHOD [JSON]      Call the room server's API.
          version                        The versions of lintelctl and of the daemon.
          twilio ACTION ...              Calls over Twilio, where the room server has
                                         its connector.
          whatsapp ACTION ...            Calls over WhatsApp, where the room server has
                                         its connector.
          dispatch ACTION ...            Send agents into a room.
          rooms ACTION ...               Look after the rooms of the server.
          monitor                        A live screen: levels, call, losses, what is
                                         said.
          provision [KEY=VALUE ...]      Write configuration and credentials.
          help [COMMAND]                 Help, for all or for one command.

        Options:
          --socket PATH  The daemon's socket (default: LINTEL_SOCKET if set, else
                         /run/lintel/control.sock).
          --json         Print JSON: one value per result, one line per event.
          --help         Print help; after a command, help for that command.
          --version      Print the version of lintelctl.

        Exit status: 0 done, 1 failed, 2 wrong usage, 3 daemon not reachable, 4 not
          allowed.
        `lintelctl help COMMAND` says more about a command.

        """)
  }

  @Test("wrapping breaks at blanks, and words that are too long in their midst")
  func wrapping() {
    let long = String(repeating: "x", count: 200)
    #expect(wrapped(long, indentation: 4).split(separator: "\n").map(\.count) == [80, 80, 48])
    #expect(wrapped("", indentation: 4).isEmpty)
    let exact = String(repeating: "y", count: 80)
    #expect(wrapped(exact, indentation: 4) == exact)
    #expect(wrapped(exact + " z", indentation: 4) == exact + "\n    z")
    let measured = String(repeating: "y", count: 76) + ", 80 % of it"
    #expect(wrapped(measured, indentation: 2) == String(repeating: "y", count: 76) + ",\n  80 % of it")
    #expect(wrapped("label       " + long, indentation: 12).split(separator: "\n")[0].count == 80)
  }
}
