import Base

// What the server refuses, said before it is asked. These are its own rules, and what it takes passes here, too: but for
// keys that its bridge plays as silence, and control characters in a name, which no header can have.

extension SIPCall {
  func check() throws(TelephonyFault) {
    guard !roomName.utf8.isEmpty else { throw .init("room_name", "is missing") }
    guard !callTo.utf8.isEmpty else { throw .init("sip_call_to", "is missing") }
    guard !callTo.utf8.contains(UInt8(ascii: "@")) else {
      throw .init(
        "sip_call_to", "has an @ in it: write the number or the user alone, as the trunk has the host")
    }
    guard trunkID != nil || trunk != nil || number != nil else {
      throw .init("sip_trunk_id", "is missing: set [phone] trunk")
    }
    if let trunk { try trunk.check() }
    if let toUserOverride, !toUserOverride.utf8.allSatisfy({ isTokenByte($0) }) {
      throw .init("to_user_override", "has a character that a SIP user cannot have, such as @ or a blank")
    }
    if let displayName { try checkDisplayName(displayName) }
    if let keys { try checkKeys(keys) }
    for header in headers { try checkHeader(header) }
    try checkDuration("ringing_timeout", ringingTimeoutSeconds ?? 0)
    try checkDuration("max_call_duration", maxCallDurationSeconds)
    if let destination { try destination.check() }
    if let media { try media.check() }
    guard toHeader == nil else { throw .init("sip_to_header", "cannot be used beside sip_call_to") }
  }
}

extension SIPCall.Trunk {
  func check() throws(TelephonyFault) {
    guard !hostname.utf8.isEmpty else { throw .init("trunk.hostname", "is missing") }
    try checkHost("trunk.hostname", hostname)
    if let fromHost { try checkHost("trunk.from_host", fromHost) }
  }
}

extension SIPCall.Destination {
  func check() throws(TelephonyFault) {
    let (country, region) = (country ?? "", region ?? "")
    guard city?.utf8.isEmpty != false || !country.utf8.isEmpty || !region.utf8.isEmpty else {
      throw .init("destination", "has a city, but neither a country nor a region")
    }
    guard
      country.utf8.isEmpty
        || country.utf8.count == 2 && country.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
    else { throw .init("destination.country", "is not two capitals of ISO 3166, such as GB") }
  }
}

extension SIPCall.Media {
  func check() throws(TelephonyFault) {
    if let encryption,
      !MediaEncryption.allCases.contains(where: { $0.rawValue.utf8.elementsEqual(encryption.utf8) })
    {
      throw .init("media.encryption", "is none of SIP_MEDIA_ENCRYPT_DISABLE, _ALLOW and _REQUIRE")
    }
    for codec in codecs {
      guard !codec.name.utf8.isEmpty,
        !codec.name.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "/") })
      else { throw .init("media.codecs", "has a name that is empty, or has a blank or a / in it") }
      guard (0...Int(Int32.max)).contains(codec.rate) else {
        throw .init("media.codecs", "has a rate that is no number of samples a second")
      }
    }
    if let timeoutSeconds, !(0...TelephonyLimits.mediaTimeoutSecondsMax).contains(timeoutSeconds) {
      throw .init("media.media_timeout", "is not from 0 to 600 s")
    }
  }
}

func checkHost(_ field: String, _ host: String) throws(TelephonyFault) {
  let bytes = host.utf8.map { lowercased($0) }
  let isAddress = bytes.starts(with: "sip:".utf8) || bytes.starts(with: "sips:".utf8)
  guard !isAddress, !bytes.contains(UInt8(ascii: "@")), !bytes.contains(UInt8(ascii: ";")),
    !holds(host, "transport=")
  else { throw .init(field, "must be a host name or an IP address alone, without sip:, @ or ;") }
}

