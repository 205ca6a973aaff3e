import Foundation
import Testing

@testable import Reactor

@Suite(.serialized, .enabled(if: Peer.interpreter != nil, Peer.isMissing)) struct HTTPClientTests {
  private let peer: Peer

  init() throws { peer = try #require(Peer.shared) }

  private func answer(_ request: HTTPRequest) throws -> HTTPClient.Answer {
    let loop = try EventLoop()
    let client = HTTPClient(loop, resolver: Resolver(loop), tls: try TLSContext(caFile: peer.caFile))
    let answers = Seen<HTTPClient.Answer>()
    client.send(request) { answers.values.append($0) }
    #expect(answers.values.isEmpty)
    run(loop) { !answers.values.isEmpty }
    run(loop, forMilliseconds: 5)
    #expect(answers.values.count == 1)
    return answers.values[0]
  }

  @Test(arguments: ["plain", "good"]) func validate(port: String) throws {
    var request = HTTPRequest(.get, peer.url(port, "/rtc/validate"))
    request.bearer = peer.token
    let response = try answer(request).get()
    #expect(response.status == 200 && response.body == Array("success".utf8))
    request.bearer = "not-this-one"
    let refusal = try answer(request).get()
    #expect(refusal.status == 401)
    #expect(refusal.shownBody == "invalid token: [token], error: token is expired")
    #expect(!String(decoding: refusal.body, as: UTF8.self).contains("not-this-one"))
  }

  @Test func postCarriesBodyAndHeaders() throws {
    var request = HTTPRequest(.post, peer.url("good", "/echo?x=1"))
    request.body = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    request.headers = [HTTPHeader("X-Kind", "test"), HTTPHeader("Content-Type", "application/json")]
    let response = try answer(request).get()
    #expect(response.body == request.body)
    #expect(response.head.value(of: "x-method") == "POST")
    #expect(response.head.value(of: "x-kind") == "test")
  }

  @Test func chunkedBodiesAndTheirBound() throws {
    var request = HTTPRequest(.get, peer.url("plain", "/chunks?count=50"))
    #expect(try answer(request).get().body.count == 50_000)
    request.responseBodyBytesMax = 49_999
    #expect(try answer(request) == .failure(.tooLarge(what: "the answer", limitBytes: 49_999)))
    request.truncatesResponseBody = true
    #expect(try answer(request).get().body.count == 49_999)
  }

  @Test func aSlowServerTimesOut() throws {
    var request = HTTPRequest(.get, peer.url("plain", "/slow", host: "127.0.0.1"))
    request.timeoutMilliseconds = 300
    guard case .failure(let failure) = try answer(request) else {
      Issue.record("answered")
      return
    }
    #expect(failure.description.hasPrefix("timed out after 0.3 s, waiting for the answer of 127.0.0.1:"))
  }

  @Test func badCertificatesAndURLs() throws {
    guard case .failure(.certificate) = try answer(HTTPRequest(.get, peer.url("self", "/"))) else {
      Issue.record("accepted")
      return
    }
    guard case .failure(.badAddress) = try answer(HTTPRequest(.get, "nonsense")) else {
      Issue.record("dialled")
      return
    }
  }

  @Test func cancelledAndLetGo() throws {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let tls = try TLSContext()
    var client: HTTPClient? = HTTPClient(loop, resolver: resolver, tls: tls)
    let answers = Seen<HTTPClient.Answer>()
    let request = HTTPRequest(.get, peer.url("plain", "/rtc/validate"))
    client?.send(request) { answers.values.append($0) }.cancel()
    let kept = client?.send(request) { answers.values.append($0) }
    client = nil
    kept?.cancel()
    run(loop, forMilliseconds: 100)
    #expect(answers.values.isEmpty)
  }

  @Test func thereIsABoundOnRequests() throws {
    let loop = try EventLoop()
    let client = HTTPClient(loop, resolver: Resolver(loop), tls: try TLSContext())
    let answers = Seen<HTTPClient.Answer>()
    for _ in 0...ReactorLimits.httpRequestsMax {
      client.send(HTTPRequest(.get, peer.url("plain", "/status/200"))) { answers.values.append($0) }
    }
    run(loop) { answers.values.count == ReactorLimits.httpRequestsMax + 1 }
    #expect(answers.values.filter { $0 == .failure(.tooManyRequests) }.count == 1)
  }
}
