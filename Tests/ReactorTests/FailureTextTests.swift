import Testing

@testable import Reactor

struct FailureTextTests {
  @Test func tokensAreCutOut() {
    let body = "invalid token: eyJhbGciOi.eyJpc3Mi.c2ln-_x, error: token is expired"
    #expect(shownText(Array(body.utf8), hiding: nil) == "invalid token: [token], error: token is expired")
    #expect(shownText(Array("key s3cret s3cre".utf8), hiding: "s3cret") == "key [token] s3cre")
    #expect(shownText(Array("eyJ".utf8), hiding: nil) == "[token]")
  }

  @Test func aTokenAcrossTheLimitLeavesNothing() {
    let token = "eyJ" + String(repeating: "Q", count: 2000)
    let padding = String(repeating: "x ", count: 254)
    let text = shownText(Array((padding + token).utf8), hiding: nil)
    #expect(!text.contains("Q"))
  }

  @Test func oneLineOfPrintableText() {
    #expect(shownText(Array("\u{1B}[31ma\r\n\tb\u{7F} ".utf8), hiding: nil) == "[31ma b")
    #expect(shownText([0xC3, 0x28], hiding: nil) == "\u{FFFD}(")
    #expect(shownText([UInt8](repeating: 0x41, count: 9999), hiding: nil).utf8.count == 512)
  }

  @Test func certificateProblemsSayWhichAndWhy() {
    var problem = CertificateProblem(reason: .expired(on: "2026-01-31"), subject: "CN=a", issuer: "CN=b")
    #expect(problem.description == "the certificate of CN=a (issued by CN=b) expired on 2026-01-31")
    problem.reason = .wrongHostName(expected: "h", names: ["x", "*.y"])
    #expect(
      problem.description == "the certificate of CN=a (issued by CN=b) is not for h but for x, *.y"
        + "; does a captive portal or a proxy answer?")
  }
}
