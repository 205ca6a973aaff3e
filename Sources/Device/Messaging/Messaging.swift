import Base
import Control
import JSON
import LiveKit

/// What was asked of somebody in the room, and who waits for it.
enum PendingCall: Equatable {
  case request(Asker)
  case turn(TurnStep, Asker)
  /// `lintel.ring` of a device, and the wish that it stops.
  case ring(leg: Int)
  case ringEnd(leg: Int)
  /// The bridge lets somebody go who rang the device.
  case decline(Name, sid: Name)
  /// What becomes of it is seen elsewhere.
  case nobody
}

/// Texts, keys, calls, attributes and files on their way, and who waits for what became of them.
struct Messaging {
  private let room: any MessagingRoom
  private var calls: [(id: CallID, call: PendingCall)] = []
  private var updates: [(id: Int, result: JSONValue, asker: Asker)] = []
  private var files: [SentFile] = []
  private var nextFile = 0

  init(_ room: any MessagingRoom) { self.room = room }

  /// The requests that carry words and files. `attributes` are our own as they are now.
  mutating func handle(
    _ request: Request, _ asker: Asker, attributes: [String: String], now: Instant
  ) -> [Effect] {
    do throws(MessagingFailure) {
      switch request {
      case .rpc(let identity, let method, let payload, let seconds):
        guard calls.count < DeviceLimits.pendingCallsMax else { throw .busy }
        call(
          method, of: identity, payload: payload, timeoutMilliseconds: seconds * 1000, for: .request(asker),
          now: now)
        return []
      case .dtmf(let digits, let to):
        try room.sendKeys(digits, to: list(to), now: now)
        return [.succeed(.object([.init("sent", .number(digits.utf8.count))]), asker)]
      case .send(let text, let topic, let to):
        let id = try room.sendText(text, topic: topic ?? ChatMessage.topic.text, to: list(to), now: now)
        return [.succeed(.object([.init("id", .string(id))]), asker)]
      case .attributes(let pairs): return try set(pairs, attributes, asker, now: now)
      default: return try file(request, asker, now: now)
      }
    } catch {
      return [error.refusal(asker)]
    }
  }

  private func list(_ identity: String?) -> [String] { identity.map { [$0] } ?? [] }

  // MARK: - Calls of others' methods

  mutating func call(
    _ method: String, of identity: String, payload: String, timeoutMilliseconds: Int, for call: PendingCall,
    now: Instant
  ) {
    let id = room.call(
      method, of: identity, payload: payload, timeoutMilliseconds: timeoutMilliseconds, now: now)
    calls.append((id, call))
  }

  /// Somebody in the room was asked to hang up, and has not answered.
  var hasFarewells: Bool {
    calls.contains {
      switch $0.call {
      case .ringEnd, .decline: true
      default: false
      }
    }
  }

  /// The end of a call, and for whom it was made.
  mutating func callCompleted(_ id: CallID) -> PendingCall? {
    guard let index = calls.firstIndex(where: { $0.id == id }) else { return nil }
    return calls.remove(at: index).call
  }

  func answer(_ call: RemoteCall, _ answer: RemoteAnswer, now: Instant) {
    room.answer(call, answer, now: now)
  }

  // MARK: - Attributes

  private mutating func set(
    _ pairs: [TextPair], _ attributes: [String: String], _ asker: Asker, now: Instant
  ) throws(MessagingFailure) -> [Effect] {
    var all = attributes
    var changes: [String: String] = [:]
    for pair in pairs {
      changes[pair.name] = pair.value
      all[pair.name] = pair.value.isEmpty ? nil : pair.value
    }
    let members: [JSONValue.Member] = sortedByBytes(Array(all.keys)).map { .init($0, .text(all[$0])) }
    let result = JSONValue.object([.init("attributes", .object(members))])
    guard !changes.isEmpty else { return [.succeed(result, asker)] }
    guard updates.count < DeviceLimits.pendingCallsMax else { throw .busy }
    updates.append((room.setAttributes(changes, now: now), result, asker))
    return []
  }

