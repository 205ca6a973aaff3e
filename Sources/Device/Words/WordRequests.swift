import Base
import Control
import LiveKit

/// What was asked of somebody in the room, and who waits for it.
enum PendingCall {
  case request(Asker)
  case turn(TurnStep, Asker)
}

/// A file that a client sends piece by piece.
struct SentFile {
  let id: FileID
  let number: Int
  let client: Device.ClientID
  var bytes = 0
  /// A piece that the room did not take yet, and the request that brought it.
  var waiting: (data: [UInt8], asker: Asker)?
  /// The request that ended it, while the rest is on its way.
  var ending: Asker?
}

/// The requests that carry words and files.
extension Device {
  func handleWords(_ request: Request, _ asker: Asker, _ now: Instant) {
    guard connection == .connected else { return refuse("no-room", "the device is in no room", asker, now) }
    do throws(WordsFailure) {
      switch request {
      case .rpc(let identity, let method, let payload, let seconds):
        guard pendingCalls.count < DeviceLimits.pendingCallsMax else { throw .busy }
        let call = words.call(
          method, of: identity, payload: payload, timeoutMilliseconds: seconds * 1000, now: now)
        pendingCalls.append((call, .request(asker)))
      case .dtmf(let digits, let to):
        try words.sendKeys(digits, to: list(to), now: now)
        succeed(.object([.init("sent", .number(digits.utf8.count))]), asker, now)
      case .send(let text, let topic, let to):
        let id = try words.sendText(text, topic: topic ?? ChatMessage.topic.text, to: list(to), now: now)
        succeed(.object([.init("id", .string(id))]), asker, now)
      case .attributes(let pairs): try setAttributes(pairs, asker, now)
      default: try handleFile(request, asker, now)
      }
    } catch {
      refuse(error, asker, now)
    }
  }

  private func setAttributes(_ pairs: [TextPair], _ asker: Asker, _ now: Instant) throws(WordsFailure) {
    var all = room.localParticipant.attributes
    var changes: [String: String] = [:]
    for pair in pairs {
      changes[pair.name] = pair.value
      all[pair.name] = pair.value.utf8.isEmpty ? nil : pair.value
    }
    let sorted = all.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let members: [JSONValue.Member] = sorted.map { .init($0, .text(all[$0])) }
    let result = JSONValue.object([.init("attributes", .object(members))])
    guard !changes.isEmpty else { return succeed(result, asker, now) }
    guard pendingUpdates.count < DeviceLimits.pendingCallsMax else { throw .busy }
    pendingUpdates.append((words.setAttributes(changes, now: now), result, asker))
  }

  /// The server took what `words.setAttributes` sent, or says why not.
  func attributesAnswered(_ id: Int, refusal: String?, now: Instant) {
    guard let index = pendingUpdates.firstIndex(where: { $0.id == id }) else { return }
    let (_, result, asker) = pendingUpdates.remove(at: index)
    if let refusal { return refuse("refused", "the server refused: \(refusal)", asker, now) }
    succeed(result, asker, now)
  }

  /// The end of a call that `words.call` began.
  func callCompleted(_ id: CallID, payload: String, failure: WordsFailure?, now: Instant) {
    guard let index = pendingCalls.firstIndex(where: { $0.id == id }) else { return }
    switch pendingCalls.remove(at: index).call {
    case .turn(let step, let asker): turnAnswered(step, asker, failure: failure, now: now)
    case .request(let asker):
      if let failure { return refuse(failure, asker, now) }
      succeed(.object([.init("payload", .string(payload))]), asker, now)
    }
  }

  func refuse(_ failure: WordsFailure, _ asker: Asker, _ now: Instant) {
    switch failure {
    case .full: refuse("busy", "the network does not keep up; try again in a moment", asker, now)
    case .failed(let code, let message): refuse(code, message, asker, now)
    }
  }

  func list(_ identity: String?) -> [String] { identity.map { [$0] } ?? [] }
}

extension WordsFailure {
  static let busy = WordsFailure.failed(code: "busy", "too much is under way already; try again in a moment")
}