/// Whether it is text between double quotes, as Go reads it: the server does.
func checkDisplayName(_ name: String) throws(TelephonyFault) {
  guard name.utf8.count <= TelephonyLimits.displayNameBytesMax else {
    throw .init("display_name", "is longer than \(TelephonyLimits.displayNameBytesMax) bytes")
  }
  var rest = Array(name.utf8)[...]
  while let byte = rest.popFirst() {
    guard byte >= 0x20, byte != 0x7F else { throw .init("display_name", "has a control character in it") }
    guard byte != UInt8(ascii: "\"") else { throw .init("display_name", "has a quote in it") }
    guard byte != UInt8(ascii: "\\") || skipEscape(&rest) else {
      throw .init("display_name", "has a backslash in it that is not written twice")
    }
  }
}

/// After the backslash: one of the letters of Go, three octal digits, or x, u, U with 2, 4, 8 hexadecimal ones.
private func skipEscape(_ rest: inout ArraySlice<UInt8>) -> Bool {
  guard let letter = rest.popFirst() else { return false }
  let count: Int
  switch letter {
  case UInt8(ascii: "x"): count = 2
  case UInt8(ascii: "u"): count = 4
  case UInt8(ascii: "U"): count = 8
  case 0x30...0x37:
    let more = rest.prefix(2)
    rest = rest.dropFirst(2)
    return letter <= 0x33 && more.count == 2 && more.allSatisfy { (0x30...0x37).contains($0) }
  default: return #"abfnrtv\""#.utf8.contains(letter)
  }
  let digits = rest.prefix(count)
  rest = rest.dropFirst(count)
  var value: UInt64 = 0
  for digit in digits {
    guard let nibble = hexadecimalDigitValue(digit) else { return false }
    value = value << 4 | UInt64(nibble)
  }
  return digits.count == count && (count == 2 || Unicode.Scalar(UInt32(truncatingIfNeeded: value)) != nil)
}

/// What the bridge plays for a key; for anything else it is silent for half a second, and says nothing.
func checkKeys(_ keys: String) throws(TelephonyFault) {
  guard keys.utf8.count <= TelephonyLimits.keysMax else {
    throw .init("dtmf", "has more than \(TelephonyLimits.keysMax) keys")
  }
  for byte in keys.utf8 where !"0123456789*#abcdw".utf8.contains(byte) {
    throw .init("dtmf", "has a key that there is not; they are 0-9, *, #, a-d, and w for half a second")
  }
}

/// A bound of protobuf's. What is beyond it the server cannot read.
func checkDuration(_ field: String, _ seconds: Int) throws(TelephonyFault) {
  guard Int64(seconds).magnitude <= TelephonyLimits.durationSecondsMax.magnitude else {
    throw .init(field, "is a time that nobody can wait for")
  }
}

/// Headers that the bridge writes itself are refused, and names that are no token (RFC 3261 §25.1).
func checkHeader(_ header: (name: String, value: String)) throws(TelephonyFault) {
  let name = header.name.utf8
  guard (1...TelephonyLimits.headerNameBytesMax).contains(name.count) else {
    throw .init("headers", "has a name of \(name.count) bytes")
  }
  guard name.allSatisfy({ isTokenByte($0) }) else {
    throw .init("headers", "has a name with a character that a header's name may not have")
  }
  let own = [
    "accept", "accept-encoding", "accept-language", "allow", "allow-events", "call-id", "contact",
    "content-encoding", "content-length", "content-type", "cseq", "event", "expires", "from", "max-forwards",
    "record-route", "refer-to", "reply-to", "k", "l", "m", "o", "r", "t", "u", "v",
  ]
  for one in own where equalsIgnoringCase(one, header.name) {
    throw .init("headers", "has \(header.name), which the bridge writes itself")
  }
  guard header.value.utf8.count <= TelephonyLimits.headerValueBytesMax else {
    throw .init("headers", "has a value of more than \(TelephonyLimits.headerValueBytesMax) bytes")
  }
  for byte in header.value.utf8 where (byte < 0x20 && byte != 0x09) || byte == 0x7F {
    throw .init("headers", "has a value with a control character in it")
  }
}

/// `token` of RFC 3261 §25.1.
func isTokenByte(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || "-.!%*_+`'~".utf8.contains(byte) }
