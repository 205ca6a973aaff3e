import Base
import LiveKit

/// The room as `MessagingRoom` has it.
extension Room: MessagingRoom {
  func sendText(_ text: String, topic: String, to: [String], now: Instant) throws(MessagingFailure) -> String
  {
    do throws(DataFailure) {
      let stream: OutgoingStream.ID = try sendText(
        text, topic: wireName(topic), to: wireNames(to), attributes: [:], now: now)
      return "\(stream.value)"
    } catch {
      throw MessagingFailure(error)
    }
  }

  func sendKeys(_ digits: String, to: [String], now: Instant) throws(MessagingFailure) {
    do throws(DataFailure) { try sendDTMF(digits, to: wireNames(to), now: now) } catch {
      throw MessagingFailure(error)
    }
  }

  func call(
    _ method: String, of identity: String, payload: String, timeoutMilliseconds: Int, now: Instant
  ) -> CallID {
    // Nobody has an empty name, which is what the call then fails with.
    let method = Name(method)
    return performRPC(
      to: method == nil ? "" : Name(identity) ?? "", method: method ?? "", payload: payload,
      responseTimeoutMilliseconds: timeoutMilliseconds, now: now)
  }

  func answer(_ call: RemoteCall, _ answer: RemoteAnswer, now: Instant) {
    switch answer {
    case .done(let payload): answerRPC(call.id, .success(payload), now: now)
    case .refused(let code, let message, let data):
      answerRPC(call.id, .failure(RPCError(code: code, message: message, data: data)), now: now)
    }
  }

  func openFile(
    name: String, bytes: Int?, isText: Bool, topic: String, to: [String], now: Instant
  ) throws(MessagingFailure) -> FileID {
    do throws(DataFailure) {
      let topic = try wireName(topic)
      let to = try wireNames(to)
      if isText { return try openTextStream(topic: topic, to: to, totalBytes: bytes, now: now).value }
      return try openByteStream(topic: topic, name: name, to: to, totalBytes: bytes, now: now).value
    } catch {
      throw MessagingFailure(error)
    }
  }

  func writeFile(_ bytes: [UInt8], to file: FileID, now: Instant) throws(MessagingFailure) {
    do throws(DataFailure) { try write(bytes, to: OutgoingStream.ID(file), now: now) } catch {
      throw MessagingFailure(error)
    }
  }

  func closeFile(_ file: FileID, failure: String?, now: Instant) {
    // One that has ended by itself has said so.
    try? closeStream(OutgoingStream.ID(file), reason: failure ?? "", now: now)
  }
}

/// What people write down, as the wire has it.
private func wireName(_ text: String) throws(DataFailure) -> Name {
  guard let name = Name(text) else { throw .badName }
  return name
}

private func wireNames(_ texts: [String]) throws(DataFailure) -> [Name] {
  var names: [Name] = []
  for text in texts { names.append(try wireName(text)) }
  return names
}

extension MessagingFailure {
  init(_ failure: DataFailure) {
    if case .full = failure { self = .full } else { self = .failed(code: failure.code, failure.description) }
  }

  init(_ error: RPCError) { self = .failed(code: "rpc.\(error.code)", "\(error.message) (\(error.code))") }
}
