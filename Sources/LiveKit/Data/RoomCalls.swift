import Base

/// Calling methods of others (remote procedure calls, version 1).
extension Room {
  /// Calls a method of this participant. The result is always an event, `rpcCompleted`, also for what can be said at
  /// once: too long a payload (15 360 bytes of UTF-8), too many calls, nobody there, data not allowed.
  ///
  /// The answer has this time, from now; a call without acknowledgement ends after 7 s in any case. With 0 the request
  /// is sent and nobody waits for it.
  public func performRPC(
    to destination: Name, method: Name, payload: String, responseTimeoutMilliseconds: Int, now: Instant
  ) -> RPCCall.ID {
    let id = core.rpc.nextCall
    core.rpc.nextCall &+= 1
    let limits = configuration.limits
    if let refusal = refusal(destination, payload) {
      emit(.rpcCompleted(id, .failure(refusal)))
      return id
    }
    let timeout = min(max(responseTimeoutMilliseconds, 0), limits.rpcResponseMillisecondsMax)
    let sid = core.directory.remotes.first { $0.identity == destination }?.sid
    let call = RPCCall(
      id: id, destination: destination, requestID: randomUUID(random), sid: sid ?? "",
      acknowledgedUntil: now.advanced(byMilliseconds: limits.rpcRoundTripMilliseconds),
      foundUntil: sid == nil ? now.advanced(byMilliseconds: limits.rpcUnknownMilliseconds) : nil,
      answeredUntil: now.advanced(byMilliseconds: timeout))
    // Before it is sent: the answer may come at once.
    core.rpc.calls.append(call)
    // The callee has what is left after the longest journey.
    let left = max(timeout - limits.rpcRoundTripMilliseconds, 1_000)
    let request = DataPacket.RPCRequest(
      id: call.requestID, method: method, payload: payload, responseTimeoutMilliseconds: UInt32(left))
    do throws(DataFailure) {
      try sendPacket(.rpcRequest(request), reliable: true, to: [destination], now: now)
    } catch {
      complete(call.requestID, .failure(.sendFailed(because: error.description)))
    }
    return id
  }

  private func refusal(_ destination: Name, _ payload: String) -> RPCError? {
    if payload.utf8.count > configuration.limits.rpcPayloadBytesMax { return .requestTooLarge }
    if destination.isEmpty || destination == core.directory.local.identity { return .recipientNotFound }
    if isJoined, isOlder(core.info.serverVersion, than: (1, 8)) { return .unsupportedServer }
    guard core.rpc.calls.count < configuration.limits.rpcCallsMax else {
      return .sendFailed(because: "\(core.rpc.calls.count) calls wait for their answers already")
    }
    return nil
  }

  func acknowledged(_ requestID: Name, identity: Name) {
    guard let index = call(requestID, identity), core.rpc.calls[index].acknowledgedUntil != nil else {
      core.statistics.data.lateAnswers &+= 1
      return
    }
    core.rpc.calls[index].acknowledgedUntil = nil
    core.rpc.calls[index].foundUntil = nil
  }

  /// May come before the acknowledgement, which is not needed then.
  func answered(_ requestID: Name, _ result: Result<String, RPCError>, identity: Name) {
    guard call(requestID, identity) != nil else {
      core.statistics.data.lateAnswers &+= 1
      return
    }
    complete(requestID, result)
  }

  /// Only the one who was called can answer; a hidden participant has no identity.
  private func call(_ requestID: Name, _ identity: Name) -> Int? {
    core.rpc.calls.firstIndex {
      $0.requestID == requestID && (identity.isEmpty || $0.destination == identity)
    }
  }

  private func complete(_ requestID: Name, _ result: Result<String, RPCError>) {
    guard let index = core.rpc.calls.firstIndex(where: { $0.requestID == requestID }) else { return }
    emit(.rpcCompleted(core.rpc.calls.remove(at: index).id, result))
  }

  /// Gone, or there again as another session, which knows nothing of what the former was asked.
  func recipientChanged(_ participant: Participant, hasLeft: Bool) {
    for call in core.rpc.calls where call.destination == participant.identity {
      if hasLeft || (!call.sid.isEmpty && call.sid != participant.sid) {
        complete(call.requestID, .failure(.recipientDisconnected))
      }
    }
  }

  /// The room is left: no answer will come.
  func abandonCalls() {
    for call in core.rpc.calls { complete(call.requestID, .failure(.connectionTimeout)) }
    core.rpc.invocations = []
  }

  func expireCalls(_ now: Instant) {
    for call in core.rpc.calls {
      guard let deadline = call.deadline, deadline <= now else { continue }
      if call.answeredUntil <= now {
        complete(call.requestID, .failure(.responseTimeout))
      } else if let until = call.acknowledgedUntil, until <= now {
        complete(call.requestID, .failure(.connectionTimeout))
      } else if let index = core.rpc.calls.firstIndex(where: { $0.id == call.id }) {
        core.rpc.calls[index].foundUntil = nil
        if !core.directory.remotes.contains(where: { $0.identity == call.destination }) {
          complete(call.requestID, .failure(.recipientNotFound))
        }
      }
    }
  }
}

extension RPCError {
  static func sendFailed(because words: String) -> RPCError {
    var error = RPCError.sendFailed
    error.message += ": " + words
    return error
  }
}

/// Of a version such as 1.13.5; what is none is not older.
func isOlder(_ version: String, than wanted: (major: Int, minor: Int)) -> Bool {
  var numbers: [Int] = []
  for part in Array(version.utf8).split(separator: UInt8(ascii: "."), maxSplits: 2) {
    guard let number = decimal(part) else { break }
    numbers.append(number)
  }
  guard numbers.count >= 2 else { return false }
  return numbers[0] < wanted.major || (numbers[0] == wanted.major && numbers[1] < wanted.minor)
}
