import Base

extension SessionDescription {
  /// The description as text, with CRLF after each line.
  func serialized() -> String {
    var writer = DescriptionWriter()
    writer.line("v=0")
    writer.line("o=- \(sessionID) \(version) IN IP4 127.0.0.1")
    writer.line("s=-")
    writer.line("t=0 0")
    if isICELite { writer.line("a=ice-lite") }
    if !bundleGroup.isEmpty {
      var group = "a=group:BUNDLE"
      for mid in bundleGroup { group += " " + mid }
      writer.line(group)
    }
    writer.line("a=extmap-allow-mixed")
    writer.line("a=msid-semantic: WMS")
    for section in sections { writer.section(section) }
    return writer.text
  }
}

private struct DescriptionWriter {
  var text = ""

  mutating func line(_ content: String) {
    text += content
    text += "\r\n"
  }

  mutating func section(_ section: MediaSection) {
    var head = "m=" + word(section.kind) + " \(section.port) " + section.transport
    for format in section.formats { head += " " + format }
    line(head)
    line("c=IN IP4 0.0.0.0")
    transport(section)
    if !section.mid.isEmpty { line("a=mid:" + section.mid) }
    for entry in section.extensions { line("a=extmap:\(entry.id) " + entry.uri) }
    // A data channel section has no direction; sendrecv is what its absence means.
    if section.kind != .application || section.direction != .sendrecv {
      line("a=" + word(section.direction))
    }
    if let msid = section.msid { line("a=msid:" + word(msid)) }
    if section.multiplexesRTCP { line("a=rtcp-mux") }
    if section.reducedSizeRTCP { line("a=rtcp-rsize") }
    for codec in section.codecs { self.codec(codec) }
    for source in section.sources { self.source(source) }
    if let port = section.sctpPort { line("a=sctp-port:\(port)") }
    if let size = section.maxMessageSize { line("a=max-message-size:\(size)") }
    for candidate in section.candidates { line("a=" + candidate) }
    if section.candidatesEnded { line("a=end-of-candidates") }
  }

  private mutating func transport(_ section: MediaSection) {
    if let credentials = section.credentials {
      line("a=ice-ufrag:" + credentials.usernameFragment)
      line("a=ice-pwd:" + credentials.password)
    }
    if !section.iceOptions.isEmpty {
      var options = "a=ice-options:"
      for (index, option) in section.iceOptions.enumerated() { options += (index > 0 ? " " : "") + option }
      line(options)
    }
    for fingerprint in section.fingerprints {
      line("a=fingerprint:" + fingerprint.algorithm + " " + fingerprint.text)
    }
    switch section.setup {
    case .active: line("a=setup:active")
    case .passive: line("a=setup:passive")
    case .actpass: line("a=setup:actpass")
    case .holdconn: line("a=setup:holdconn")
    case nil: break
    }
  }

  private mutating func codec(_ codec: MediaCodec) {
    var map = "a=rtpmap:\(codec.payloadType) " + codec.name + "/\(codec.clockRate)"
    if codec.channels > 0 { map += "/\(codec.channels)" }
    line(map)
    for feedback in codec.feedback { line("a=rtcp-fb:\(codec.payloadType) " + feedback) }
    if !codec.parameters.isEmpty { line("a=fmtp:\(codec.payloadType) " + codec.parameters) }
  }

  private mutating func source(_ source: MediaSource) {
    line("a=ssrc:\(source.ssrc) cname:" + source.canonicalName)
    if let msid = source.msid { line("a=ssrc:\(source.ssrc) msid:" + word(msid)) }
  }

  private func word(_ msid: MediaStreamID) -> String {
    msid.trackID.isEmpty ? msid.streamID : msid.streamID + " " + msid.trackID
  }

  private func word(_ kind: MediaSection.Kind) -> String {
    switch kind {
    case .audio: "audio"
    case .video: "video"
    case .application: "application"
    case .other(let name): name
    }
  }

  private func word(_ direction: MediaDirection) -> String {
    switch direction {
    case .sendrecv: "sendrecv"
    case .sendonly: "sendonly"
    case .recvonly: "recvonly"
    case .inactive: "inactive"
    }
  }
}

extension Fingerprint {
  /// `AB:CD:...`, upper case as RFC 8122 §5 wants it.
  var text: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var characters: [UInt8] = []
    for byte in digest {
      if !characters.isEmpty { characters.append(UInt8(ascii: ":")) }
      characters.append(digits[Int(byte >> 4)])
      characters.append(digits[Int(byte & 15)])
    }
    return String(decoding: characters, as: UTF8.self)
  }
}
