import Base
import LiveKit

/// What the device does in the room beside sound: a small part of `Room`, so that a test needs no network.
protocol MessagingRoom: AnyObject {
  /// The others in the room.
  var participants: [Participant] { get }
  /// Returns the id of the stream.
  func sendText(_ text: String, topic: String, to: [String], now: Instant) throws(MessagingFailure) -> String
  func sendKeys(_ digits: String, to: [String], now: Instant) throws(MessagingFailure)
  /// The answer comes by `Messaging.callCompleted`, always.
  func call(
    _ method: String, of identity: String, payload: String, timeoutMilliseconds: Int, now: Instant
  ) -> CallID
  func answer(_ call: RemoteCall, _ answer: RemoteAnswer, now: Instant)
  func openFile(
    name: String, bytes: Int?, isText: Bool, topic: String, to: [String], now: Instant
  ) throws(MessagingFailure) -> FileID
  /// Takes all, or throws and takes nothing.
  func writeFile(_ bytes: [UInt8], to file: FileID, now: Instant) throws(MessagingFailure)
  /// A `failure` tells the receivers that the rest does not come. `Messaging.fileEnded` says when all is on its way.
  func closeFile(_ file: FileID, failure: String?, now: Instant)
  /// The answer comes by `Messaging.attributesAnswered`.
  func setAttributes(_ attributes: [String: String], now: Instant) -> Int
}

enum MessagingFailure: Error, Equatable {
  /// Not now; `Messaging.fileIsWritable` says when.
  case full
  case failed(code: String, String)

  static let busy = MessagingFailure.failed(
    code: "busy", "too much is under way already; try again in a moment")

  /// What whoever asked is told.
  func refusal(_ asker: Asker) -> Effect {
    switch self {
    case .full: .refuse("busy", "the network does not keep up; try again in a moment", asker)
    case .failed(let code, let message): .refuse(code, message, asker)
    }
  }
}

typealias CallID = Int
typealias FileID = Int

/// A call of one of our methods.
struct RemoteCall: Equatable {
  let id: Int
  var caller: Caller
  let method: String
  let payload: String
}

enum RemoteAnswer: Equatable {
  case done(payload: String)
  /// `data` is a word for programs.
  case refused(code: Int, message: String, data: String)
}
