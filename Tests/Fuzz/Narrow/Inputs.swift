import Base

/// Inputs for one target: the same ones in each run.
struct Inputs {
  private var state: UInt64
  private let seed: [UInt8]

  init(target: String) {
    state = 0x9E37_79B9_7F4A_7C15
    for byte in target.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    seed = Inputs.seed(of: target)
  }

  /// Where words and fields end, as `integers.dict` has them.
  private static let ends: [[UInt8]] =
    [
      "9223372036854775807", "-9223372036854775808", "18446744073709551615", "2147483647", "-2147483648",
      "4294967295", "4294967296", "9007199254740993", "1e308", "-0",
    ].map { Array($0.utf8) } + [
      [0x7F, 0xFF], [0x80, 0], [0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0],
      [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x80, 0, 0, 0, 0, 0, 0, 0],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
      // The longest number of protobuf.
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    ]

  /// SplitMix64.
  private mutating func number(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: (mixed ^ (mixed >> 31)) % UInt64(bound))
  }

  mutating func next() -> [UInt8] {
    // Every fourth is nothing but noise.
    var bytes: [UInt8] = number(below: 4) == 0 ? noise() : seed
    for _ in 0..<number(below: 8) { change(&bytes) }
    return bytes.count > 4096 ? Array(bytes.prefix(4096)) : bytes
  }

  private mutating func noise() -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<number(below: 400) { bytes.append(UInt8(number(below: 256))) }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = noise()
      return
    }
    let place = number(below: bytes.count)
    let end = Inputs.ends[number(below: Inputs.ends.count)]
    switch number(below: 6) {
    case 0: bytes[place] = UInt8(number(below: 256))
    case 1: bytes[place] ^= 1 << UInt8(number(below: 8))
    case 2: bytes.insert(contentsOf: end, at: place)
    case 3: for index in 0..<min(end.count, bytes.count - place) { bytes[place + index] = end[index] }
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(below: 16)))
    default: bytes.append(contentsOf: Array(bytes[place...].prefix(64)))
    }
  }

  /// Something that the target understands, to be changed; nothing for those that take anything.
  private static func seed(of target: String) -> [UInt8] {
    for (name, text) in texts where name == target { return Array(text.utf8) }
    for (name, digits) in packets where name == target { return Base.bytes(hexadecimal: digits) ?? [] }
    return []
  }

  private static let texts: [(String, String)] = [
    ("ip-address", "2001:db8::192.0.2.1"),
    ("configuration", "[device]\nid = door\n[door]\npulse-ms = 3000\nrpc-allow = agent:bot, sip:a*\n"),
    ("control-request", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"volume\",\"params\":{\"level\":50}}"),
    ("control-line-buffer", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n{}\n"),
    ("control-conversation", "a\"event\":\"call.state\",\"t\":1800000000000,\"seconds\":5"),
    ("control-scrubber", "wss://u:p@h/a?b=c Bearer abcdefghij eyJhbGciOiJIUzI1NiJ9.eyJ9.c2ln"),
    ("rpc-json", "a{\"level\":50,\"for\":10}"),
    ("http-response", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"),
    ("http-server-request", "BPOST /hook?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"),
    ("web-address", "wss://host.example:443/a?b=c"), ("server-url", "stun:host.example:3478"),
    ("token", "{\"sub\":\"d\",\"exp\":1800000000,\"nbf\":5,\"video\":{\"roomJoin\":true,\"room\":\"h\"}}"),
    ("token-endpoint-json", "{\"server_url\":\"wss://h\",\"participant_token\":\"a.b.c\"}"),
    ("api-answer", "a{\"code\":\"not_found\",\"msg\":\"m\",\"meta\":{\"sip_status_code\":\"486\"}}"),
    (
      "webhook-livekit",
      "{\"event\":\"participant_joined\",\"room\":{\"name\":\"r\"},\"participant\":{\"sid\":\"PA\",\"identity\":\"i\",\"kind\":\"SIP\"},\"id\":\"EV\",\"createdAt\":\"9223372036854775807\"}"
    ), ("webhook-twilio-form", "CallSid=CA12&From=%2B1555&To=a+b&CallStatus=ringing"),
    ("webhook-meta", "\"sdp\":\"v=0\"},\"event\":\"connect\",\"timestamp\":\"1\",\"a\":{"),
    ("phone-number", "+1 (555) 012-3456"),
    ("key-file", "; of this house\ndoor #15 = a b\n* = \"c\"\npeer one = d\n"),
    ("names", "agent-x\u{FE}agent-x"),
    (
      "candidate-init",
      "{\"candidate\":\"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}"
    ),
    ("candidate", "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ srflx raddr 192.0.2.2 rport 5001"),
    (
      "sdp",
      "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-256 01:02\r\na=setup:actpass\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:4294967295 cname:a\r\na=sendonly\r\n"
    ),
  ]

  private static let packets: [(String, String)] = [
    ("websocket-frames", "827e0005 68656c6c6f 827f000000000000000568656c6c6f"),
    ("signal-response", "2a1c 0a1a 0a0450415f31 1205 6167656e74 1802 5007 7004 7a060a016b120176"),
    ("data-packet", "1219 12020001 220174 5a10000102030405060708090a0b0c0d0e0f 2a0161 2a0162 800101"),
    ("encrypted", "0a0f120a68656c6c6f2065326565220174"),
    ("rtp", "906f0001 00000001 00000007 bede0001 10800000 0102030405"),
    ("rtcp", "81c90007 00000001 00000007 ff7fffff 00010000 00000010 00000001 00000002"),
    ("srtp-unprotect", "00806f0001 00000001 00000007 0102030405060708090a0b0c0d0e0f10"),
    ("stun", "0001 0008 2112a442 000102030405060708090a0b 00240004 7effffff"),
    ("dcep", "03000000 00000000 0005 0000 6c6162656c"),
    ("token-life", "0000 4000 ff7fffffffffffffff 0100 0a00"),
    ("jitter-buffer", "00200102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
    ("opus-decode", "0a fc010203040506070809"), ("keypad", "10000000 00000000 0100 1e00 01000000"),
  ]
}
