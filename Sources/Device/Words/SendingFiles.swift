import Base
import Control
import LiveKit

/// Files that clients send. The daemon opens none: it passes on the pieces that it is given, and takes the next one
/// of a file only when the room has taken the one before.
extension Device {
  func handleFile(_ request: Request, _ asker: Asker, _ now: Instant) throws(WordsFailure) {
    guard case .client(_, let client) = asker else {
      throw .failed(code: "not-here", "only the control socket")
    }
    switch request {
    case .sendFileBegin(let name, let bytes, let isText, let topic, let to):
      guard files.count < DeviceLimits.filesMax else { throw .busy }
      let id = try words.openFile(
        name: name, bytes: bytes, isText: isText, topic: topic ?? (isText ? ChatMessage.topic.text : ""),
        to: list(to),
        now: now)
      nextFile += 1
      files.append(SentFile(id: id, number: nextFile, client: client))
      succeed(.object([.init("file", .number(nextFile))]), asker, now)
    case .sendFileData(let number, let data):
      let index = try fileIndex(number, client)
      guard files[index].waiting == nil else {
        throw .failed(code: "too-soon", "the piece before is still on its way")
      }
      files[index].waiting = (data, asker)
      writeWaiting(files[index].id, now: now)
    case .sendFileEnd(let number):
      let index = try fileIndex(number, client)
      files[index].ending = asker
      words.closeFile(files[index].id, failure: nil, now: now)
    default: break
    }
  }

  /// The room can take more.
  func writeWaiting(_ id: FileID, now: Instant) {
    guard let index = files.firstIndex(where: { $0.id == id }), let piece = files[index].waiting else {
      return
    }
    do throws(WordsFailure) {
      try words.writeFile(piece.data, to: id, now: now)
      files[index].bytes += piece.data.count
      files[index].waiting = nil
      succeed(.object([.init("bytes", .number(files[index].bytes))]), piece.asker, now)
    } catch {
      if error == .full { return }
      files.remove(at: index)
      words.closeFile(id, failure: "the sender failed", now: now)
      refuse(error, piece.asker, now)
    }
  }

  /// All of a file is in the channel, or it came to nothing.
  func fileEnded(_ id: FileID, failure: String?, now: Instant) {
    guard let index = files.firstIndex(where: { $0.id == id }) else { return }
    let file = files.remove(at: index)
    guard let asker = file.ending ?? file.waiting?.asker else { return }
    if let failure { return refuse("not-sent", "the file did not arrive whole: \(failure)", asker, now) }
    succeed(.object([.init("bytes", .number(file.bytes))]), asker, now)
  }

  /// A client of the control socket has gone, perhaps in the midst of a file.
  func clientLeft(_ client: ClientID, now: Instant) {
    for file in files where file.client == client {
      words.closeFile(file.id, failure: "the sender has gone", now: now)
    }
    files.removeAll { $0.client == client }
  }

  /// The room has gone, and its streams with it.
  func dropFiles(now: Instant) {
    let dropped = files
    files = []
    for file in dropped {
      if let asker = file.ending ?? file.waiting?.asker { refuse("no-room", "the room was left", asker, now) }
    }
  }

  private func fileIndex(_ number: Int, _ client: ClientID) throws(WordsFailure) -> Int {
    guard
      let index = files.firstIndex(where: { $0.number == number && $0.client == client && $0.ending == nil })
    else {
      throw .failed(code: "no-file", "no such file is being sent over this connection")
    }
    return index
  }
}
