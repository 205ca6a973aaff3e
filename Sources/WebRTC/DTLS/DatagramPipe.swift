import Base
import COpenSSL

/// OpenSSL's view of the network: a BIO that keeps datagram boundaries in both directions, in memory.
///
/// It also takes the clock away from OpenSSL, whose retransmission timer reads the wall clock and therefore knows
/// nothing of our `Instant`. OpenSSL asks `retransmissionDelay` how long to wait. We answer "one microsecond"
/// until it has written `Limits.dtlsRetransmissionsMax` further copies of the flight, each with fresh record
/// sequence numbers (RFC 6347 §4.2.4: a verbatim copy would be dropped as a replay), then "an hour". The first
/// copy goes out at once, the others wait here for our own timer.
final class DatagramPipe {
  /// First copies, to be sent now.
  var outgoing: [[UInt8]] = []
  /// What to send each time that the flight stays unanswered, oldest first.
  private(set) var spareFlights: [[[UInt8]]] = []
  /// True once OpenSSL wrote a flight that is to be repeated until the peer answers it.
  var wroteNewFlight = false
  var incoming: [UInt8]?
  /// What `verifyPeer` compares the peer's certificate with.
  let trusted: [Fingerprint]
  private(set) var peerCertificateRefused = false
  private var isWritingSpare = false
  private let method: OpaquePointer

  init(trusted: [Fingerprint]) throws(DTLSFailure) {
    self.trusted = trusted
    guard let method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams") else {
      throw .setUp(OpenSSLError.takeWords())
    }
    self.method = method
    BIO_meth_set_create(method, pipeCreate)
    BIO_meth_set_read(method, pipeRead)
    BIO_meth_set_write(method, pipeWrite)
    BIO_meth_set_ctrl(method, pipeControl)
  }

  deinit { BIO_meth_free(method) }

  /// A BIO that borrows this pipe: it has to be freed before the pipe is.
  func makeBIO() -> OpaquePointer? {
    guard let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    return bio
  }

  /// The next copy of the unanswered flight; the last one stays, for a peer that is silent for very long.
  func takeSpareFlight() -> [[UInt8]] {
    spareFlights.count > 1 ? spareFlights.remove(at: 0) : spareFlights.first ?? []
  }

  func dropSpareFlights() { spareFlights = [] }

  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
    guard let datagram = incoming else { return nil }
    incoming = nil
    // RFC 6347 §4.1: what does not fit is no DTLS record of ours; OpenSSL drops the torso.
    let count = min(datagram.count, buffer.count)
    datagram.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[0..<count])) }
    return count
  }

  fileprivate func write(_ datagram: [UInt8]) {
    if isWritingSpare, !spareFlights.isEmpty {
      pack(datagram, into: &spareFlights[spareFlights.count - 1])
    } else {
      pack(datagram, into: &outgoing)
    }
  }

  /// OpenSSL repeats a flight with one record a datagram; as many as fit travel together, so that one loss costs
  /// one try and not five. Application data keeps its own datagrams: SCTP counts on it.
  private func pack(_ records: [UInt8], into datagrams: inout [[UInt8]]) {
    let applicationData: UInt8 = 23
    if let last = datagrams.last, last.count + records.count <= Limits.datagramSendBytesMax,
      last.first != applicationData, records.first != applicationData
    {
      datagrams[datagrams.count - 1] += records
    } else {
      datagrams.append(records)
    }
  }

  /// DTLS_set_timer_cb: called with 0 when OpenSSL starts the timer of a new flight, and with our own answer
  /// whenever that time has passed and it is about to write the flight again. Microseconds.
  fileprivate func retransmissionDelay(after previous: UInt32) -> UInt32 {
    let soon: UInt32 = 1
    let never: UInt32 = 3_600_000_000
    if previous == 0 {
      spareFlights = []
      isWritingSpare = false
      wroteNewFlight = true
      return soon
    }
    spareFlights.append([])
    isWritingSpare = true
    return spareFlights.count < Limits.dtlsRetransmissionsMax ? soon : never
  }

  /// After every call into OpenSSL: what it writes next answers something new.
  func finishWriting() { isWritingSpare = false }

  fileprivate func verify(_ x509: OpaquePointer?) -> Bool {
    guard let x509 else { return false }
    for fingerprint in trusted where fingerprint.matches(x509) { return true }
    peerCertificateRefused = true
    return false
  }
}

/// To be installed with `DTLS_set_timer_cb`; the pipe is the SSL object's application data.
func pipeRetransmissionDelay(_ ssl: OpaquePointer?, _ previous: UInt32) -> UInt32 {
  guard let context = SSL_get_ex_data(ssl, 0) else { return previous }
  return Unmanaged<DatagramPipe>.fromOpaque(context).takeUnretainedValue().retransmissionDelay(
    after: previous)
}

/// To be installed with `SSL_CTX_set_cert_verify_callback`. Trust comes from the signalled fingerprint alone
/// (RFC 8827 §6.5): no chain, no name, no dates.
func pipeVerifyPeer(_ store: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> CInt {
  guard let context else { return 0 }
  let pipe = Unmanaged<DatagramPipe>.fromOpaque(context).takeUnretainedValue()
  if pipe.verify(X509_STORE_CTX_get0_cert(store)) { return 1 }
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
  return 0
}

private func pipe(of bio: OpaquePointer?) -> DatagramPipe? {
  guard let context = BIO_get_data(bio) else { return nil }
  return Unmanaged<DatagramPipe>.fromOpaque(context).takeUnretainedValue()
}

private func pipeCreate(_ bio: OpaquePointer?) -> CInt {
  BIO_set_init(bio, 1)
  return 1
}

private func pipeRead(
  _ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: CInt
) -> CInt {
  lintel_BIO_clear_retry_flags(bio)
  let space = UnsafeMutableRawBufferPointer(start: buffer, count: Int(capacity))
  guard let count = pipe(of: bio)?.read(into: space) else {
    lintel_BIO_set_retry_read(bio)
    return -1
  }
  return CInt(count)
}

private func pipeWrite(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: CInt) -> CInt {
  lintel_BIO_clear_retry_flags(bio)
  pipe(of: bio)?.write(Array(UnsafeRawBufferPointer(start: bytes, count: Int(count))))
  return count
}

private func pipeControl(
  _ bio: OpaquePointer?, _ command: CInt, _ argument: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
  // Only flushing (always done) matters; every question about MTU and timeouts of a socket is answered with 0.
  command == BIO_CTRL_FLUSH ? 1 : 0
}
