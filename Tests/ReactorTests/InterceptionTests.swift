import Base
import Testing

@testable import Reactor

/// Somebody else answers, or would be shown a secret.
@Suite(.serialized) struct InterceptionTests {
  private static let page = Array("\n<!DOCTYPE html>".utf8)
  private static let html = HTTPHeader("Content-Type", "Text/HTML; charset=utf-8")

  @Test(
    arguments: [
      ("ws", 511, [], [], "the network wants somebody to sign in (HTTP 511)"),
      ("wss", 511, [], [], "the network wants somebody to sign in (HTTP 511)"),
      (
        "ws", 302, [HTTPHeader("Location", "https://login.example:8443/x?y")], [],
        "it redirects to login.example:8443 (HTTP 302)"
      ),
      ("ws", 302, [HTTPHeader("Location", "https://DOOR.example/rtc")], [], nil),
      ("ws", 302, [HTTPHeader("Location", "/elsewhere")], [], nil),
      ("ws", 302, [], page, nil),
      ("wss", 302, [HTTPHeader("Location", "https://login.example/")], [], nil),
      ("http", 200, [html], page, "it sent a web page (HTTP 200)"),
      ("https", 200, [html], page, nil),
      ("http", 200, [html], Array("OK".utf8), nil),
      ("http", 200, [], page, nil),
      ("http", 404, [html], page, nil),
      ("http", 101, [], [], nil),
    ] as [(String, Int, [HTTPHeader], [UInt8], String?)])
  func theTable(scheme: String, status: Int, headers: [HTTPHeader], body: [UInt8], words: String?) throws {
    let head = HTTPResponseHead(status: status, headers: headers)
    #expect(interception(head, body: body, of: try WebAddress("\(scheme)://door.example/rtc")) == words)
  }

  @Test(.enabled(if: Peer.interpreter != nil, Peer.isMissing)) func itIsSaidByBothClients() throws {
    let peer = try #require(Peer.shared)
    for (path, words) in [
      ("/portal", "it redirects to login.portal.example:80 (HTTP 302)"),
      ("/page", "it sent a web page (HTTP 200)"),
      ("/page?status=511", "the network wants somebody to sign in"),
    ] {
      let run = try WebSocketRun()
      run.connect(peer.url("plain", path), bearer: peer.token)
      #expect(
        run.failureWords.hasPrefix(
          "a captive portal, a proxy or another web server answered instead of localhost:"))
      #expect(run.failureWords.contains(words))
      let client = HTTPClient(run.loop, resolver: run.resolver, tls: run.tls)
      let answers = Seen<HTTPClient.Answer>()
      client.send(HTTPRequest(.get, peer.url("plain", path))) { answers.values.append($0) }
      ReactorTests.run(run.loop) { !answers.values.isEmpty }
      guard case .failure(.intercepted(_, let reason))? = answers.values.first else {
        Issue.record("\(answers.values)")
        continue
      }
      #expect(reason.hasPrefix(words) && !reason.contains("secret"))
    }
  }

  private func rules(requiresTLS: Bool = false, allowsLoopback: Bool = true) -> NetworkRules {
    var rules = NetworkRules()
    rules.requiresTLS = requiresTLS
    rules.allowsLoopback = allowsLoopback
    return rules
  }

  @Test func aSecretGoesToPrivateHostsOnlyInTheClear() throws {
    for (url, isSent) in [
      ("http://door.example.org", false), ("http://192.0.2.7", false), ("http://127.0.0.1:1", true),
      ("http://localhost:1", true), ("https://127.0.0.1:1", true),
    ] {
      let loop = try EventLoop()
      let client = HTTPClient(
        loop, resolver: Resolver(loop, rules: rules(requiresTLS: true)), tls: try TLSContext())
      var request = HTTPRequest(.get, url)
      request.bearer = "abc"
      let answers = Seen<HTTPClient.Answer>()
      client.send(request) { answers.values.append($0) }
      #expect(answers.values.isEmpty)
      run(loop) { !answers.values.isEmpty }
      let host = String(url.split(separator: "/")[1])
      #expect((answers.values == [.failure(.clearText(host: host))]) == !isSent, "\(answers.values)")
    }
  }

  @Test func whatTheNameServerSaysIsLookedAtToo() throws {
    let loopback = IPAddress(v4: 0x7F00_0001)
    let own = IPAddress(v4: 0x0A00_0001)
    let other = IPAddress(v4: 0xC000_0207)
    let nothing = IPAddress(v4: 0)
    func usable(_ rules: NetworkRules, _ addresses: [IPAddress], _ host: String, _ onlyPrivate: Bool = false)
      -> Result<[IPAddress], ReactorFailure>
    {
      Result { () throws(ReactorFailure) in
        try rules.usable(addresses, of: host, onlyPrivate: onlyPrivate)
      }
    }
    let strict = rules(allowsLoopback: false)
    #expect(usable(strict, [loopback], "a.example") == .failure(.loopbackAnswer(host: "a.example")))
    #expect(usable(strict, [nothing], "a.example") == .failure(.loopbackAnswer(host: "a.example")))
    #expect(usable(strict, [loopback, other], "a.example") == .success([other]))
    #expect(usable(strict, [loopback], "localhost") == .success([loopback]))
    #expect(usable(strict, [loopback], "127.0.0.1") == .success([loopback]))
    #expect(usable(rules(), [loopback], "a.example") == .success([loopback]))
    #expect(usable(rules(), [other, own], "door.lan", true) == .success([own]))
    #expect(usable(rules(), [other], "door.lan", true) == .failure(.clearText(host: "door.lan")))
  }
}
