import Base
import Foundation
import Testing

@testable import Reactor

/// Through an HTTP proxy, and what proxies say instead.
@Suite(.serialized) struct ProxyTests {
  private func rules(_ port: UInt16, user: String = "", exceptions: String = "") throws -> NetworkRules {
    var rules = NetworkRules()
    let name = user.isEmpty ? "" : "\(user)@"
    rules.proxy = HTTPProxy(
      try ProxyAddress("http://\(name)127.0.0.1:\(port)"), password: "pass:word",
      exceptions: try #require(HostRules(exceptions)))
    return rules
  }

  private func answer(
    _ url: String, _ rules: NetworkRules, caFile: String? = nil, timeoutMilliseconds: Int = 5000
  ) throws -> HTTPClient.Answer {
    let loop = try EventLoop()
    let client = HTTPClient(
      loop, resolver: Resolver(loop, rules: rules), tls: try TLSContext(caFile: caFile))
    var request = HTTPRequest(.get, url)
    request.timeoutMilliseconds = timeoutMilliseconds
    let answers = Seen<HTTPClient.Answer>()
    client.send(request) { answers.values.append($0) }
    run(loop) { !answers.values.isEmpty }
    return answers.values[0]
  }

  @Test func theNameIsTheProxysToLookUpAndTheFirstBytesMayComeWithItsConsent() throws {
    let server = ScriptedServer([
      .readHead, .say("HTTP/1.0 200 Connection established\r\nContent-Length: 9\r\n\r\n"),
      .readHead, .say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ])
    let response = try answer("http://nowhere.invalid:81/x", try rules(server.port)).get()
    #expect(response.body == Array("hi".utf8))
    #expect(
      server.head
        == "CONNECT nowhere.invalid:81 HTTP/1.1\r\nHost: nowhere.invalid:81\r\nUser-Agent: lintel\r\n\r\n"
        + "GET /x HTTP/1.1\r\nHost: nowhere.invalid:81\r\nUser-Agent: lintel\r\nConnection: close\r\n\r\n")
    // Together in one packet.
    let eager = ScriptedServer([
      .readHead, .say("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
    ])
    #expect(try answer("http://[2001:db8::1]/", try rules(eager.port)).get().body == Array("hi".utf8))
    #expect(eager.head.hasPrefix("CONNECT [2001:db8::1]:80 HTTP/1.1\r\n"))
  }

  @Test func aUserIsNamedWithThePassword() throws {
    let server = ScriptedServer([.readHead, .say("HTTP/1.1 407 No\r\n\r\n")])
    let result = try answer("https://door.example", try rules(server.port, user: "door"))
    // door:pass:word
    #expect(server.head.contains("\r\nProxy-Authorization: Basic ZG9vcjpwYXNzOndvcmQ=\r\n"))
    guard case .failure(let failure) = result else {
      Issue.record("let in")
      return
    }
    #expect(
      failure.description
        == "the proxy 127.0.0.1:\(server.port) refuses the user or the password; see [network] proxy and "
        + "proxy-password-file (HTTP 407)")
    #expect(!failure.description.contains("pass:word") && !failure.description.contains("ZG9v"))
  }

  @Test(arguments: [
    ("HTTP/1.1 407 No\r\n\r\n", "wants a user and a password; see [network] proxy and proxy-password-file"),
    (
      "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n",
      "wants another way to log in than Basic"
    ),
    (
      "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=x, Basic realm=y\r\n\r\n",
      "wants a user and a password"
    ),
    (
      "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\n", "wants a user and a password"
    ),
    ("HTTP/1.1 403 Filtered\r\n\r\n<html>", "does not allow a connection to door.example:443 (HTTP 403)"),
    ("HTTP/1.1 502 No\r\n\r\n", "cannot reach door.example:443 (HTTP 502)"),
    ("HTTP/1.1 500 No\r\n\r\n", "does not connect to door.example:443 (HTTP 500)"),
    ("HTTP/1.1 302 No\r\nLocation: http://portal/\r\n\r\n", "is it a captive portal?"),
    ("<html><body>Welcome", "is no HTTP proxy: the answer does not begin with HTTP/"),
    ("", "closed the connection when door.example:443 was asked for"),
    ("HTTP/1.1 200 OK\r\nServer", "closed the connection when door.example:443 was asked for"),
  ]) func refusalsAreSaid(text: String, words: String) throws {
    let server = ScriptedServer([.readHead, .say(text)])
    guard case .failure(let failure) = try answer("https://door.example", try rules(server.port)) else {
      Issue.record("let in")
      return
    }
    #expect(failure.description.hasPrefix("the proxy 127.0.0.1:\(server.port) "))
    #expect(failure.description.contains(words), "\(failure)")
  }

  @Test func anAnswerWithoutEndIsNotWaitedFor() throws {
    let server = ScriptedServer([
      .readHead, .say("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 17_000)),
      .wait(milliseconds: 500),
    ])
    guard case .failure(let failure) = try answer("https://door.example", try rules(server.port)) else {
      Issue.record("let in")
      return
    }
    #expect(failure.description.hasSuffix("sends an answer whose head is over 16384 bytes"))
  }

  @Test func silenceIsTheProxys() throws {
    let server = ScriptedServer([.readHead, .wait(milliseconds: 600)])
    guard
      case .failure(let failure) = try answer(
        "https://door.example", try rules(server.port), timeoutMilliseconds: 300)
    else {
      Issue.record("let in")
      return
    }
    #expect(
      failure.description
        == "timed out after 0.3 s, waiting for the answer of the proxy 127.0.0.1:\(server.port)")
  }

  @Test func whatIsExceptedIsDialledItself() throws {
    let server = ScriptedServer([.readHead, .say("HTTP/1.1 204 None\r\n\r\n")])
    let rules = try rules(try unusedPort(), exceptions: "127.0.0.0/8")
    #expect(try answer("http://127.0.0.1:\(server.port)/", rules).get().status == 204)
    guard case .failure(.connectionRefused) = try answer("http://127.0.1.300.example", rules) else {
      Issue.record("dialled")
      return
    }
  }

  @Test(.enabled(if: Peer.interpreter != nil, Peer.isMissing))
  func tlsGoesThroughToTheHostItself() throws {
    let peer = try #require(Peer.shared)
    let proxy = TunnellingProxy()
    for _ in 0..<2 {
      let response = try answer(
        peer.url("good", "/status/200"), try rules(proxy.port), caFile: peer.caFile
      ).get()
      #expect(response.status == 200)
    }
    #expect(proxy.tunnels.value == 2)
    guard case .failure(.certificate) = try answer(peer.url("good", "/status/200"), try rules(proxy.port))
    else {
      Issue.record("accepted")
      return
    }
  }

  @Test func pieceByPiece() throws {
    var answer = ProxyAnswer(proxy: "p:1", target: "h:2", hasUser: false)
    let bytes = Array(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    for byte in bytes.dropLast() { #expect(try !answer.feed([byte])) }
    #expect(try answer.feed([0x0A, 1, 2, 3]))
    #expect(answer.leftover == [1, 2, 3])
  }
}
