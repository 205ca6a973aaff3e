import Base
import Testing

@testable import WebRTC

/// Two associations joined by a seeded lossy link in virtual time.
struct DTLSPair {
  let client: DTLSTransport
  let server: DTLSTransport
  var now = Instant(microseconds: 1_000_000)
  var clientEvents: [DTLSTransport.Event] = []
  var serverEvents: [DTLSTransport.Event] = []
  var datagrams = 0
  var largest = 0
  private var flying: [(due: Instant, toServer: Bool, bytes: [UInt8])] = []
  let random: SeededRandom
  let lossPercent: Int

  init(
    seed: UInt64 = 1, lossPercent: Int = 0, clientProfiles: [SRTPProfile] = [.aeadAES256GCM],
    serverProfiles: [SRTPProfile] = [.aeadAES256GCM], trustedByClient: Fingerprint? = nil,
    trustedByServer: Fingerprint? = nil
  ) throws {
    let clientCertificate = try Certificate()
    let serverCertificate = try Certificate()
    client = try DTLSTransport(
      role: .client, certificate: clientCertificate, profiles: clientProfiles,
      trusted: [trustedByClient ?? serverCertificate.signature])
    server = try DTLSTransport(
      role: .server, certificate: serverCertificate, profiles: serverProfiles,
      trusted: [trustedByServer ?? clientCertificate.signature])
    random = SeededRandom(seed: seed)
    self.lossPercent = lossPercent
  }

  mutating func run(milliseconds: Int) {
    let end = now.advanced(byMilliseconds: milliseconds)
    drain()
    while true {
      var next = earliest(client.nextTimeout, server.nextTimeout)
      for packet in flying { next = earliest(next, packet.due) }
      guard let next, next <= end else { break }
      now = max(now, next)
      client.handleTimeout(now: now)
      server.handleTimeout(now: now)
      let arrived = flying.filter { $0.due <= now }
      flying.removeAll { $0.due <= now }
      for packet in arrived {
        if packet.toServer {
          server.receive(packet.bytes, now: now)
        } else {
          client.receive(packet.bytes, now: now)
        }
      }
      drain()
    }
    now = end
  }

  private mutating func drain() {
    while let event = client.nextEvent() { clientEvents.append(event) }
    while let event = server.nextEvent() { serverEvents.append(event) }
    while let datagram = client.nextDatagram() { send(datagram, toServer: true) }
    while let datagram = server.nextDatagram() { send(datagram, toServer: false) }
  }

  private mutating func send(_ datagram: [UInt8], toServer: Bool) {
    datagrams += 1
    largest = max(largest, datagram.count)
    if random.next(below: 100) < lossPercent { return }
    let delay = 10 + random.next(below: 20)
    flying.append((now.advanced(byMilliseconds: delay), toServer, datagram))
  }
}

extension DTLSTransport.Event {
  var keys: DTLSTransport.SRTPKeys? {
    if case .connected(let keys) = self { keys } else { nil }
  }
}

@Suite struct DTLSTransportTests {
  @Test func bothSidesExportTheSameKeys() throws {
    var pair = try DTLSPair()
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    let client = try #require(pair.clientEvents.first?.keys)
    let server = try #require(pair.serverEvents.first?.keys)
    #expect(client.sending == server.receiving)
    #expect(client.receiving == server.sending)
    #expect(client.sending != client.receiving)
    #expect(client.sending.key.count == 32 && client.sending.salt.count == 12)
    // ClientHello; ServerHello...Done; Certificate...Finished; Finished. Nothing is repeated on a clean link.
    #expect(pair.datagrams == 4)
    #expect(pair.largest <= Limits.datagramSendBytesMax)
  }

  @Test(arguments: 1...40)
  func aThirdOfTheDatagramsIsLost(seed: Int) throws {
    var pair = try DTLSPair(seed: UInt64(seed), lossPercent: 33)
    pair.client.start(now: pair.now)
    pair.run(milliseconds: Limits.dtlsHandshakeMilliseconds)
    #expect(pair.clientEvents.first?.keys != nil, "\(pair.clientEvents)")
    #expect(pair.serverEvents.first?.keys != nil, "\(pair.serverEvents)")
  }

  @Test func aServerChoosesByItsOwnOrder() throws {
    var pair = try DTLSPair(
      clientProfiles: [.aeadAES256GCM, .aeadAES128GCM, .aes128CMSHA1],
      serverProfiles: [.aes128CMSHA1, .aeadAES128GCM])
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    #expect(pair.clientEvents.first?.keys?.profile == .aes128CMSHA1)
    #expect(pair.clientEvents.first?.keys?.sending.salt.count == 14)
  }

  @Test func noCommonProfileIsAFailureWithWords() throws {
    var pair = try DTLSPair(clientProfiles: [.aeadAES256GCM], serverProfiles: [.aes128CMSHA1])
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    #expect(pair.clientEvents.contains(.failed(.noCommonSRTPProfile)))
  }

