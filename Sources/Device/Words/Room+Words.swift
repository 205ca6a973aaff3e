import Base
import Control
import LiveKit

/// The room as `RoomWords` has it.
extension Room: RoomWords {
  func sendText(_ text: String, topic: String, to: [String], now: Instant) throws(WordsFailure) -> String {
    do throws(DataFailure) {
      let stream: OutgoingStream.ID = try sendText(
        text, topic: wireName(topic), to: wireNames(to), attributes: [:], now: now)
      return "\(stream.value)"
    } catch {
      throw WordsFailure(error)
    }
  }

  func sendKeys(_ digits: String, to: [String], now: Instant) throws(WordsFailure) {
    do throws(DataFailure) { try sendDTMF(digits, to: wireNames(to), now: now) } catch {
      throw WordsFailure(error)
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
  ) throws(WordsFailure) -> FileID {
    do throws(DataFailure) {
      let topic = try wireName(topic)
      let to = try wireNames(to)
      if isText { return try openTextStream(topic: topic, to: to, totalBytes: bytes, now: now).value }
      return try openByteStream(topic: topic, name: name, to: to, totalBytes: bytes, now: now).value
    } catch {
      throw WordsFailure(error)
    }
  }

  func writeFile(_ bytes: [UInt8], to file: FileID, now: Instant) throws(WordsFailure) {
    do throws(DataFailure) { try write(bytes, to: OutgoingStream.ID(file), now: now) } catch {
      throw WordsFailure(error)
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

extension WordsFailure {
  init(_ failure: DataFailure) {
    if case .full = failure { self = .full } else { self = .failed(code: failure.code, failure.description) }
  }

  init(_ error: RPCError) { self = .failed(code: "rpc.\(error.code)", "\(error.message) (\(error.code))") }
}

/// What others in the room say and do beside sound.
extension Device {
  func handleWord(_ event: LiveKit.Event, now: Instant) {
    switch event {
    case .dtmfReceived(let digit, let sender): keyPressed(digit, by: .room(sender), now: now)
    case .rpcInvoked(let invocation):
      handle(
        RemoteCall(
          id: invocation.id, caller: caller(invocation.sender), method: invocation.method.text,
          payload: invocation.payload), now: now)
    case .rpcCompleted(let id, .success(let payload)):
      callCompleted(id, payload: payload, failure: nil, now: now)
    case .rpcCompleted(let id, .failure(let error)):
      callCompleted(id, payload: "", failure: WordsFailure(error), now: now)
    case .stateRequestAnswered(let id, let refusal): attributesAnswered(id, refusal: refusal, now: now)
    case .streamWritable(let id):
      if id == firstWordsStream.id { writeFirstWords(now: now) } else { writeWaiting(id.value, now: now) }
    case .outgoingStreamEnded(let id, let failure):
      if id == firstWordsStream.id { return firstWordsEnded(failure?.description, now: now) }
      fileEnded(id.value, failure: failure?.description, now: now)
    case .chatReceived(let message):
      announce(.chat(identity: message.identity.text, text: excerpt(message.text)), budgeted: now)
    case .transcription(let segment):
      announce(
        .transcript(
          identity: segment.speakerIdentity.text, segment: segment.id.text, text: excerpt(segment.text),
          isFinal: segment.isFinal))
    case .dataReceived(let payload, let topic, let sender, _):
      announce(
        .data(identity: sender.identity.text, topic: excerpt(topic.text), bytes: payload.count), budgeted: now
      )
    case .streamEnded(let stream, let failure):
      announce(
        .file(
          identity: stream.identity.text, topic: excerpt(stream.topic.text), name: excerpt(stream.name),
          bytes: stream.receivedBytes, failure: failure?.description), budgeted: now)
    case .dataFailed(let failure): log(.warning, failure.description)
    default: break
    }
  }

  /// As much of a text as an event repeats: the history keeps it.
  private func excerpt(_ text: String) -> String {
    guard text.utf8.count > DeviceLimits.eventTextBytesMax else { return text }
    // A character that is cut in two becomes U+FFFD.
    return String(decoding: text.utf8.prefix(DeviceLimits.eventTextBytesMax), as: UTF8.self) + "..."
  }
}
