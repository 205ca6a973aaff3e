import Base

@testable import WebRTC

/// RTP: whatever can be read can be written, and says the same when read again.
func fuzzRTP(_ bytes: [UInt8]) {
  guard let packet = try? RTPPacket.parse(bytes) else { return }
  let again = try? RTPPacket.parse(packet.serialized())
  // Elements with id 0 are padding when written.
  if packet.extensions.allSatisfy({ $0.id != 0 }) { precondition(again?.payload == packet.payload) }
}

/// RTCP, alone and behind a well-formed report.
func fuzzRTCP(_ bytes: [UInt8]) {
  if let packets = try? RTCPPacket.parse(compound: bytes) {
    for packet in packets { _ = packet.serialized() }
  }
  _ = try? RTCPPacket.parse(compound: [0x80, 201, 0, 1, 0, 0, 0, 1] + bytes)
}

/// Both directions of SRTP under one known key for each profile.
private struct FuzzKeys {
  let sending: SRTPTransform
  let receiving: SRTPTransform

  init?(_ profile: SRTPProfile) {
    let master = SRTPMasterKey(
      key: [UInt8](repeating: 7, count: profile.keyBytes),
      salt: [UInt8](repeating: 9, count: profile.saltBytes))
    guard let sending = try? SRTPTransform(profile: profile, master: master, encrypts: true),
      let receiving = try? SRTPTransform(profile: profile, master: master, encrypts: false)
    else { return nil }
    self.sending = sending
    self.receiving = receiving
  }
}

nonisolated(unsafe) private let fuzzKeys = [
  FuzzKeys(.aes128CMSHA1), FuzzKeys(.aeadAES128GCM), FuzzKeys(.aeadAES256GCM),
].compactMap { $0 }

/// SRTP and SRTCP: the input as it came, which must be refused or understood, and the input as plain text, which must
/// survive protection. The first byte chooses the profile.
func fuzzSRTP(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let keys = fuzzKeys[Int(first) % fuzzKeys.count]
  let plain = Array(bytes.dropFirst())

  var packet = plain
  _ = try? SRTPReceiver(transform: keys.receiving).unprotect(&packet)
  packet = plain
  _ = try? SRTPReceiver(transform: keys.receiving).unprotectControl(&packet)

  packet = plain
  if (try? SRTPSender(transform: keys.sending).protect(&packet)) != nil {
    precondition((try? SRTPReceiver(transform: keys.receiving).unprotect(&packet)) != nil)
    precondition(packet == plain)
    _ = try? RTPPacket.parse(packet)
  }
  packet = plain
  if (try? SRTPSender(transform: keys.sending).protectControl(&packet)) != nil {
    precondition((try? SRTPReceiver(transform: keys.receiving).unprotectControl(&packet)) != nil)
    precondition(packet == plain)
    _ = try? RTCPPacket.parse(compound: packet)
  }
}

/// A handshake is expensive, so one association takes many inputs, until it fails or has had enough of them.
private final class FuzzAssociations {
  private let certificate: Certificate
  private var server: DTLSTransport?
  private var client: DTLSTransport?
  private var inputs = 0
  private var now = Instant(microseconds: 0)

  init?() {
    guard let certificate = try? Certificate() else { return nil }
    self.certificate = certificate
  }

  func receive(_ bytes: [UInt8]) {
    if inputs % 256 == 0 || server?.state == .failed || client?.state == .failed { renew() }
    inputs += 1
    now = now.advanced(byMilliseconds: 10)
    for end in [server, client] {
      end?.receive(bytes, now: now)
      end?.handleTimeout(now: now)
      while end?.nextDatagram() != nil {}
      while end?.nextEvent() != nil {}
    }
  }

  private func renew() {
    func make(_ role: DTLSTransport.Role) -> DTLSTransport? {
      let end = try? DTLSTransport(
        role: role, certificate: certificate, profiles: [.aeadAES128GCM], trusted: [certificate.signature])
      end?.start(now: now)
      return end
    }
    server = make(.server)
    client = make(.client)
  }
}

nonisolated(unsafe) private let fuzzAssociations = FuzzAssociations()

/// DTLS: a server that waits for a hello and a client that waits for its answer.
func fuzzDTLS(_ bytes: [UInt8]) { fuzzAssociations?.receive(bytes) }