  /// The server took them, or says why not.
  mutating func attributesAnswered(_ id: Int, refusal: String?) -> [Effect] {
    guard let index = updates.firstIndex(where: { $0.id == id }) else { return [] }
    let (_, result, asker) = updates.remove(at: index)
    if let refusal { return [.refuse("refused", "the server refused: \(refusal)", asker)] }
    return [.succeed(result, asker)]
  }

  // MARK: - Files

  private mutating func file(
    _ request: Request, _ asker: Asker, now: Instant
  ) throws(MessagingFailure) -> [Effect] {
    guard case .client(_, let client) = asker else {
      throw .failed(code: "not-here", "only the control socket")
    }
    switch request {
    case .sendFileBegin(let name, let bytes, let isText, let topic, let to):
      guard files.count < DeviceLimits.filesMax else { throw .busy }
      let id = try room.openFile(
        name: name, bytes: bytes, isText: isText, topic: topic ?? (isText ? ChatMessage.topic.text : ""),
        to: list(to), now: now)
      nextFile += 1
      files.append(SentFile(id: id, number: nextFile, client: client))
      return [.succeed(.object([.init("file", .number(nextFile))]), asker)]
    case .sendFileData(let number, let data):
      let index = try index(of: number, client)
      guard files[index].waiting == nil else {
        throw .failed(code: "too-soon", "the piece before is still on its way")
      }
      files[index].waiting = (data, asker)
      return fileIsWritable(files[index].id, now: now)
    case .sendFileEnd(let number):
      let index = try index(of: number, client)
      files[index].ending = asker
      room.closeFile(files[index].id, failure: nil, now: now)
      return []
    default: return []
    }
  }

  private func index(of number: Int, _ client: Device.ClientID) throws(MessagingFailure) -> Int {
    let found = files.firstIndex { $0.number == number && $0.client == client && !$0.isEnding }
    guard let found else {
      throw .failed(code: "no-file", "no such file is being sent over this connection")
    }
    return found
  }

  /// The room can take more.
  mutating func fileIsWritable(_ id: FileID, now: Instant) -> [Effect] {
    guard let index = files.firstIndex(where: { $0.id == id }), let piece = files[index].waiting else {
      return []
    }
    do throws(MessagingFailure) {
      try room.writeFile(piece.data, to: id, now: now)
      files[index].bytes += piece.data.count
      files[index].waiting = nil
      return [.succeed(.object([.init("bytes", .number(files[index].bytes))]), piece.asker)]
    } catch {
      if error == .full { return [] }
      files.remove(at: index)
      room.closeFile(id, failure: "the sender failed", now: now)
      return [error.refusal(piece.asker)]
    }
  }

  /// All of a file is in the channel, or it came to nothing.
  mutating func fileEnded(_ id: FileID, failure: String?) -> [Effect] {
    guard let index = files.firstIndex(where: { $0.id == id }) else { return [] }
    let file = files.remove(at: index)
    guard let asker = file.ending ?? file.waiting?.asker else { return [] }
    if let failure { return [.refuse("not-sent", "the file did not arrive whole: \(failure)", asker)] }
    return [.succeed(.object([.init("bytes", .number(file.bytes))]), asker)]
  }

  /// A client of the control socket has gone, perhaps in the midst of a file.
  mutating func clientLeft(_ client: Device.ClientID, now: Instant) {
    for file in files where file.client == client {
      room.closeFile(file.id, failure: "the sender has gone", now: now)
    }
    files = files.filter { $0.client != client }
  }

  /// The room has gone, and its streams with it.
  mutating func roomClosed() -> [Effect] {
    let dropped = files
    files = []
    return dropped.compactMap { file in
      (file.ending ?? file.waiting?.asker).map { .refuse("no-room", "the room was left", $0) }
    }
  }
}

/// A file that a client sends piece by piece. The daemon opens none: it passes on the pieces that it is given, and takes
/// the next one only when the room has taken the one before.
private struct SentFile {
  let id: FileID
  let number: Int
  let client: Device.ClientID
  var bytes = 0
  /// A piece that the room did not take yet, and the request that brought it.
  var waiting: (data: [UInt8], asker: Asker)?
  /// The request that ended it, while the rest is on its way.
  var ending: Asker?
  var isEnding: Bool { if case nil = ending { false } else { true } }
}
