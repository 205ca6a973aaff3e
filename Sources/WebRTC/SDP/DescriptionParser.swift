import Base

extension SessionDescription {
  /// Reads a description. Lines end with CRLF or LF. What is understood must be well-formed; the failure names the
  /// line. What is not understood is skipped, as RFC 8866 §5 asks.
  static func parse(_ sdp: String) throws(DescriptionFailure) -> SessionDescription {
    var parser = DescriptionParser()
    return try parser.parse(Array(sdp.utf8))
  }
}

/// Reads line by line; the attributes are in `DescriptionParser+Attributes.swift`.
struct DescriptionParser {
  /// What session-level lines say, for the sections that do not say it themselves.
  struct Inherited {
    var usernameFragment: String?
    var password: String?
    var iceOptions: [String] = []
    var fingerprints: [Fingerprint] = []
    var setup: SetupRole?
  }

  var line = 0
  var description = SessionDescription(sessionID: 0, version: 0)
  var session = Inherited()
  /// The same of the section that is being read.
  var own = Inherited()
  var section: MediaSection?
  /// fmtp and rtcp-fb may come before their rtpmap; `*` feedback goes to every codec.
  var parameters: [(payloadType: UInt8, text: String)] = []
  var feedback: [(payloadType: UInt8?, text: String)] = []

  func malformed(_ what: String) -> DescriptionFailure { .malformed(line: line, what) }

  mutating func parse(_ bytes: [UInt8]) throws(DescriptionFailure) -> SessionDescription {
    guard bytes.count <= Limits.descriptionBytesMax else {
      throw .unsupported("a description that is longer than \(Limits.descriptionBytesMax) bytes")
    }
    var rest = bytes[...]
    var hasOrigin = false
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
      var content = rest[rest.startIndex..<end]
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
      if content.last == 0x0D { content = content.dropLast() }
      line += 1
      guard line <= Limits.descriptionLinesMax else {
        throw malformed("more than \(Limits.descriptionLinesMax) lines")
      }
      // Tolerated at the end only, where transports like to leave one.
      if content.isEmpty {
        guard rest.allSatisfy({ $0 == 0x0A || $0 == 0x0D }) else { throw malformed("empty line") }
        break
      }
      guard content.count >= 2, content[content.startIndex + 1] == UInt8(ascii: "=") else {
        throw malformed("not of the form <letter>=<value>")
      }
      let type = content[content.startIndex]
      let value = content.dropFirst(2)
      if line == 1, type != UInt8(ascii: "v") { throw malformed("a description starts with v=0") }
      switch type {
      case UInt8(ascii: "v"):
        guard line == 1, value.spells("0") else {
          throw malformed("a description starts with v=0")
        }
      case UInt8(ascii: "o"):
        guard !hasOrigin, !isInSection else { throw malformed("a second o= line") }
        hasOrigin = true
        try parseOrigin(value)
      case UInt8(ascii: "m"):
        try finishSection()
        try startSection(value)
      case UInt8(ascii: "a"):
        try parseAttribute(value)
      default:
        break
      }
    }
    guard line > 0 else { throw .malformed(line: 0, "empty") }
    guard hasOrigin else { throw .malformed(line: 0, "no o= line") }
    try finishSection()
    return description
  }

  /// A pattern, as `section == nil` would compare sections.
  var isInSection: Bool { if case nil = section { false } else { true } }

  private mutating func parseOrigin(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) {
    var reader = LineReader(value)
    guard reader.token() != nil, let id = reader.token(), let version = reader.token(), !reader.isAtEnd else {
      throw malformed("o= needs a user, a session id, a version and an address")
    }
    guard let id = decimal(id, max: .max), let version = decimal(version, max: .max) else {
      throw malformed("session id and version of o= must be numbers")
    }
    description.sessionID = id
    description.version = version
  }

  private mutating func startSection(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) {
    guard description.sections.count < Limits.descriptionSectionsMax else {
      throw Self.tooManySections
    }
    var reader = LineReader(value)
    guard let kind = reader.token(), let port = reader.token(), let transport = reader.token() else {
      throw malformed("m= needs a kind, a port, a protocol and formats")
    }
    // "9/2" is a range of ports, which nobody uses with ICE; the first number is enough.
    let first = port[port.startIndex..<(port.firstIndex(of: UInt8(ascii: "/")) ?? port.endIndex)]
    guard let port = decimal(first, max: 65535) else {
      throw malformed("port of m= is no number up to 65535")
    }
    var formats: [String] = []
    while let format = reader.token() {
      guard formats.count < Limits.attributesPerSectionMax else { throw malformed("too many formats in m=") }
      formats.append(text(format))
    }
    guard !formats.isEmpty else { throw malformed("m= without a format") }
    var started = MediaSection(kind: .other(text(kind)), transport: text(transport), formats: formats)
    if kind.spells("audio") { started.kind = .audio }
    if kind.spells("video") { started.kind = .video }
    if kind.spells("application") { started.kind = .application }
    started.port = UInt16(port)
    section = started
    own = Inherited()
    parameters = []
    feedback = []
  }

  /// Gives the section what it inherits (RFC 8839 §5.4, RFC 8122 §5) and its codecs their late lines.
  private mutating func finishSection() throws(DescriptionFailure) {
    guard var finished = section else { return }
    section = nil
    if let fragment = own.usernameFragment ?? session.usernameFragment,
      let password = own.password ?? session.password
    {
      finished.credentials = ICECredentials(usernameFragment: fragment, password: password)
    }
    finished.iceOptions = own.iceOptions.isEmpty ? session.iceOptions : own.iceOptions
    finished.fingerprints = own.fingerprints.isEmpty ? session.fingerprints : own.fingerprints
    finished.setup = own.setup ?? session.setup
    var feedbackCount = 0
    for index in finished.codecs.indices {
      let payloadType = finished.codecs[index].payloadType
      for entry in parameters where entry.payloadType == payloadType {
        finished.codecs[index].parameters = entry.text
      }
      for entry in feedback where entry.payloadType == nil || entry.payloadType == payloadType {
        feedbackCount += 1
        guard feedbackCount <= Limits.attributesPerSectionMax else { throw tooMany("rtcp-fb") }
        finished.codecs[index].feedback.append(entry.text)
      }
    }
    if !finished.mid.isEmpty, description.sections.contains(where: { $0.mid == finished.mid }) {
      throw malformed("mid \(finished.mid) is used by two sections")
    }
    description.sections.append(finished)
  }
}
