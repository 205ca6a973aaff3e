import Base

@testable import WebRTC

private let offerOfTheServer = """
  v=0\r\no=- 7 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
  a=fingerprint:sha-256 \
  49:A5:16:C7:78:ED:9E:A6:F7:4E:0F:CB:67:10:95:9A:1A:0F:67:47:B4:B8:D3:16:45:5C:E3:88:67:7B:73:B6\r\n\
  m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:0\r\n\
  a=sendrecv\r\na=sctp-port:5000\r\na=ice-ufrag:peer\r\na=ice-pwd:0123456789abcdefghijkl\r\n
  """

nonisolated(unsafe) private let certificateOfTheFuzzer = try? Certificate()

/// A peer connection between its server and a stranger: the input says who sends what, and when the server's checks come.
/// Whatever the stranger sends that is no STUN changes one counter and nothing else, and alerts in plain text are none.
func fuzzDemultiplexing(_ bytes: [UInt8]) {
  guard let certificateOfTheFuzzer else { return }
  var configuration = PeerConnection.Configuration(certificate: certificateOfTheFuzzer, canonicalName: "c")
  configuration.answersActive = bytes.first.map { $0 & 1 == 0 } ?? true
  var now = Instant(microseconds: 0)
  let connection = PeerConnection(configuration: configuration, random: SeededRandom(seed: 1), now: now)
  let base = SocketAddress(ip: IPAddress(v4: 0xC000_0201), port: 5000)
  let server = SocketAddress(ip: IPAddress(v4: 0xC000_0202), port: 7882)
  let stranger = SocketAddress(ip: IPAddress(v4: 0xC000_0203), port: 7882)
  connection.handle(.localAddress(base), now: now)
  var reader = ByteReader(Array(bytes.dropFirst()))
  while let step = try? reader.u8() {
    switch step % 5 {
    case 0: _ = try? connection.acceptOffer(offerOfTheServer, now: now)
    case 1: check(connection, from: server, to: base, nominates: step & 64 != 0, now: now)
    case 2: now = now.advanced(byMilliseconds: Int(step))
    case 3:
      let datagram = (try? reader.take(min(reader.remaining, Int(step >> 2)))).map { Array($0) } ?? []
      connection.handle(.datagram(datagram, from: server, to: base), now: now)
    default:
      let datagram = (try? reader.take(min(reader.remaining, Int(step >> 2)))).map { Array($0) } ?? []
      strangerSends(datagram, to: connection, from: stranger, at: base, now: now)
    }
    for _ in 0..<200 { if case .wait = connection.poll(now: now) { break } }
    precondition(connection.earlyDatagrams.count <= Limits.earlyDatagramsMax)
  }
}

private func strangerSends(
  _ datagram: [UInt8], to connection: PeerConnection, from stranger: SocketAddress, at base: SocketAddress,
  now: Instant
) {
  let kind = DatagramKind(datagram)
  guard kind == .dtls || kind == .media else { return }
  let (rest, _) = DTLSRecords.withoutPlainAlerts(datagram)
  let (again, alert) = DTLSRecords.withoutPlainAlerts(rest)
  precondition(alert == nil && again == rest, "an alert was left")
  var before = connection.statistics
  let kept = connection.earlyDatagrams.count
  let state = connection.state
  connection.handle(.datagram(datagram, from: stranger, to: base), now: now)
  before.strangerDatagrams += 1
  precondition(connection.statistics == before && connection.state == state)
  precondition(connection.earlyDatagrams.count == kept, "something of a stranger was kept")
}

/// A check of the server, with the right password.
private func check(
  _ connection: PeerConnection, from server: SocketAddress, to base: SocketAddress, nominates: Bool,
  now: Instant
) {
  let local = connection.ice.localCredentials
  var message = STUNMessage(.request, transaction: TransactionID(high: 0, low: 1))
  message.add(STUNAttributeType.username, Array("\(local.usernameFragment):peer".utf8))
  message.add(STUNAttributeType.priority, number32: 1)
  message.add(STUNAttributeType.iceControlling, number64: 1)
  if nominates { message.add(STUNAttributeType.useCandidate) }
  let datagram = message.serialized(integrityKey: Array(local.password.utf8))
  connection.handle(.datagram(datagram, from: server, to: base), now: now)
}
