import Testing

@testable import LiveKit

@Suite struct AccessTokenTests {
  static func read(_ text: String) -> String {
    do {
      let token = try AccessToken(text)
      return "\(token.identity) in \(token.room)"
    } catch {
      return error.description
    }
  }

  struct Row: Sendable {
    let claims: String
    let result: String
  }

  static let claims = [
    Row(claims: #"{"sub":"door","video":{"roomJoin":true,"room":"hall"}}"#, result: "door in hall"),
    Row(claims: #"{"jti":"old","video":{"roomJoin":true,"room":"hall"}}"#, result: "old in hall"),
    Row(
      claims: #"{"sub":"d","video":{"room":"hall"}}"#,
      result: "it does not allow to join (video.roomJoin is not true)"),
    Row(
      claims: #"{"sub":"d","video":{"roomJoin":false,"room":"hall"}}"#,
      result: "it does not allow to join (video.roomJoin is not true)"),
    Row(claims: #"{"sub":"d","video":{"roomJoin":true}}"#, result: "it names no room (video.room)"),
    Row(claims: #"{"sub":"","video":{"roomJoin":true,"room":"h"}}"#, result: "it names no identity (sub)"),
    Row(claims: #"{"sub":"d"}"#, result: "it has no video grant"),
    Row(claims: #"{"sub":"d","video":[]}"#, result: "it has no video grant"),
    Row(claims: "[1]", result: "its claims are not a JSON object"),
    Row(claims: #"{"sub":"#, result: "its claims are not a JSON object"),
  ]

  @Test(arguments: claims) func theClaims(row: Row) {
    let result = Self.read(Bench.token(row.claims) + "\n")
    #expect(result == row.result || result == "the access token is malformed: " + row.result)
  }

  @Test(arguments: [
    ("", "it is empty"), ("   \n", "it is empty"),
    ("abc", "it has 1 parts separated by dots instead of 3"),
    ("a.b.c.d", "it has 4 parts separated by dots instead of 3"),
    ("ab!.YWJj.YWJj", "a part of it is not base64url"), ("YWJj.YWJj.", "a part of it is not base64url"),
    ("YWJj.YWJj.YW Jj", "it has a blank or a control character in the middle, which no secret has"),
    ("YWJj.YW\nJj.YWJj", "it goes on in line 2, but a secret is one line"),
    (String(repeating: "a", count: 16_385), "it is longer than 16 kB"),
  ])
  func theShape(text: String, why: String) {
    #expect(Self.read(text) == "the access token is malformed: " + why)
  }

  @Test(arguments: ["\u{FEFF}T", "Bearer T\r\n", "\"T\"", "Authorization: Bearer T"])
  func whatWasPastedAroundIt(text: String) throws {
    let token = Bench.token(#"{"sub":"d","video":{"roomJoin":true,"room":"h"}}"#)
    let around = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
    #expect(try AccessToken("\(around[0])\(token)\(around[1])").secret == token)
  }

  static func judge(exp: Int64?, nbf: Int64?, now: Int64) throws -> String {
    let times = (exp.map { #""exp":\#($0),"# } ?? "") + (nbf.map { #""nbf":\#($0),"# } ?? "")
    let token = try AccessToken(
      Bench.token("{\(times)\"sub\":\"d\",\"video\":{\"roomJoin\":true,\"room\":\"h\"}}"))
    return TokenWarning(token, wallClockSeconds: now)?.words ?? "valid"
  }

  /// Whoever makes a token that never expires writes the largest number that he knows.
  @Test func noTimeTraps() throws {
    let limits: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    for exp in limits {
      for nbf in limits {
        for now in limits { _ = try Self.judge(exp: exp, nbf: nbf, now: now) }
      }
    }
    #expect(try Self.judge(exp: .max, nbf: .min, now: 1_795_000_000) == "valid")
    #expect(try Self.judge(exp: .min, nbf: nil, now: 1_795_000_000).contains("expired"))
    #expect(try Self.judge(exp: nil, nbf: .max, now: 1_795_000_000).contains("not valid before"))
  }

  @Test func theTimesWithAMinuteOfLeeway() throws {
    let now: Int64 = 1_795_000_000
    #expect(try Self.judge(exp: nil, nbf: nil, now: now) == "valid")
    #expect(try Self.judge(exp: now - 60, nbf: nil, now: now) == "valid")
    #expect(
      try Self.judge(exp: now - 61, nbf: nil, now: now)
        == "the access token expired at 2026-11-18 11:05:39 UTC")
    #expect(try Self.judge(exp: nil, nbf: now + 60, now: now) == "valid")
    #expect(
      try Self.judge(exp: nil, nbf: now + 61, now: now)
        == "the access token is not valid before 2026-11-18 11:07:41 UTC")
  }

  @Test func aClockThatWasNeverSetIsToBlame() throws {
    let words =
      "the clock says 1970: set the time, neither access tokens nor certificates can be judged before"
    #expect(try Self.judge(exp: 1_795_000_000, nbf: 1_794_000_000, now: 40) == words)
    #expect(try Self.judge(exp: -1000, nbf: nil, now: 40) == words)
    #expect(try Self.judge(exp: 1_795_000_000, nbf: nil, now: 40) == "valid")
  }
}
