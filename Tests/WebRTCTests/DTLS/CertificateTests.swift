import Testing

@testable import WebRTC

@Suite struct CertificateTests {
  @Test func fingerprintHasTheFormOfRFC8122() throws {
    let text = try Certificate().fingerprint
    let parts = text.split(separator: " ")
    #expect(parts.count == 2 && parts[0] == "sha-256")
    let pairs = parts[1].split(separator: ":")
    #expect(pairs.count == 32)
    #expect(pairs.allSatisfy { $0.count == 2 && $0.uppercased() == $0 })
    #expect(try Certificate().fingerprint != text)
  }

  @Test func acceptsTheHashFunctionsThatMayBeTrusted() throws {
    let certificate = try Certificate()
    let stranger = try Certificate()
    defer { withExtendedLifetime((certificate, stranger)) {} }
    for (algorithm, count) in [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)] {
      let digest = try #require(Fingerprint.digest(of: certificate.x509, algorithm: algorithm))
      #expect(digest.count == count)
      let fingerprint = Fingerprint(algorithm: algorithm, digest: digest)
      #expect(fingerprint.matches(certificate.x509))
      #expect(!fingerprint.matches(stranger.x509))
      #expect(!Fingerprint(algorithm: algorithm, digest: []).matches(certificate.x509))
    }
  }

  @Test(arguments: ["sha-1", "md5", "sha-224", "SHA256", ""])
  func refusesWeakAndUnknownHashFunctions(algorithm: String) throws {
    let certificate = try Certificate()
    defer { withExtendedLifetime(certificate) {} }
    #expect(Fingerprint.digest(of: certificate.x509, algorithm: algorithm) == nil)
    #expect(!Fingerprint(algorithm: algorithm, digest: []).matches(certificate.x509))
  }
}
