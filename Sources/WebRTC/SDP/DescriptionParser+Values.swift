import Base

/// The attribute values that have an inner structure.
extension DescriptionParser {
  static var tooManySections: DescriptionFailure {
    .unsupported("more than \(Limits.descriptionSectionsMax) tracks in one room")
  }

  /// What is well-formed and more than we take. It is said, not left aside as rubbish is: the server would wait for its
  /// answer, and end the session.
  func tooMany(_ name: String) -> DescriptionFailure {
    .unsupported("more than \(Limits.attributesPerSectionMax) \(name) attributes in one section")
  }

  /// RFC 8122 §5: `sha-256 AB:CD:...`.
  func parseFingerprint(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) -> Fingerprint {
    var reader = LineReader(value)
    guard let algorithm = reader.token(), let digits = reader.token(), reader.isAtEnd else {
      throw malformed("fingerprint needs an algorithm and a digest")
    }
    var digest: [UInt8] = []
    for pair in digits.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false) {
      guard pair.count == 2, digest.count < 64, let high = hexadecimalDigitValue(pair[pair.startIndex]),
        let low = hexadecimalDigitValue(pair[pair.startIndex + 1])
      else { throw malformed("fingerprint must be pairs of hexadecimal digits with colons between") }
      digest.append(high << 4 | low)
    }
    return Fingerprint(algorithm: lowercased(algorithm), digest: digest)
  }

  /// RFC 8830 §2: a stream and, usually, a track.
  func parseMSID(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) -> MediaStreamID {
    var reader = LineReader(value)
    guard let stream = reader.token() else { throw malformed("msid without a stream") }
    return MediaStreamID(streamID: text(stream), trackID: text(reader.token() ?? []))
  }

  /// `111 minptime=10` or `* nack`: the payload type (nil for `*`) and the rest.
  func payloadTypeAndText(
    _ value: ArraySlice<UInt8>, _ name: String
  ) throws(DescriptionFailure) -> (payloadType: UInt8?, text: String) {
    var reader = LineReader(value)
    guard let first = reader.token() else { throw malformed("\(name) without a payload type") }
    if first.spells("*") { return (nil, text(reader.remainder())) }
    guard let payloadType = decimal(first, max: 127) else {
      throw malformed("payload type of \(name) is no number up to 127")
    }
    return (UInt8(payloadType), text(reader.remainder()))
  }

  /// RFC 8866 §6.6: `111 opus/48000/2`.
  mutating func parseCodec(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) {
    guard (section?.codecs.count ?? 0) < Limits.attributesPerSectionMax else { throw tooMany("rtpmap") }
    let (payloadType, encoding) = try payloadTypeAndText(value, "rtpmap")
    let parts = Array(encoding.utf8).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let payloadType, parts.count == 2 || parts.count == 3, !parts[0].isEmpty,
      let clockRate = decimal(parts[1], max: UInt64(UInt32.max)), clockRate > 0
    else { throw malformed("rtpmap must be <payload type> <name>/<clock rate>[/<channels>]") }
    var codec = MediaCodec(payloadType: payloadType, name: text(parts[0]), clockRate: UInt32(clockRate))
    if parts.count == 3 {
      guard let channels = decimal(parts[2], max: 255) else {
        throw malformed("channels of rtpmap is no number")
      }
      codec.channels = UInt8(channels)
    }
    if let others = section?.codecs.filter({ $0.payloadType != payloadType }) { section?.codecs = others }
    section?.codecs.append(codec)
  }

  /// RFC 8285 §7: `4 urn:...` or `4/sendonly urn:...`. Ids from 1 to 14 fit the one-byte form, up to 255 the other.
  mutating func parseExtension(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) {
    guard (section?.extensions.count ?? 0) < Limits.attributesPerSectionMax else { throw tooMany("extmap") }
    var reader = LineReader(value)
    guard let first = reader.token(), let uri = reader.token() else {
      throw malformed("extmap needs an id and a URI")
    }
    let digits = first[first.startIndex..<(first.firstIndex(of: UInt8(ascii: "/")) ?? first.endIndex)]
    guard let id = decimal(digits, max: 4351), id > 0 else { throw malformed("id of extmap is no number") }
    // Ids above 255 are placeholders of a negotiation (RFC 8285 §7); this side has no use for them.
    if id <= 255 { section?.extensions.append(HeaderExtension(id: UInt8(id), uri: text(uri))) }
  }

  /// RFC 5576 §4.1: `<ssrc> <attribute>:<value>`; of the attributes cname and msid are kept.
  mutating func parseSource(_ value: ArraySlice<UInt8>) throws(DescriptionFailure) {
    var reader = LineReader(value)
    guard let number = reader.token(), let ssrc = decimal(number, max: UInt64(UInt32.max)) else {
      throw malformed("ssrc is no 32-bit number")
    }
    guard var sources = section?.sources else { return }
    let source = UInt32(ssrc)
    if !sources.contains(where: { $0.ssrc == source }) {
      guard sources.count < Limits.attributesPerSectionMax else { throw tooMany("ssrc") }
      sources.append(MediaSource(ssrc: source))
    }
    guard let index = sources.firstIndex(where: { $0.ssrc == source }) else { return }
    let attribute = reader.remainder()
    if attribute.begins(with: "cname:") {
      sources[index].canonicalName = text(attribute.dropFirst(6))
    } else if attribute.begins(with: "msid:") {
      sources[index].msid = try parseMSID(attribute.dropFirst(5))
    }
    section?.sources = sources
  }
}
