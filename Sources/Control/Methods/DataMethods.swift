import Base
import JSON

/// The methods that send something other than sound.
extension MethodRow {
  static func dtmf() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        guard let digits = try parameters.text("digits", bytesMax: ControlLimits.dtmfDigitsMax) else {
          throw parameters.missing("digits")
        }
        for digit in Array(digits.utf8) where !"0123456789*#ABCDabcd".utf8.contains(digit) {
          throw parameters.wrong("digits", "made of 0-9, *, # and A-D")
        }
        return .dtmf(digits: digits, to: try parameters.optionalName("to"))
      },
      write: {
        guard case .dtmf(let digits, let to) = $0 else { return [] }
        return [.init("digits", .string(digits)), .init("to", .text(to))]
      },
      isRemote: true,
      command: Command(
        arguments: [.init(spelling: "DIGITS")], options: [to],
        summary: "Send telephone keys: 0-9, *, #, A-D.",
        details: ["Everybody in the room gets them; a telephone at the other end plays them."],
        examples: ["dtmf 42#", "dtmf 1 --to sip_4930123"],
        action: { .request(.dtmf(digits: $0.positional[0], to: $0.value("--to"))) }),
      text: { result in
        let count = result["sent"].integer ?? 0
        return "\(count) key\(count == 1 ? "" : "s") sent\n"
      })
  }

  static func rpc() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .rpc(
          identity: try parameters.name("identity"), method: try parameters.name("method"),
          payload: try parameters.content("payload", bytesMax: ControlLimits.rpcPayloadBytesMax) ?? "",
          timeoutSeconds: try parameters.number("timeout", 1...ControlLimits.rpcTimeoutSecondsMax)
            ?? CommandTable.rpcTimeoutSecondsDefault)
      },
      write: {
        guard case .rpc(let identity, let method, let payload, let seconds) = $0 else { return [] }
        return [
          .init("identity", .string(identity)), .init("method", .string(method)),
          .init("payload", .string(payload)), .init("timeout", .number(seconds)),
        ]
      },
      command: Command(
        arguments: [
          .init(spelling: "IDENTITY"), .init(spelling: "METHOD"),
          .init(spelling: "PAYLOAD", isOptional: true),
        ],
        options: [
          .init(
            name: "--timeout", value: "SECONDS",
            summary:
              "How long to wait for the answer (default: \(CommandTable.rpcTimeoutSecondsDefault)).")
        ],
        summary: "Call a method of a participant.",
        details: ["Prints what it answers, as it is. An error of the method is told with its code."],
        examples: ["rpc concierge status", "rpc concierge greet {} --timeout 60"],
        action: { arguments throws(UsageFailure) in
          let given = arguments.positional
          let seconds = try arguments.number(
            arguments.value("--timeout"), 1...ControlLimits.rpcTimeoutSecondsMax, "--timeout")
          return .request(
            .rpc(
              identity: given[0], method: given[1], payload: given.count > 2 ? given[2] : "",
              timeoutSeconds: seconds ?? CommandTable.rpcTimeoutSecondsDefault))
        }),
      text: { result in
        let payload = result["payload"].string ?? ""
        return payload.utf8.isEmpty ? "" : ResultText.multiline(payload) + "\n"
      })
  }

  static func send() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        guard let text = try parameters.content("text", bytesMax: ControlLimits.sentTextBytesMax) else {
          throw parameters.missing("text")
        }
        return .send(
          text: text, topic: try parameters.optionalName("topic"), to: try parameters.optionalName("to"))
      },
      write: {
        guard case .send(let text, let topic, let to) = $0 else { return [] }
        return [.init("text", .string(text)), .init("topic", .text(topic)), .init("to", .text(to))]
      },
      command: Command(
        arguments: [.init(spelling: "TEXT")], options: [topic, to], summary: "Send a text to the room.",
        details: ["Without a topic it is chat (lk.chat), which an agent takes for something said to it."],
        examples: ["send hello", "send --topic status --to desk closed"],
        action: {
          .request(.send(text: $0.positional[0], topic: $0.value("--topic"), to: $0.value("--to")))
        }),
      text: { _ in "sent\n" })
  }

  static func attributes() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .attributes(try parameters.pairs("set")) },
      write: {
        guard case .attributes(let pairs) = $0 else { return [] }
        return [.init("set", .object(pairs.map { .init($0.name, .string($0.value)) }))]
      },
      command: Command(
        arguments: [.init(spelling: "KEY=VALUE", isOptional: true, repeats: true)],
        summary: "Show or set what the device says of itself.",
        details: ["An attribute without a value (`KEY=`) is taken away."],
        examples: ["attributes", "attributes user.language=de floor=3"],
        action: { arguments throws(UsageFailure) in
          var pairs: [TextPair] = []
          for word in arguments.positional {
            guard let pair = TextPair(word, separator: "=") else {
              throw arguments.failure("'\(shortened(word))' is not KEY=VALUE")
            }
            pairs.append(pair)
          }
          return .request(.attributes(pairs))
        }),
      text: { ResultText.attributes($0["attributes"]) })
  }

  static var to: Command.Option {
    .init(name: "--to", value: "IDENTITY", summary: "Only to this participant (default: to all).")
  }
  static var topic: Command.Option { .init(name: "--topic", value: "TOPIC", summary: "What it is about.") }
}
