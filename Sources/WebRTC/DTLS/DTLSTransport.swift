import Base
import COpenSSL

/// One DTLS 1.2 association (RFC 6347) that negotiates SRTP keys (RFC 5764), in either role, over datagrams
/// that the caller carries. Drive it so: call a method once, then drain `nextDatagram` and `nextEvent`, then wait
/// for `nextTimeout`.
///
/// Its application data is where SCTP sits (RFC 8261): `send` in one direction, `.applicationData` in the
/// other, one message a datagram.
final class DTLSTransport {
  enum Role: Sendable { case client, server }

  enum Event: Equatable {
    /// The handshake is done and the peer is who its description said.
    case connected(SRTPKeys)
    case applicationData([UInt8])
    /// The peer said close_notify.
    case closedByPeer
    case failed(DTLSFailure)
  }

  /// What both sides protect their media with from now on.
  struct SRTPKeys: Equatable, Sendable {
    var profile: SRTPProfile
    var sending: SRTPMasterKey
    var receiving: SRTPMasterKey
  }

  enum State: Sendable { case new, handshaking, connected, closed, failed }

  let role: Role
  private(set) var state = State.new
  /// Datagrams that OpenSSL would not take (not an error of the association: anybody can send them).
  private(set) var discarded = 0
  private let pipe: DatagramPipe
  private let ssl: OpaquePointer
  private var events: [Event] = []
  /// The last alert in plain text; anybody could have sent it.
  private var ignoredAlert: UInt8?
  private var retransmissionDue: Instant?
  private var handshakeDeadline: Instant?
  private var retransmissionMilliseconds = Limits.dtlsFirstRetransmissionMilliseconds

  init(
    role: Role, certificate: Certificate, profiles: [SRTPProfile], trusted: [Fingerprint]
  ) throws(DTLSFailure) {
    self.role = role
    pipe = try DatagramPipe(trusted: trusted)
    ssl = try makeSession(role: role, certificate: certificate, profiles: profiles, pipe: pipe)
  }

  deinit { SSL_free(ssl) }

  /// The network can carry datagrams now: a client says hello, a server begins to wait for one.
  func start(now: Instant) {
    guard state == .new else { return }
    state = .handshaking
    handshakeDeadline = now.advanced(byMilliseconds: Limits.dtlsHandshakeMilliseconds)
    advance(now: now)
  }

  func receive(_ datagram: [UInt8], now: Instant) {
    // Less than a record header (RFC 6347 §4.1). OpenSSL would take an empty datagram for the end of the stream.
    guard datagram.count >= 13 else {
      discarded &+= 1
      return
    }
    if state == .new { start(now: now) }
    guard state == .handshaking || state == .connected else { return }
    let (records, alert) = DTLSRecords.withoutPlainAlerts(datagram)
    if let alert, state == .handshaking { ignoredAlert = alert }
    guard !records.isEmpty else {
      discarded &+= 1
      return
    }
    pipe.incoming = records
    advance(now: now)
    if pipe.incoming != nil {
      pipe.incoming = nil
      discarded &+= 1
    }
  }

  var nextTimeout: Instant? {
    state == .handshaking ? earliest(retransmissionDue, handshakeDeadline) : nil
  }

  func handleTimeout(now: Instant) {
    guard state == .handshaking else { return }
    if let handshakeDeadline, now >= handshakeDeadline { return fail(.handshakeTimeout(alert: ignoredAlert)) }
    guard let due = retransmissionDue, now >= due else { return }
    pipe.outgoing += pipe.takeSpareFlight()
    retransmissionMilliseconds = min(
      retransmissionMilliseconds * 2, Limits.dtlsLastRetransmissionMilliseconds)
    retransmissionDue = now.advanced(byMilliseconds: retransmissionMilliseconds)
  }

  func nextDatagram() -> [UInt8]? { pipe.outgoing.isEmpty ? nil : pipe.outgoing.remove(at: 0) }
  func nextEvent() -> Event? { events.isEmpty ? nil : events.remove(at: 0) }

  /// Sends one message. False if the association does not stand or OpenSSL refuses (too long for a datagram).
  func send(_ message: [UInt8]) -> Bool {
    guard state == .connected, !message.isEmpty else { return false }
    ERR_clear_error()
    defer { pipe.finishWriting() }
    return message.withUnsafeBytes { SSL_write(ssl, $0.baseAddress, CInt($0.count)) } == CInt(message.count)
  }

  /// Says close_notify if there is somebody to say it to. No event follows.
  func close() {
    if state == .connected {
      ERR_clear_error()
      SSL_shutdown(ssl)
      pipe.finishWriting()
    }
    state = .closed
    retransmissionDue = nil
  }

  // Below: one step of OpenSSL and what follows from it.

