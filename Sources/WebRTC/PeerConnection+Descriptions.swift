import Base

// Offers and answers (RFC 8829). The caller serialises: one outstanding offer at a time.
extension PeerConnection {
  /// Adds (or recycles an unused) sendonly Opus section; `trackID` becomes the second token of its msid.
  /// Returns the mid. Takes effect with the next offer.
  public func addAudioSender(trackID: String) -> String {
    let ssrc = newSSRC()
    let mid = plan.addAudio(trackID: trackID, ssrc: ssrc)
    sendStreams.append(
      RTPSendStream(
        ssrc: ssrc, mid: mid,
        firstSequence: configuration.firstSequence ?? UInt16(truncatingIfNeeded: random.nextUInt32()),
        timestampOffset: random.nextUInt32()))
    return mid
  }

  /// Says goodbye to the track's listeners and turns the section inactive with the next offer.
  public func removeAudioSender(mid: String) {
    plan.removeAudio(mid: mid)
    sendingSections = sendingSections.filter { $0.mid != mid }
    for stream in sendStreams where stream.mid == mid && stream.packetsSent > 0 {
      goodbyes.append(stream.ssrc)
    }
    sendStreams = sendStreams.filter { $0.mid != mid }
  }

  /// From the next offer on there are at least `count` recvonly Opus sections, for the peer to send on.
  public func offerAudioReceivers(_ count: Int) {
    while plan.receiversCount < min(count, Limits.rtpStreamsMax) { plan.addReceiver() }
  }

  /// Fresh ICE credentials in the next offer (RFC 8445 §9).
  public func restartICE() { restartsWithNextOffer = true }

  /// The offer of all senders and receivers. Without any it still offers a data channel section, so that the transport can come
  /// up before there is something to say.
  public func makeOffer(now: Instant) -> String {
    isOfferer = isOfferer ?? true
    if restartsWithNextOffer {
      restartsWithNextOffer = false
      ice.restart(now: now)
    }
    if plan.sections.isEmpty || data.isWanted { _ = plan.addApplication() }
    descriptionVersion &+= 1
    let offer = WebRTC.makeOffer(plan, identity: identity, version: descriptionVersion)
    awaitsAnswer = true
    return apply(local: offer)
  }

  /// Applies the peer's answer to the last offer.
  public func acceptAnswer(_ sdp: String, now: Instant) throws(DescriptionFailure) {
    guard let offer = localDescription, isOfferer == true else {
      throw .unsupported("an answer without an offer")
    }
    let answer = try SessionDescription.parse(sdp)
    guard answer.sections.count == offer.sections.count else {
      throw .unsupported("an answer with \(answer.sections.count) sections to \(offer.sections.count)")
    }
    // RFC 8829 §5.11: the sections are those of the offer.
    for (offered, answered) in zip(offer.sections, answer.sections) where offered.mid != answered.mid {
      throw .unsupported("an answer with section \(answered.mid) in place of \(offered.mid)")
    }
    let transport = try answer.transport()
    try trust(transport.fingerprints)
    remoteDescription = answer
    awaitsAnswer = false
    updateSendingSections(offer: offer, answer: answer)
    updateReceivingSections(local: offer, remote: answer, answer: answer)
    // RFC 8842 §5.2: whoever answers passive waits for our ClientHello.
    try startDTLS(role: transport.setup == .passive ? .client : .server)
    applyRemote(answer, transport, now: now)
  }

  /// Applies a remote offer and answers it: every audio section it sends on is received (Opus only).
  public func acceptOffer(_ sdp: String, now: Instant) throws(DescriptionFailure) -> String {
    if isOfferer == true { throw .unsupported("an offer to a side that offers itself") }
    let offer = try SessionDescription.parse(sdp)
    let transport = try offer.transport()
    // The role of an association lasts as long as the association (RFC 8842 §5.5).
    let prefersActive = dtls.map { $0.role == .client } ?? configuration.answersActive
    let role: DTLSTransport.Role =
      try answeringSetup(to: transport.setup, prefersActive: prefersActive) == .active ? .client : .server
    try trust(transport.fingerprints)
    if isOfferer == nil {
      isOfferer = false
      ice.role = .controlled
    }
    remoteDescription = offer
    // Before the answer is written: a restart of the peer changes our credentials too.
    ice.setRemote(transport.credentials, isLite: transport.isICELite, now: now)
    descriptionVersion &+= 1
    let answer = try makeAnswer(
      to: offer, identity: identity, version: descriptionVersion, prefersActive: prefersActive)
    updateReceivingSections(local: answer, remote: offer, answer: answer)
    try startDTLS(role: role)
    let text = apply(local: answer)
    applyRemote(offer, transport, now: now)
    return text
  }

  /// The last remote description's audio sections, in order.
  public var remoteSections: [RemoteSection] {
    var result: [RemoteSection] = []
    for section in remoteDescription?.sections ?? [] where section.kind == .audio {
      let msid = section.msid ?? section.sources.first?.msid
      result.append(
        RemoteSection(
          mid: section.mid,
          isActive: !section.isRejected && section.direction.sends && !section.sources.isEmpty,
          streamID: msid?.streamID ?? "", trackID: msid?.trackID ?? ""))
    }
    return result
  }

  /// The last descriptions of either side, as text; nil before there are any.
  public var localDescriptionText: String? { localDescription?.serialized() }
  public var remoteDescriptionText: String? { remoteDescription?.serialized() }

  /// What the last answer asks of the encoder of this section; nil while unanswered or rejected.
  public func senderParameters(mid: String) -> SenderParameters? {
    sendingSections.first { $0.mid == mid }?.parameters
  }

