import Base

/// How far a `send-file` is. Each file is begun, sent piece by piece and ended; then comes the next one.
struct FileSending: Sendable {
  let paths: [String]
  /// The file that is being sent, by its place.
  private(set) var index = 0
  private let isText: Bool
  private let topic: String?
  private let to: String?
  private let bytes: [Int?]
  /// What the daemon calls it.
  private var number: Int?
  private var isEnding = false

  /// `bytes` has the length of each file that has one.
  init(paths: [String], isText: Bool, topic: String?, to: String?, bytes: [Int?]) {
    self.paths = paths
    self.isText = isText
    self.topic = topic
    self.to = to
    self.bytes = bytes
  }

  /// The request that begins the file.
  var beginning: Request {
    .sendFileBegin(
      name: lastPathComponent(paths[index]), bytes: index < bytes.count ? bytes[index] : nil, isText: isText,
      topic: topic, to: to)
  }

  /// The daemon took what it was sent last. Returns whether that was the end of the file.
  mutating func accepted(_ result: JSONValue) -> Bool {
    if let number = result["file"].integer { self.number = Int(clamping: number) }
    return isEnding
  }

  /// What was read of the file; empty at its end.
  mutating func piece(_ data: [UInt8]) -> Request? {
    guard let number else { return nil }
    isEnding = data.isEmpty
    return isEnding ? .sendFileEnd(file: number) : .sendFileData(file: number, data: data)
  }

  /// Goes on to the next file; nil if there is none.
  mutating func next() -> Request? {
    guard index + 1 < paths.count else { return nil }
    index += 1
    number = nil
    isEnding = false
    return beginning
  }
}

private func lastPathComponent(_ path: String) -> String {
  String(decoding: path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...], as: UTF8.self)
}