  private func advance(now: Instant) {
    if state == .handshaking {
      ERR_clear_error()
      let result = SSL_do_handshake(ssl)
      pipe.finishWriting()
      scheduleRetransmission(now: now)
      if result == 1 {
        finishHandshake()
      } else {
        examine(result)
      }
    }
    if state == .connected { readApplicationData() }
  }

  private func scheduleRetransmission(now: Instant) {
    guard pipe.wroteNewFlight else { return }
    pipe.wroteNewFlight = false
    retransmissionMilliseconds = Limits.dtlsFirstRetransmissionMilliseconds
    retransmissionDue = now.advanced(byMilliseconds: retransmissionMilliseconds)
  }

  private func finishHandshake() {
    pipe.dropSpareFlights()
    retransmissionDue = nil
    handshakeDeadline = nil
    guard let keys = exportKeys() else { return fail(.noCommonSRTPProfile) }
    state = .connected
    events.append(.connected(keys))
  }

  private func readApplicationData() {
    var buffer = [UInt8](repeating: 0, count: Limits.datagramBytesMax)
    while state == .connected {
      ERR_clear_error()
      let count = buffer.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, CInt($0.count)) }
      pipe.finishWriting()
      if count <= 0 {
        examine(count)
        return
      }
      events.append(.applicationData(Array(buffer[0..<Int(count)])))
    }
  }

  private func examine(_ result: CInt) {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
      break
    case SSL_ERROR_ZERO_RETURN:
      state = .closed
      events.append(.closedByPeer)
    default:
      let words = OpenSSLError.takeWords()
      fail(pipe.peerCertificateRefused ? .fingerprintMismatch : .protocolError(words))
    }
  }

  private func fail(_ failure: DTLSFailure) {
    state = .failed
    retransmissionDue = nil
    events.append(.failed(failure))
  }

  /// RFC 5764 §4.2: client key, server key, client salt, server salt.
  private func exportKeys() -> SRTPKeys? {
    guard let chosen = SSL_get_selected_srtp_profile(ssl),
      let profile = SRTPProfile(identifier: UInt(chosen.pointee.id))
    else { return nil }
    let key = profile.keyBytes
    let salt = profile.saltBytes
    let label = "EXTRACTOR-dtls_srtp"
    var material = [UInt8](repeating: 0, count: 2 * (key + salt))
    guard
      SSL_export_keying_material(ssl, &material, material.count, label, label.utf8.count, nil, 0, 0) == 1
    else { return nil }
    let client = SRTPMasterKey(
      key: Array(material[0..<key]), salt: Array(material[2 * key..<2 * key + salt]))
    let server = SRTPMasterKey(
      key: Array(material[key..<2 * key]), salt: Array(material[(2 * key + salt)...]))
    return role == .client
      ? SRTPKeys(profile: profile, sending: client, receiving: server)
      : SRTPKeys(profile: profile, sending: server, receiving: client)
  }
}

/// A configured SSL object in its role, with the pipe as its network.
private func makeSession(
  role: DTLSTransport.Role, certificate: Certificate, profiles: [SRTPProfile], pipe: DatagramPipe
) throws(DTLSFailure) -> OpaquePointer {
  ERR_clear_error()
  guard let context = SSL_CTX_new(DTLS_method()) else { throw .setUp(OpenSSLError.takeWords()) }
  // The session keeps its own reference to the context.
  defer { SSL_CTX_free(context) }
  var names = ""
  for profile in profiles { names += names.isEmpty ? profile.openSSLName : ":\(profile.openSSLName)" }
  lintel_SSL_CTX_set_datagram_options(context)
  lintel_SSL_CTX_disable_session_cache(context)
  let pipePointer = Unmanaged.passUnretained(pipe).toOpaque()
  SSL_CTX_set_cert_verify_callback(context, pipeVerifyPeer, pipePointer)
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
  guard lintel_SSL_CTX_set_protocol_versions(context, DTLS1_2_VERSION, DTLS1_2_VERSION) == 1,
    lintel_SSL_CTX_set_groups(context, "X25519:P-256:P-384") == 1,
    // Forward secrecy and AEAD; the CBC suites are for peers with nothing better.
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES") == 1,
    SSL_CTX_use_certificate(context, certificate.x509) == 1,
    SSL_CTX_use_PrivateKey(context, certificate.privateKey) == 1,
    // This one function of its family returns 0 for success.
    SSL_CTX_set_tlsext_use_srtp(context, names) == 0,
    let ssl = SSL_new(context)
  else { throw .setUp(OpenSSLError.takeWords()) }
  guard let bio = pipe.makeBIO(), SSL_set_ex_data(ssl, 0, pipePointer) == 1 else {
    SSL_free(ssl)
    throw .setUp(OpenSSLError.takeWords())
  }
  SSL_set_bio(ssl, bio, bio)
  _ = lintel_SSL_set_mtu(ssl, Limits.datagramSendBytesMax)
  DTLS_set_timer_cb(ssl, pipeRetransmissionDelay)
  if role == .client { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
  return ssl
}
