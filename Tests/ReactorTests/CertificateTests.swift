import Foundation
import Testing

@testable import Reactor

/// Which certificate is wrong, and why, in words.
@Suite(.serialized, .enabled(if: Peer.interpreter != nil, Peer.isMissing)) struct CertificateTests {
  private let peer: Peer
  private let authority = "CN=trusted authority,O=Lintel tests"

  init() throws { peer = try #require(Peer.shared) }

  private func problem(_ port: String, host: String = "localhost", trusted: Bool = true) throws -> Outcome? {
    let run = try WebSocketRun(caFile: trusted ? peer.caFile : nil)
    return run.connect(peer.url(port, host: host), bearer: peer.token).last
  }

  private func expected(_ reason: CertificateProblem.Reason, subject: String, issuer: String) -> Outcome {
    .failed(.certificate(CertificateProblem(reason: reason, subject: subject, issuer: issuer)))
  }

  @Test func aNameAndAnAddressAreAccepted() throws {
    for host in ["localhost", "127.0.0.1"] {
      let run = try WebSocketRun(caFile: peer.caFile)
      run.connect(peer.url("good", host: host), bearer: peer.token) { !$0.outcomes.isEmpty }
      #expect(run.outcomes == [.opened])
    }
  }

  @Test func anotherHostsCertificate() throws {
    let names = ["door.example", "*.gate.example"]
    #expect(
      try problem("other-host")
        == expected(
          .wrongHostName(expected: "localhost", names: names), subject: "CN=other-host", issuer: authority))
    #expect(
      try problem("other-host", host: "127.0.0.1")
        == expected(
          .wrongHostName(expected: "127.0.0.1", names: names), subject: "CN=other-host", issuer: authority))
  }

  @Test func anExpiredCertificate() throws {
    guard case .failed(.certificate(let problem))? = try problem("expired"),
      case .expired(let day) = problem.reason
    else {
      Issue.record("accepted")
      return
    }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "UTC")
    format.dateFormat = "yyyy-MM-dd"
    #expect(day == format.string(from: Date().addingTimeInterval(-86_400)))
    #expect(problem.subject == "CN=expired")
  }

  @Test func unknownAuthorities() throws {
    #expect(
      try problem("stranger")
        == expected(.unknownAuthority, subject: "CN=stranger", issuer: "CN=unknown authority,O=Lintel tests"))
    #expect(try problem("self") == expected(.selfSigned, subject: "CN=self", issuer: "CN=self"))
    // The same server is fine with its authority and not without.
    #expect(
      try problem("good", trusted: false)
        == expected(.unknownAuthority, subject: "CN=good", issuer: authority))
  }

  /// The judge is curl, which takes each of them.
  @Test(
    arguments: [
      ("chain", "trusted.pem"), ("chain", "issuing.pem"), ("chain", "alone.crt"), ("alone", "issuing.pem"),
      ("alone", "alone.crt"),
    ])
  func aCompanysOwnAuthority(port: String, file: String) throws {
    let folder = URL(fileURLWithPath: peer.caFile).deletingLastPathComponent()
    let run = try WebSocketRun(caFile: folder.appendingPathComponent(file).path)
    run.connect(peer.url(port), bearer: peer.token) { !$0.outcomes.isEmpty }
    #expect(run.outcomes == [.opened])
  }

  @Test func theCertificateThatIsMissingIsNamed() throws {
    let expected = self.expected(
      .unknownAuthority, subject: "CN=alone", issuer: "CN=issuing authority,O=Lintel tests")
    #expect(try problem("alone") == expected)
    guard case .failed(let failure)? = try problem("alone") else { return }
    #expect(
      failure.description.hasSuffix("the certificate of CN=issuing authority,O=Lintel tests is missing"))
  }

  @Test func aCertificateOfAnAnchorIsStillForItsHost() throws {
    let folder = URL(fileURLWithPath: peer.caFile).deletingLastPathComponent()
    let run = try WebSocketRun(caFile: folder.appendingPathComponent("alone.crt").path)
    guard
      case .failed(.certificate(let problem))? = run.connect(
        peer.url("alone", host: "127.0.0.1"), bearer: peer.token
      ).last
    else {
      Issue.record("accepted")
      return
    }
    #expect(problem.reason == .wrongHostName(expected: "127.0.0.1", names: ["localhost"]))
  }

  @Test func aMissingCAFileIsSaidAtStart() {
    let failure = #expect(throws: ReactorFailure.self) { _ = try TLSContext(caFile: "/nowhere/ca.pem") }
    #expect(failure?.description.contains("the CA file /nowhere/ca.pem cannot be used") == true)
  }
}
