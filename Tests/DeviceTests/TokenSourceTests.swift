import Base
import Configuration
import Control
import JSON
import LiveKit
import Testing

@testable import Device

/// Each source of a token, from the press to the dialling.
@Suite struct TokenSourceTests {
  static func answer(_ token: String, url: String = "wss://given.example") -> String {
    #"{"server_url":"\#(url)","participant_token":"\#(token)"}"#
  }

  @Test func anEndpointIsAskedAheadAndAPressDialsAtOnce() throws {
    let bench = try Bench.withEndpoint {
      $0.session.room = "hall"
      $0.session.agentName = "concierge"
      $0.session.agentMetadata = #"{"floor":"3"}"#
      $0.device.id = "door-7"
    }
    let request = try #require(bench.tokenRequests.first)
    #expect(request.url == "https://tokens.example/door" && request.timeoutMilliseconds == 10_000)
    #expect(request.headers.contains(TextPair("Content-Type", "application/json")))
    let body = try JSONValue.parse(request.body)
    #expect(body["room_name"].string == "hall" && body["participant_identity"].string == "door-7")
    let agent = try #require(body["room_config"]["agents"].array.first)
    #expect(agent["agent_name"].string == "concierge" && agent["metadata"].string == #"{"floor":"3"}"#)
    bench.answer(Self.answer(token()))
    #expect(bench.connection == nil && bench.status["call"]["state"].string == "idle")
    bench.ask(.call)
    #expect(bench.dialled == token() && bench.tokenRequests.count == 1)
    #expect(bench.status["room"]["server"].string == "wss://given.example")
  }

  @Test func whatIsNotConfiguredIsNotAskedFor() throws {
    let request = try #require(try Bench.withEndpoint().tokenRequests.first)
    let body = try JSONValue.parse(request.body)
    #expect(body["room_name"] == .null && body["room_config"] == .null)
  }

  @Test func aPressWhileTheEndpointIsAskedWaitsForThatAnswer() throws {
    let bench = try Bench.withEndpoint()
    bench.ask(.call)
    #expect(bench.connection == nil && bench.tokenRequests.count == 1)
    bench.answer(Self.answer(token()))
    #expect(bench.dialled == token())
    // The call has taken it: the next one is fetched when this one is over, not before.
    bench.pass(seconds: 60)
    #expect(bench.tokenRequests.count == 1)
    bench.ask(.hangup(who: nil))
    bench.pass(seconds: 5)
    #expect(bench.tokenRequests.count == 2)
  }

  @Test func aPressThatIsTakenBackLeavesTheTokenForTheNext() throws {
    let bench = try Bench.withEndpoint()
    bench.ask(.call)
    bench.ask(.hangup(who: nil))
    bench.answer(Self.answer(token()))
    #expect(bench.connection == nil)
    bench.ask(.call)
    #expect(bench.connection != nil && bench.tokenRequests.count == 1)
  }

  @Test func aWarmTokenIsFetchedAnewBeforeItIsStale() throws {
    let bench = try Bench.withEndpoint()
    let now = bench.unixMilliseconds / 1000
    bench.answer(Self.answer(token(expiresAt: now + 600)))
    bench.pass(seconds: 479)
    #expect(bench.tokenRequests.count == 1)
    bench.pass(seconds: 2)
    #expect(bench.tokenRequests.count == 2)
  }

  @Test func aWarmTokenOfAnotherConfigurationIsFetchedAnew() throws {
    let bench = try Bench.withEndpoint()
    bench.answer(Self.answer(token()))
    var settings = Settings()
    settings.token.source = .endpoint
    settings.token.endpoint = "https://tokens.example/other"
    bench.ask(.configReload)
    bench.handle(.configurationRead(.success(settings)))
    #expect(bench.tokenRequests.count == 2 && bench.tokenRequests[1].url == "https://tokens.example/other")
  }

  @Test func aWarmTokenThatAClockMadeStaleIsFetchedAnewByThePress() throws {
    let bench = try Bench.withEndpoint()
    bench.answer(Self.answer(token(expiresAt: bench.unixMilliseconds / 1000 + 600)))
    bench.unixMilliseconds += 3_600_000
    bench.ask(.call)
    #expect(bench.connection == nil && bench.tokenRequests.count == 2)
    let fresh = token(expiresAt: bench.unixMilliseconds / 1000 + 600)
    bench.answer(Self.answer(fresh))
    #expect(bench.dialled == fresh)
  }

