import Base
import JSON

/// The three methods of a file, which goes to the daemon piece by piece; one command asks for all of them.
extension MethodRow {
  static func sendFileBegin() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .sendFileBegin(
          name: try parameters.name("name"),
          bytes: try parameters.number("bytes", 0...ControlLimits.fileBytesMax),
          isText: try parameters.flag("text") ?? false, topic: try parameters.optionalName("topic"),
          to: try parameters.optionalName("to"))
      },
      write: {
        guard case .sendFileBegin(let name, let bytes, let isText, let topic, let to) = $0 else { return [] }
        return [
          .init("name", .string(name)), .init("bytes", .number(bytes)), .init("text", .bool(isText)),
          .init("topic", .text(topic)), .init("to", .text(to)),
        ]
      },
      command: Command(
        arguments: [.init(spelling: "PATH", repeats: true)],
        options: [
          .init(name: "--text", value: nil, summary: "It is a text (UTF-8), and without a topic chat."),
          topic,
          to,
        ],
        summary: "Send files to the room, one after the other.",
        details: ["lintelctl reads each file, with your rights, and hands it to the daemon piece by piece."],
        examples: ["send-file photo.jpg", "send-file --topic images --to concierge front.jpg back.jpg"],
        action: {
          .sendFiles(
            paths: $0.positional, isText: $0.value("--text") != nil, topic: $0.value("--topic"),
            to: $0.value("--to"))
        }),
      text: { $0.text + "\n" })
  }

  static func sendFileData() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in
        .sendFileData(file: try file(parameters), data: try data(parameters))
      },
      write: {
        guard case .sendFileData(let file, let data) = $0 else { return [] }
        return [.init("file", .number(file)), .init("data", .string(Base64.encode(data)))]
      },
      text: { ResultText.sent($0) })
  }

  static func sendFileEnd() -> MethodRow<Face> {
    MethodRow(
      read: { parameters throws(ControlFailure) in .sendFileEnd(file: try file(parameters)) },
      write: { if case .sendFileEnd(let file) = $0 { [.init("file", .number(file))] } else { [] } },
      text: { ResultText.sent($0) })
  }

  private static func file(_ parameters: Parameters) throws(ControlFailure) -> Int {
    guard let file = try parameters.number("file", 1...Int64(Int32.max)) else {
      throw parameters.missing("file")
    }
    return file
  }

  private static func data(_ parameters: Parameters) throws(ControlFailure) -> [UInt8] {
    // Four characters carry three bytes.
    let characters = ControlLimits.filePieceBytesMax / 3 * 4
    guard let text = try parameters.content("data", bytesMax: characters) else {
      throw parameters.missing("data")
    }
    guard let data = Base64.decode(text.utf8) else { throw parameters.wrong("data", "base64") }
    return data
  }
}