  /// `candidate:...` or `a=candidate:...`; held back until the remote description is there.
  /// A malformed candidate is counted and ignored; an empty one means end of candidates.
  public func addRemoteCandidate(_ candidate: String, now: Instant) {
    let bytes = candidate.utf8
    let line = bytes.begins(with: "a=") ? String(decoding: bytes.dropFirst(2), as: UTF8.self) : candidate
    transportRestsUntil = nil
    ice.addRemoteCandidate(line, now: now)
  }

  // Helpers.

  private var identity: LocalIdentity {
    LocalIdentity(
      sessionID: sessionID, credentials: ice.localCredentials,
      fingerprint: configuration.certificate.signature, canonicalName: configuration.canonicalName)
  }

  private func newSSRC() -> UInt32 {
    while true {
      let ssrc = random.nextUInt32()
      if ssrc != 0, ssrc != reportSSRC, !sendStreams.contains(where: { $0.ssrc == ssrc }) { return ssrc }
    }
  }

  /// Candidates that are known already travel inside, for peers that read them there.
  private func apply(local description: SessionDescription) -> String {
    transportRestsUntil = nil
    var described = description
    if !described.sections.isEmpty {
      described.sections[0].candidates = ice.localCandidates.map { ice.shown($0).serialized() }
    }
    localDescription = described
    return described.serialized()
  }

  private func applyRemote(_ description: SessionDescription, _ transport: RemoteTransport, now: Instant) {
    transportRestsUntil = nil
    ice.setRemote(transport.credentials, isLite: transport.isICELite, now: now)
    var ended = false
    for section in description.sections where !section.isRejected {
      for candidate in section.candidates { ice.addRemoteCandidate(candidate, now: now) }
      ended = ended || section.candidatesEnded
    }
    if ended { ice.endRemoteCandidates(now: now) }
    if state == .new { change(.connecting, "descriptions are exchanged") }
    startDataIfAgreed(now: now)
    replayEarlyDatagrams(now: now)
  }

  /// RFC 8842 §5.1: a new fingerprint would mean a new association, with a peer that nobody vouched for.
  private func trust(_ fingerprints: [Fingerprint]) throws(DescriptionFailure) {
    let trustworthy = fingerprints.filter { $0.isTrustworthy }
    guard !trustworthy.isEmpty else { throw .unsupported("a fingerprint that is not SHA-256, -384 or -512") }
    if remoteFingerprints.isEmpty { remoteFingerprints = trustworthy }
    // In any order, and with further hashes of what may be the same certificate (RFC 8122 §5).
    guard remoteFingerprints.contains(where: { trustworthy.contains($0) }) else { throw .fingerprintChanged }
  }

  private func startDTLS(role: DTLSTransport.Role) throws(DescriptionFailure) {
    guard dtls == nil else { return }
    do throws(DTLSFailure) {
      dtls = try DTLSTransport(
        role: role, certificate: configuration.certificate, profiles: configuration.srtpProfiles,
        trusted: remoteFingerprints)
    } catch {
      throw .unsupported(error.description)
    }
  }

  private func updateSendingSections(offer: SessionDescription, answer: SessionDescription) {
    sendingSections = []
    for (offered, answered) in zip(offer.sections, answer.sections) {
      guard offered.kind == .audio, offered.direction.sends, !answered.isRejected,
        answered.direction.receives,
        let opus = answered.opus, let ssrc = offered.sources.first?.ssrc,
        // Meanwhile the section may have been given to another track, which no offer has named yet.
        sendStreams.contains(where: { $0.mid == offered.mid && $0.ssrc == ssrc })
      else { continue }
      sendingSections.append(
        SendingSection(
          mid: offered.mid, payloadType: opus.payloadType,
          audioLevelID: answered.extensionID(HeaderExtension.audioLevel),
          midID: answered.extensionID(HeaderExtension.mid),
          parameters: SenderParameters(
            usesDTX: isOne(opus.parameter("usedtx")), usesInBandFEC: isOne(opus.parameter("useinbandfec")))))
    }
  }

  /// What both sides want to come here. An answer gives every recvonly section of its offer a direction, whether it
  /// has something to send there or not; only what it names is meant.
  private func updateReceivingSections(
    local: SessionDescription, remote: SessionDescription, answer: SessionDescription
  ) {
    receivingSections = []
    for (index, answered) in answer.sections.enumerated() {
      let (ours, theirs) = (local.sections[index], remote.sections[index])
      guard answered.kind == .audio, !answered.isRejected, ours.direction.receives, theirs.direction.sends,
        let opus = answered.opus, isOfferer != true || !theirs.sources.isEmpty
      else { continue }
      receivingSections.append(
        ReceivingSection(
          mid: ours.mid, ssrcs: theirs.sources.map { $0.ssrc }, payloadType: opus.payloadType,
          midID: answered.extensionID(HeaderExtension.mid), asksAgain: opus.feedback.contains("nack"),
          reducedSizeRTCP: answered.reducedSizeRTCP))
    }
    srtpReceiver?.announced = receivingSections.flatMap { $0.ssrcs }
    // A section that ended, or was taken over by another track, takes its streams along.
    receiveStreams = receiveStreams.filter { stream in
      guard let section = receivingSections.first(where: { $0.mid == stream.mid }) else { return false }
      return section.ssrcs.isEmpty || section.ssrcs.contains(stream.ssrc)
    }
  }

  private func isOne(_ value: String?) -> Bool { value.map { $0.utf8.spells("1") } ?? false }
}