  @Test func aForeignCertificateIsRefusedByEitherSide() throws {
    let stranger = try Certificate().signature
    var pair = try DTLSPair(trustedByClient: stranger)
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    #expect(pair.clientEvents == [.failed(.fingerprintMismatch)])
    // An alert in plain text proves nothing to the server, so it waits; then it tells of it (RFC 5246 §7.2: 42 is
    // bad_certificate).
    #expect(pair.serverEvents.isEmpty)
    pair.run(milliseconds: Limits.dtlsHandshakeMilliseconds)
    #expect(pair.serverEvents == [.failed(.handshakeTimeout(alert: 42))])

    pair = try DTLSPair(trustedByServer: stranger)
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    #expect(pair.serverEvents == [.failed(.fingerprintMismatch)])
    #expect(pair.clientEvents.first?.keys == nil)
  }

  /// One 15-byte datagram must not end a join, whenever it comes and whatever it says.
  @Test func alertsInPlainTextAreIgnoredInEveryState() throws {
    for (level, description) in [(1, 0), (1, 90), (2, 0), (2, 10), (2, 40), (2, 80), (9, 255)] {
      let alert: [UInt8] = [21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, UInt8(level), UInt8(description)]
      var pair = try DTLSPair(seed: 5)
      pair.client.start(now: pair.now)
      for _ in 0..<120 {
        for end in [pair.client, pair.server] { end.receive(alert, now: pair.now) }
        pair.run(milliseconds: 2)
      }
      #expect(pair.clientEvents.count == 1 && pair.clientEvents.first?.keys != nil, "\(pair.clientEvents)")
      #expect(pair.serverEvents.count == 1 && pair.serverEvents.first?.keys != nil, "\(pair.serverEvents)")
      #expect(pair.client.state == .connected && pair.server.state == .connected)
    }
  }

  @Test func onlyThePlainAlertsLeaveADatagram() {
    func record(_ type: UInt8, epoch: UInt8 = 0, _ bytes: [UInt8]) -> [UInt8] {
      [type, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 0, 1, 0, UInt8(bytes.count)] + bytes
    }
    let hello = record(22, [1, 2, 3])
    let plain = record(21, [2, 40])
    let sealed = record(21, epoch: 1, [9, 9])
    #expect(DTLSRecords.withoutPlainAlerts(hello + plain + sealed).rest == hello + sealed)
    #expect(DTLSRecords.withoutPlainAlerts(plain + hello).alert == 40)
    #expect(DTLSRecords.withoutPlainAlerts(hello + plain.dropLast()).rest == hello)
    #expect(DTLSRecords.withoutPlainAlerts(plain.dropLast()).rest.isEmpty)
    #expect(DTLSRecords.withoutPlainAlerts(hello.dropLast()).rest == Array(hello.dropLast()))
    #expect(DTLSRecords.withoutPlainAlerts([]).rest.isEmpty)
  }

  @Test func aSilentPeerEndsInATimeout() throws {
    var pair = try DTLSPair(lossPercent: 100)
    pair.client.start(now: pair.now)
    pair.run(milliseconds: Limits.dtlsHandshakeMilliseconds - 1)
    #expect(pair.clientEvents.isEmpty)
    // 0, 150, 450, 1050, 2250, 4250, 6250 ... 18 250 ms.
    #expect(pair.datagrams == 13)
    pair.run(milliseconds: 2)
    #expect(pair.clientEvents == [.failed(.handshakeTimeout(alert: nil))])
    #expect(pair.client.nextTimeout == nil)
  }

  @Test func carriesApplicationDataAndCloses() throws {
    var pair = try DTLSPair()
    #expect(!pair.client.send([1, 2, 3]))
    pair.client.start(now: pair.now)
    pair.run(milliseconds: 1000)
    #expect(pair.client.send([1, 2, 3]))
    #expect(pair.server.send([UInt8](repeating: 7, count: 1100)))
    pair.run(milliseconds: 1000)
    #expect(pair.serverEvents.contains(.applicationData([1, 2, 3])))
    #expect(pair.clientEvents.contains(.applicationData([UInt8](repeating: 7, count: 1100))))
    pair.client.close()
    pair.run(milliseconds: 1000)
    #expect(pair.serverEvents.last == .closedByPeer)
    #expect(pair.client.state == .closed && pair.server.state == .closed)
  }

  @Test func rubbishIsDroppedInEveryState() throws {
    var pair = try DTLSPair()
    let random = SeededRandom(seed: 5)
    func rubbish() {
      for length in [0, 1, 12, 13, 14, 40, 500, 1400] {
        var bytes = random.bytes(length)
        if length > 0 { bytes[0] = UInt8(20 + random.next(below: 44)) }
        pair.client.receive(bytes, now: pair.now)
        pair.server.receive(bytes, now: pair.now)
        if length > 3 {
          bytes[1] = 0xFE
          bytes[2] = 0xFD
          pair.client.receive(bytes, now: pair.now)
          pair.server.receive(bytes, now: pair.now)
        }
      }
    }
    pair.client.start(now: pair.now)
    rubbish()
    pair.run(milliseconds: 1000)
    #expect(pair.clientEvents.first?.keys != nil)
    rubbish()
    #expect(pair.client.send([9]))
    pair.run(milliseconds: 100)
    #expect(pair.serverEvents.last == .applicationData([9]))
  }
}
