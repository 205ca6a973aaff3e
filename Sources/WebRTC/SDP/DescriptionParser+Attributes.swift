import Base

extension DescriptionParser {
  mutating func parseAttribute(_ attribute: ArraySlice<UInt8>) throws(DescriptionFailure) {
    let colon = attribute.firstIndex(of: UInt8(ascii: ":")) ?? attribute.endIndex
    let name = text(attribute[attribute.startIndex..<colon])
    let value = colon < attribute.endIndex ? attribute[(colon + 1)...] : attribute[colon...]
    if try parseShared(name, value) { return }
    if !isInSection {
      try parseSessionAttribute(name, value)
    } else if try !parseFlag(name, value) {
      try parseSectionAttribute(name, value)
    }
  }

  /// Attributes that a session and a section may have. False: not one of these.
  private mutating func parseShared(
    _ name: String, _ value: ArraySlice<UInt8>
  ) throws(DescriptionFailure) -> Bool {
    var shared = isInSection ? own : session
    switch name {
    case "ice-ufrag":
      // RFC 8839 §5.4: 4 to 256 characters, a password 22 to 256.
      guard (4...256).contains(value.count), isICECharacters(value) else {
        throw malformed("ice-ufrag must have 4 to 256 letters, digits, + or /")
      }
      shared.usernameFragment = text(value)
    case "ice-pwd":
      guard (22...256).contains(value.count), isICECharacters(value) else {
        throw malformed("ice-pwd must have 22 to 256 letters, digits, + or /")
      }
      shared.password = text(value)
    case "ice-options":
      var reader = LineReader(value)
      while let option = reader.token() {
        guard shared.iceOptions.count < Limits.attributesPerSectionMax else { throw tooMany("ice-options") }
        shared.iceOptions.append(text(option))
      }
    case "fingerprint":
      guard shared.fingerprints.count < Limits.attributesPerSectionMax else { throw tooMany("fingerprint") }
      shared.fingerprints.append(try parseFingerprint(value))
    case "setup":
      switch text(value) {
      case "active": shared.setup = .active
      case "passive": shared.setup = .passive
      case "actpass": shared.setup = .actpass
      case "holdconn": shared.setup = .holdconn
      default: throw malformed("setup must be active, passive, actpass or holdconn")
      }
    default:
      return false
    }
    if isInSection { own = shared } else { session = shared }
    return true
  }

  private mutating func parseSessionAttribute(
    _ name: String, _ value: ArraySlice<UInt8>
  ) throws(DescriptionFailure) {
    switch name {
    case "ice-lite":
      description.isICELite = true
    case "group":
      var reader = LineReader(value)
      guard let semantics = reader.token() else { throw malformed("group without semantics") }
      // Of several BUNDLE groups the first is used: one transport is all that a peer connection has.
      guard semantics.spells("BUNDLE"), description.bundleGroup.isEmpty else { return }
      while let mid = reader.token() {
        guard description.bundleGroup.count < Limits.descriptionSectionsMax else {
          throw Self.tooManySections
        }
        description.bundleGroup.append(text(mid))
      }
    default:
      break
    }
  }

  /// Section attributes that are one word, or a number.
  private mutating func parseFlag(
    _ name: String, _ value: ArraySlice<UInt8>
  ) throws(DescriptionFailure) -> Bool {
    switch name {
    case "sendrecv": section?.direction = .sendrecv
    case "sendonly": section?.direction = .sendonly
    case "recvonly": section?.direction = .recvonly
    case "inactive": section?.direction = .inactive
    case "rtcp-mux": section?.multiplexesRTCP = true
    case "rtcp-rsize": section?.reducedSizeRTCP = true
    case "end-of-candidates": section?.candidatesEnded = true
    case "mid":
      guard !value.isEmpty, value.count <= 64, !value.contains(0x20) else {
        throw malformed("mid must be one word of at most 64 characters")
      }
      section?.mid = text(value)
    case "sctp-port":
      guard let port = decimal(value, max: 65535) else { throw malformed("sctp-port is no port number") }
      section?.sctpPort = UInt16(port)
    case "max-message-size":
      guard let size = decimal(value, max: .max) else { throw malformed("max-message-size is no number") }
      section?.maxMessageSize = size
    default:
      return false
    }
    return true
  }

  private mutating func parseSectionAttribute(
    _ name: String, _ value: ArraySlice<UInt8>
  ) throws(DescriptionFailure) {
    switch name {
    case "msid":
      let msid = try parseMSID(value)
      section?.msid = msid
    case "rtpmap":
      try parseCodec(value)
    case "fmtp":
      let (payloadType, text) = try payloadTypeAndText(value, "fmtp")
      guard parameters.count < Limits.attributesPerSectionMax else { throw tooMany("fmtp") }
      guard let payloadType else { throw malformed("fmtp without a payload type") }
      parameters.append((payloadType, text))
    case "rtcp-fb":
      let (payloadType, text) = try payloadTypeAndText(value, "rtcp-fb")
      guard feedback.count < Limits.attributesPerSectionMax else { throw tooMany("rtcp-fb") }
      feedback.append((payloadType, text))
    case "extmap":
      try parseExtension(value)
    case "ssrc":
      try parseSource(value)
    case "candidate":
      guard (section?.candidates.count ?? 0) < Limits.attributesPerSectionMax else {
        throw tooMany("candidate")
      }
      guard value.count <= Limits.candidateBytesMax else { throw malformed("candidate is too long") }
      section?.candidates.append("candidate:" + text(value))
    default:
      break
    }
  }
}
