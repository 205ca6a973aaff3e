import Base
import LiveKit

extension Room: RoomWords {
  func sendText(_: String, topic _: String, to _: [String], now _: Instant) throws(WordsFailure) -> String {
    throw .unavailable
  }
  func sendKeys(_: String, to _: [String], now _: Instant) throws(WordsFailure) { throw .unavailable }
  func call(
    _: String, of _: String, payload _: String, timeoutMilliseconds _: Int, now _: Instant
  ) -> CallID { 0 }
  func answer(_: RemoteCall, _: RemoteAnswer, now _: Instant) {}
  func openFile(
    name _: String, bytes _: Int?, topic _: String, to _: [String], now _: Instant
  ) throws(WordsFailure) -> FileID { throw .unavailable }
  func write(_: [UInt8], to _: FileID, now _: Instant) throws(WordsFailure) { throw .unavailable }
  func closeFile(_: FileID, failure _: String?, now _: Instant) {}
  func setAttributes(_: [String: String], now _: Instant) throws(WordsFailure) { throw .unavailable }
}

extension WordsFailure {
  static let unavailable = WordsFailure.failed(code: "not-available", "this daemon does not know how")
}
