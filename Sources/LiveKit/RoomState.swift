import Base

/// Our own name, metadata and attributes.
extension Room {
  /// Adds or changes attributes; an empty value removes one. The answer is `.stateRequestAnswered` with this id,
  /// within 5 s; a request made before joining, or lost with its session, is made in the next one.
  public func setAttributes(_ attributes: [String: String], now: Instant) -> Int {
    update(ParticipantUpdate(attributes: attributes), now)
  }

  public func setMetadata(_ metadata: String, now: Instant) -> Int {
    update(ParticipantUpdate(metadata: metadata), now)
  }

  public func setName(_ name: String, now: Instant) -> Int { update(ParticipantUpdate(name: name), now) }

  private func update(_ update: ParticipantUpdate, _ now: Instant) -> Int {
    let limits = configuration.limits
    var why = ""
    if update.isEmpty { why = "there is nothing to change" }
    let bytes = attributesBytes(wireAttributes(update.attributes))
    if max(bytes, update.metadata.utf8.count, update.name.utf8.count) > limits.participantStateBytesMax
      || update.attributes.count > limits.attributesPerParticipantMax
    {
      why = "more than the server keeps of a participant"
    }
    if core.stateRequests.pending.count >= limits.stateRequestsMax { why = "too many changes are under way" }
    guard why.isEmpty else {
      let id = core.stateRequests.makeID()
      answer(id, refusal: why)
      return id
    }
    let id = core.stateRequests.add(update)
    sendStateRequests(now)
    return id
  }

  /// Sends what waits, if the session allows it now.
  func sendStateRequests(_ now: Instant) {
    guard isJoined, isSignalling else { return }
    let until = now.advanced(byMilliseconds: configuration.limits.stateRequestMilliseconds)
    for request in core.stateRequests.take(until: until) {
      send(
        .updateMetadata(
          .init(
            metadata: request.update.metadata, name: request.update.name,
            attributes: wireAttributes(request.update.attributes),
            requestID: UInt32(truncatingIfNeeded: request.id))))
    }
  }

  func stateAnswered(_ requestID: UInt32, _ response: SignalResponse.RequestResponse) {
    // The real answer to a queued request follows.
    if response.reason == .queued { return }
    let accepts = response.reason == .ok
    guard
      core.stateRequests.answered(
        Int(clamping: requestID), accepts: accepts,
        attributesMax: configuration.limits.attributesPerParticipantMax)
    else { return }
    answer(Int(clamping: requestID), refusal: accepts ? nil : response.words)
  }

  func expireStateRequests(_ now: Instant) {
    for id in core.stateRequests.expired(now: now) {
      _ = core.stateRequests.answered(id, accepts: false, attributesMax: 0)
      answer(id, refusal: "the server did not answer")
    }
  }

  private func answer(_ id: Int, refusal: String?) {
    if let refusal { emit(.requestRefused(request: "change of our state", reason: refusal)) }
    emit(.stateRequestAnswered(id: id, refusal: refusal))
  }
}
