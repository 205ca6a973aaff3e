import Base

/// The sections of our offers, in the order in which they were made.
///
/// A section once offered never moves and never goes away (RFC 8829 §5.2.2). A removed sender leaves an inactive
/// section behind, which the next sender takes over with a new SSRC. Sections for what the peer sends are others, and
/// stay so: a LiveKit server puts a remote track into every section that was ever offered `recvonly`, and then loses
/// what is published there.
struct OfferPlan: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    /// SCTP data channels.
    case application
    /// A sendonly Opus track; `trackID` is the second token of its msid.
    case audio(trackID: String, ssrc: UInt32)
    /// An audio section that waits for its next track.
    case unusedAudio
    /// A recvonly section, for the peer to send on or not.
    case receivedAudio
  }

  struct Section: Equatable, Sendable {
    var mid: String
    var content: Content
  }

  private(set) var sections: [Section] = []

  /// Adds the data channel section, or finds the one that is there. Returns its mid.
  mutating func addApplication() -> String {
    if let existing = sections.first(where: { $0.content == .application }) { return existing.mid }
    return append(.application)
  }

  /// Takes over an unused audio section or adds one. Returns its mid.
  mutating func addAudio(trackID: String, ssrc: UInt32) -> String {
    if let index = sections.firstIndex(where: { $0.content == .unusedAudio }) {
      sections[index].content = .audio(trackID: trackID, ssrc: ssrc)
      return sections[index].mid
    }
    return append(.audio(trackID: trackID, ssrc: ssrc))
  }

  /// Turns an audio section inactive; other mids are left alone.
  mutating func removeAudio(mid: String) {
    guard let index = sections.firstIndex(where: { $0.mid == mid }) else { return }
    if case .audio = sections[index].content { sections[index].content = .unusedAudio }
  }

  var receiversCount: Int { sections.count { $0.content == .receivedAudio } }

  mutating func addReceiver() { _ = append(.receivedAudio) }

  private mutating func append(_ content: Content) -> String {
    let mid = "\(sections.count)"
    sections.append(Section(mid: mid, content: content))
    return mid
  }
}

/// The offer for `plan`. `version` must grow from one description to the next.
func makeOffer(_ plan: OfferPlan, identity: LocalIdentity, version: UInt64) -> SessionDescription {
  var offer = SessionDescription(sessionID: identity.sessionID, version: version)
  offer.bundleGroup = plan.sections.map { $0.mid }
  for planned in plan.sections {
    var section: MediaSection
    switch planned.content {
    case .application:
      section = dataSection()
    case .audio(let trackID, let ssrc):
      section = audioSection()
      section.direction = .sendonly
      let msid = MediaStreamID(streamID: "-", trackID: trackID)
      section.msid = msid
      section.sources = [MediaSource(ssrc: ssrc, canonicalName: identity.canonicalName, msid: msid)]
    case .unusedAudio:
      section = audioSection()
      section.direction = .inactive
    case .receivedAudio:
      section = audioSection()
      section.direction = .recvonly
    }
    section.mid = planned.mid
    identity.describe(&section, setup: .actpass)
    offer.sections.append(section)
  }
  return offer
}

func dataSection() -> MediaSection {
  var section = MediaSection(
    kind: .application, transport: MediaSection.dataTransport, formats: ["webrtc-datachannel"])
  section.sctpPort = 5000
  section.maxMessageSize = UInt64(Limits.dataMessageReceiveBytesMax)
  return section
}

/// Opus alone (RFC 7587). Offering RED as well would make a LiveKit server discard the plain Opus that we send.
private func audioSection() -> MediaSection {
  var section = MediaSection(kind: .audio, transport: MediaSection.audioTransport, formats: ["111"])
  section.extensions = [
    HeaderExtension(id: 1, uri: HeaderExtension.audioLevel), HeaderExtension(id: 4, uri: HeaderExtension.mid),
  ]
  section.multiplexesRTCP = true
  section.reducedSizeRTCP = true
  section.codecs = [
    MediaCodec(
      payloadType: 111, name: "opus", clockRate: 48000, channels: 2,
      parameters: "minptime=10;useinbandfec=1", feedback: ["nack"])
  ]
  return section
}