  @Test func aWarmTokenThatTheServerRefusesIsFetchedAnewOnce() throws {
    let bench = try Bench.withEndpoint()
    bench.answer(Self.answer(token()))
    bench.ask(.call)
    let refusal = TransportFailure.http(status: 401, body: Array("invalid token".utf8))
    bench.handle(.room(.webSocketFailed(connection: try #require(bench.connection), refusal)))
    #expect(bench.events(named: "room.failure").last?["retriable"].bool == true)
    bench.advance(milliseconds: 1)
    #expect(bench.tokenRequests.count == 2)
    let fresh = token(room: "other")
    bench.answer(Self.answer(fresh))
    #expect(bench.dialled == fresh)
    bench.handle(.room(.webSocketFailed(connection: try #require(bench.connection), refusal)))
    #expect(bench.status["call"]["state"].string == "failed")
    #expect(bench.status["room"]["failure"]["retriable"].bool == false)
  }

  @Test func shortLivedTokensAreNotFetchedAhead() throws {
    let bench = try Bench.withEndpoint()
    bench.answer(Self.answer(token(expiresAt: bench.unixMilliseconds / 1000 + 30)))
    bench.pass(seconds: 3600)
    #expect(bench.tokenRequests.count == 1)
    bench.ask(.call)
    #expect(bench.connection == nil && bench.tokenRequests.count == 2)
  }

  @Test func withoutWarmthNothingIsAskedBeforeThePress() throws {
    let bench = try Bench.withEndpoint { $0.token.warm = false }
    bench.pass(seconds: 3600)
    #expect(bench.tokenRequests.isEmpty)
    bench.ask(.call)
    #expect(bench.tokenRequests.count == 1)
  }

  @Test func anEndpointThatFailsAheadIsSaidOnceAndAskedAgainMoreAndMoreSeldom() throws {
    let bench = try Bench.withEndpoint()
    for _ in 0..<4 {
      bench.answer(status: 503, "busy")
      let asked = bench.tokenRequests.count
      while bench.tokenRequests.count == asked { bench.pass(seconds: 1) }
    }
    // 5 + 10 + 20 + 40 s after the start.
    #expect(bench.now.milliseconds(since: Instant(microseconds: 1_000_000)) / 1000 == 75)
    let failure = bench.events(named: "room.failure")
    #expect(failure.count == 1 && failure[0]["retriable"].bool == true)
    #expect(failure[0]["code"].string == "token-endpoint-unavailable")
    #expect(bench.status["call"]["state"].string == "idle")
    #expect(bench.status["room"]["failure"]["code"].string == "token-endpoint-unavailable")
    bench.answer(Self.answer(token()))
    #expect(bench.status["room"]["failure"] == .null)
  }

  @Test func theSandboxHasItsOwnAddressAndHeader() throws {
    let bench = try Bench {
      $0.token.source = .sandbox
      $0.token.sandboxID = "door-1a2b"
    }
    let request = try #require(bench.tokenRequests.first)
    #expect(request.url == "https://cloud-api.livekit.io/api/v2/sandbox/connection-details")
    #expect(request.headers.contains(TextPair("X-Sandbox-ID", "door-1a2b")) && request.bearer == nil)
  }

  @Test func theEndpointIsShownTheBearerOfTheFile() throws {
    let bench = try Bench.withEndpoint { $0.token.bearerFile = "/run/bearer" }
    #expect(bench.tokenPaths == ["/run/bearer"] && bench.tokenRequests.isEmpty)
    bench.handle(.tokenRead(.success("s3cret")))
    #expect(bench.tokenRequests.first?.bearer == "s3cret")
  }

  @Test func aTokenIsSignedHereForARoomOfItsOwn() throws {
    let bench = try Bench {
      $0.token.source = .apiKey
      $0.token.apiKey = "devkey"
      $0.token.apiSecretFile = "/run/secret"
      $0.session.agentName = "concierge"
    }
    #expect(bench.tokenPaths.isEmpty)
    bench.ask(.call)
    #expect(bench.tokenPaths == ["/run/secret"])
    bench.handle(.tokenRead(.success("devsecret")))
    let text = try #require(bench.dialled)
    let access = try AccessToken(text)
    #expect(access.identity == "lintel" && access.room == "lintel-\(bench.unixMilliseconds / 1000)")
    #expect(access.expires == bench.unixMilliseconds / 1000 + 21_600)
    #expect(!bench.log.contains { $0.text.contains("devsecret") || $0.text.contains(text) })
  }

  @Test func withoutASecretNothingIsSigned() throws {
    let bench = try Bench { $0.token.source = .apiKey }
    bench.ask(.call)
    #expect(bench.status["call"]["reason"].string?.contains("api-secret-file") == true)
  }

  @Test func withAClockAt1970NothingIsSignedUntilItIsSet() throws {
    let bench = try Bench {
      $0.session.mode = .alwaysOn
      $0.token.source = .apiKey
      $0.token.apiKey = "devkey"
      $0.token.apiSecretFile = "/run/secret"
    }
    bench.handle(.tokenRead(.failure(.empty(path: "/run/secret"))))
    bench.unixMilliseconds = 5_000
    bench.pass(seconds: 600)
    #expect(bench.tokenPaths.count == 1)
    let failures = bench.events(named: "room.failure").filter { $0["code"].string == "clock-not-set" }
    #expect(failures.count == 1 && failures[0]["message"].string?.contains("1970") == true)
    #expect(bench.status["call"]["state"].string == "connecting")
    bench.unixMilliseconds = 1_800_000_000_000
    bench.pass(seconds: 12)
    #expect(bench.tokenPaths.count == 2)
  }

  @Test func anEndpointIsAskedWhateverTheClockSays() throws {
    let bench = try Bench.withEndpoint { $0.session.mode = .alwaysOn }
    bench.unixMilliseconds = 5_000
    bench.answer(Self.answer(token()))
    #expect(bench.dialled == token())
  }

  static let refusals: [(Int, String, String, String)] = [
    (401, "who are you", "token-endpoint-refused", "check [token] bearer-file: who are you"),
    (403, "", "token-endpoint-refused", "HTTP 403"), (404, "<html>", "token-endpoint-not-found", "HTTP 404"),
    (302, "", "token-endpoint-redirected", "HTTP 302"),
    (
      308, "https://other.example/token?code=1", "token-endpoint-redirected",
      "to https://other.example/token?*** (HTTP 308)"
    ),
    (422, #"{"error":"room"}"#, "token-endpoint-rejected", "does not let the device choose"),
    (429, "", "token-endpoint-unavailable", "HTTP 429"),
    (500, "eyJhbGciOi.eyJ4.sig", "token-endpoint-unavailable", "<token>"),
    (200, "<html>", "token-endpoint-answer", "not a JSON object"),
    (200, #"{"server_url":"wss://h"}"#, "token-endpoint-answer", "no participant_token"),
    (200, #"{"server_url":"wss://h","participant_token":"x"}"#, "token-endpoint-answer", "malformed"),
    (201, #"{"participant_token":"\#(token())"}"#, "token-endpoint-answer", "no server_url"),
    (201, answer(token(), url: "ftp://h"), "token-endpoint-answer", "wss://"),
    (201, answer(token(), url: "ws://10.0.0.5:7880"), "token-endpoint-answer", "[network] require-tls = no"),
    (201, answer(token(), url: "HTTP://rooms.example"), "token-endpoint-answer", "room server without"),
  ]

  @Test(arguments: refusals) func everyFailureIsOneSentence(
    status: Int, body: String, code: String, words: String
  )
    throws
  {
    let bench = try Bench.withEndpoint()
    bench.ask(.call)
    bench.answer(status: status, body)
    let failure = try #require(bench.events(named: "room.failure").last)
    #expect(failure["code"].string == code && failure["retriable"].bool == false)
    #expect(failure["message"].string?.contains(words) == true, "\(failure)")
    #expect(bench.status["call"]["state"].string == "failed" && bench.connection == nil)
    #expect(bench.status["call"]["reason"] == failure["message"])
    #expect(bench.log.contains { $0.priority == .error && $0.text == failure["message"].string })
  }

  @Test(arguments: [
    (TransportFailure.timeout, "token-endpoint-timeout", "within 10 s"),
    (.tls("the certificate has expired"), "token-endpoint-tls", "expired"),
    (.refused("nothing listens"), "token-endpoint-unreachable", "refuses the connection"),
    (.resolve("no such host"), "token-endpoint-unreachable", "host name was not found: no such host"),
    (.proxy("the proxy p:1 cannot reach h:2"), "token-endpoint-unreachable", "the proxy p:1 cannot reach"),
    (.intercepted("a captive portal answered"), "token-endpoint-unreachable", "a captive portal answered"),
    (.other("the answer is larger than the limit"), "token-endpoint-unreachable", "larger"),
  ]) func aSilentEndpointIsOneSentence(failure: TransportFailure, code: String, words: String) throws {
    let bench = try Bench.withEndpoint()
    bench.ask(.call)
    bench.handle(.endpointFailed(request: try #require(bench.tokenRequests.last).number, failure))
    let event = try #require(bench.events(named: "room.failure").last)
    #expect(event["code"].string == code && event["message"].string?.contains(words) == true, "\(event)")
  }

  @Test func anOldAnswerIsNobodys() throws {
    let bench = try Bench.withEndpoint()
    bench.ask(.call)
    bench.handle(.endpointFailed(request: 99, .timeout))
    #expect(bench.status["call"]["state"].string == "connecting")
  }
}
