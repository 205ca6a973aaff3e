import Base

/// The answer to `offer` of a side that receives Opus and sends nothing: same sections, same mids, same order
/// (RFC 8829 §5.3.1). Sections that send Opus here become `recvonly`, a data channel section is accepted, all
/// others become `inactive`.
///
/// - Parameters:
///   - prefersActive: the DTLS role to take where the offer leaves the choice (`actpass`).
func makeAnswer(
  to offer: SessionDescription, identity: LocalIdentity, version: UInt64, prefersActive: Bool
) throws(DescriptionFailure) -> SessionDescription {
  let remote = try offer.transport()
  let setup = try answeringSetup(to: remote.setup, prefersActive: prefersActive)
  var answer = SessionDescription(sessionID: identity.sessionID, version: version)
  for offered in offer.sections {
    var section = answerSection(to: offered)
    if !section.isRejected {
      identity.describe(&section, setup: setup)
      if offer.bundleGroup.contains(section.mid) { answer.bundleGroup.append(section.mid) }
    }
    answer.sections.append(section)
  }
  return answer
}

/// RFC 8842 §5.3. An offer without `a=setup` comes from RFC 4145's default, active.
func answeringSetup(to offered: SetupRole?, prefersActive: Bool) throws(DescriptionFailure) -> SetupRole {
  switch offered {
  case .actpass: prefersActive ? .active : .passive
  case .passive: .active
  case .active, nil: .passive
  case .holdconn: throw .unsupported("setup:holdconn")
  }
}

private func answerSection(to offered: MediaSection) -> MediaSection {
  var section = MediaSection(kind: offered.kind, transport: offered.transport, formats: offered.formats)
  section.mid = offered.mid
  if offered.isRejected {
    section.port = 0
    section.direction = .inactive
    return section
  }
  switch offered.kind {
  case .application where offered.transport.utf8.ends(with: "SCTP"):
    var data = dataSection()
    data.transport = offered.transport
    data.formats = offered.formats
    data.mid = offered.mid
    return data
  case .audio, .video:
    return mediaAnswer(to: offered, section)
  default:
    section.port = 0
    section.direction = .inactive
    return section
  }
}

private func mediaAnswer(to offered: MediaSection, _ started: MediaSection) -> MediaSection {
  var section = started
  section.multiplexesRTCP = offered.multiplexesRTCP
  section.reducedSizeRTCP = offered.reducedSizeRTCP
  section.direction = .inactive
  guard offered.kind == .audio, let opus = offered.opus else {
    // Nothing in common; the section stays in the group, in case that it is offered with Opus one day.
    section.codecs = offered.codecs
    return section
  }
  // Payload types keep the numbers of the offer. Whatever is answered beside Opus would be sent to us: a LiveKit
  // server sends RED as soon as an answer lists it.
  var codec = MediaCodec(payloadType: opus.payloadType, name: "opus", clockRate: 48000, channels: 2)
  codec.parameters = "minptime=10;useinbandfec=1"
  if equalsIgnoringCase(opus.parameter("sprop-stereo") ?? "", "1") { codec.parameters += ";stereo=1" }
  if opus.feedback.contains("nack") { codec.feedback = ["nack"] }
  section.codecs = [codec]
  section.formats = ["\(opus.payloadType)"]
  section.extensions = offered.extensions.filter {
    $0.uri == HeaderExtension.audioLevel || $0.uri == HeaderExtension.mid
  }
  if offered.direction.sends { section.direction = .recvonly }
  return section
}
