import Base
import LiveKit

@testable import Device

/// A room that notes what it is told to say.
final class FakeMessagingRoom: MessagingRoom {
  enum Said: Equatable {
    case text(String, topic: String, to: [String])
    case keys(String, to: [String])
    case call(CallID, method: String, of: String, payload: String, timeoutMilliseconds: Int)
    case answer(Int, RemoteAnswer)
    case openFile(FileID, name: String, bytes: Int?, isText: Bool, topic: String, to: [String])
    case write(FileID, [UInt8])
    case closeFile(FileID, failure: String?)
    case attributes([String: String])
  }

  var participants: [Participant] = []
  private(set) var said: [Said] = []
  /// What the next things that can fail do.
  var failure: MessagingFailure?
  private var last = 0

  private func note(_ what: Said) throws(MessagingFailure) {
    if let failure { throw failure }
    said.append(what)
  }

  private func next() -> Int {
    last += 1
    return last
  }

  func sendText(_ text: String, topic: String, to: [String], now: Instant) throws(MessagingFailure) -> String
  {
    try note(.text(text, topic: topic, to: to))
    return "stream-\(next())"
  }

  func sendKeys(_ digits: String, to: [String], now: Instant) throws(MessagingFailure) {
    try note(.keys(digits, to: to))
  }

  func call(
    _ method: String, of identity: String, payload: String, timeoutMilliseconds: Int, now: Instant
  ) -> CallID {
    let id = next()
    said.append(
      .call(id, method: method, of: identity, payload: payload, timeoutMilliseconds: timeoutMilliseconds))
    return id
  }

  func answer(_ call: RemoteCall, _ answer: RemoteAnswer, now: Instant) {
    said.append(.answer(call.id, answer))
  }

  func openFile(
    name: String, bytes: Int?, isText: Bool, topic: String, to: [String], now: Instant
  ) throws(MessagingFailure) -> FileID {
    let id = next()
    try note(.openFile(id, name: name, bytes: bytes, isText: isText, topic: topic, to: to))
    return id
  }

  func writeFile(_ bytes: [UInt8], to file: FileID, now: Instant) throws(MessagingFailure) {
    try note(.write(file, bytes))
  }

  func closeFile(_ file: FileID, failure: String?, now: Instant) {
    said.append(.closeFile(file, failure: failure))
  }

  func setAttributes(_ attributes: [String: String], now: Instant) -> Int {
    said.append(.attributes(attributes))
    return next()
  }
}
