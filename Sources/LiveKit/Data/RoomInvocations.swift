import Base

/// Answering calls to our methods.
extension Room {
  /// Answers a call, once; what comes later, or a second time, is left aside. A result over 15 360 bytes of UTF-8
  /// becomes the error 1504; an error's words are cut to what may be sent.
  public func answerRPC(_ id: RPCInvocation.ID, _ result: Result<String, RPCError>, now: Instant) {
    guard let index = core.rpc.invocations.firstIndex(where: { $0.id == id }) else {
      core.statistics.data.lateAnswers &+= 1
      return
    }
    let invocation = core.rpc.invocations.remove(at: index)
    let limits = configuration.limits
    var result = result
    switch result {
    case .success(let payload):
      if payload.utf8.count > limits.rpcPayloadBytesMax { result = .failure(.responseTooLarge) }
    case .failure(var error):
      error.message = truncated(error.message, bytesMax: limits.rpcErrorMessageBytesMax)
      error.data = truncated(error.data, bytesMax: limits.rpcPayloadBytesMax)
      result = .failure(error)
    }
    reply(
      .rpcResponse(requestID: invocation.requestID, result), to: invocation.sender,
      inClear: !invocation.isPrivate, now)
  }

  func requested(
    _ request: DataPacket.RPCRequest, from stamped: Sender, isPrivate: Bool, _ now: Instant
  ) {
    let limits = configuration.limits
    let identity = stamped.identity
    guard !request.id.isEmpty, request.id.utf8Count + identity.utf8Count <= limits.rpcIDBytesMax else {
      core.statistics.data.malformed &+= 1
      return
    }
    // The server's own calls bear their id in place of an identity, and come from no session. Whoever merely calls
    // himself like that has one.
    let caller = identity == request.id && stamped.sid.isEmpty ? Sender.server : stamped
    if core.rpc.recent.contains(where: { $0.requestID == request.id && $0.sender == caller }) {
      core.statistics.data.repeatedRequests &+= 1
      return
    }
    if core.rpc.recent.count >= limits.rpcRecentRequestsMax { core.rpc.recent.remove(at: 0) }
    core.rpc.recent.append((caller, request.id))
    // Before anything else, so that the caller knows that somebody is there.
    reply(.rpcAck(requestID: request.id), to: caller, inClear: !isPrivate, now)
    if let refusal = refusal(of: request) {
      core.statistics.data.refusedRequests &+= 1
      return reply(
        .rpcResponse(requestID: request.id, .failure(refusal)), to: caller, inClear: !isPrivate, now)
    }
    let wanted = Int(clamping: request.responseTimeoutMilliseconds)
    let timeout = min(
      wanted == 0 ? limits.rpcResponseMilliseconds : wanted, limits.rpcResponseMillisecondsMax)
    let invocation = RPCInvocation(
      id: core.rpc.nextInvocation, sender: caller, method: request.method, payload: request.payload,
      responseTimeoutMilliseconds: timeout, requestID: request.id, isPrivate: isPrivate,
      until: now.advanced(byMilliseconds: timeout + limits.rpcRoundTripMilliseconds))
    core.rpc.nextInvocation &+= 1
    core.rpc.invocations.append(invocation)
    emit(.rpcInvoked(invocation))
  }

  private func refusal(of request: DataPacket.RPCRequest) -> RPCError? {
    if request.version != 1 { return .unsupportedVersion }
    if !configuration.rpcMethods.contains(request.method) { return .unsupportedMethod }
    if request.payload.utf8.count > configuration.limits.rpcPayloadBytesMax { return .requestTooLarge }
    guard core.rpc.invocations.count < configuration.limits.rpcInvocationsMax else {
      return RPCError(code: RPCError.application.code, message: "Too many calls wait for their answers")
    }
    return nil
  }

  /// To the caller alone, and encrypted if the call was: whoever calls in the clear may have no key. The server takes answers to its own calls out of what is addressed to nobody; an answer to
  /// whoever is hidden could only go to everybody, so there is none.
  func reply(_ packet: OutgoingPacket, to caller: Sender, inClear: Bool, _ now: Instant) {
    var destinations: [Name] = []
    switch caller {
    case .server: break
    case .participant(_, let identity): destinations = [identity]
    case .hidden:
      core.statistics.data.hiddenCallers &+= 1
      return
    }
    do throws(DataFailure) {
      try sendPacket(packet, reliable: true, to: destinations, urgent: true, inClear: inClear, now: now)
    } catch {
      tellDataFailed(error)
    }
  }

  /// Nobody waits for these any more.
  func expireInvocations(_ now: Instant) {
    core.rpc.invocations = core.rpc.invocations.filter { $0.until > now }
  }

  /// The server forgets its calls with the session; answered later, they would go to everybody.
  func forgetServerCalls() { core.rpc.invocations = core.rpc.invocations.filter { !$0.isServer } }
}
