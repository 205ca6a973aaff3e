import Configuration
import Testing

@testable import Device

/// The tables of TokenDesk.swift, a test a row.
@Suite struct TokenDeskTests {
  @Test(
    arguments: [
      (nil, 21_600), (59, nil), (60, 48), (600, 480), (7200, 5760), (86_400, 21_600), (-5, nil),
      (Int64.max, 21_600),
    ] as [(Int64?, Int?)]) func renewal(life: Int64?, seconds: Int?)
  {
    #expect(TokenDesk.renewalSeconds(lifetimeSeconds: life) == seconds)
  }

  @Test(arguments: [(0, 5), (1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (8, 300), (Int.max, 300)])
  func pauses(failures: Int, seconds: Int) {
    #expect(TokenDesk.pauseMilliseconds(failures: failures) == seconds * 1000)
  }

  @Test(arguments: [(nil, true), (1010, true), (1009, false), (900, false)] as [(Int64?, Bool)])
  func aWarmTokenIsTakenOnceAndOnlyWhileItHolds(expires: Int64?, isTaken: Bool) {
    var desk = TokenDesk()
    desk.warm = TokenTicket(token: "t", expires: expires)
    #expect((desk.take(wallClockSeconds: 1000) != nil) == isTaken)
    #expect(desk.take(wallClockSeconds: 1000) == nil)
  }

  static func retry(
    _ mode: SessionMode, _ source: TokenSource, given: Bool = false, warm: Bool = false, failures: Int = 1
  ) -> TokenRetry {
    var retry = TokenRetry()
    retry.mode = mode
    retry.source = source
    retry.isGiven = given
    retry.isWarm = warm
    retry.failures = failures
    return retry
  }

  @Test(
    arguments: [
      (retry(.alwaysOn, .file, given: true), "expired-token", nil),
      (retry(.onDemand, .endpoint, warm: true), "not-allowed", 0),
      (retry(.onDemand, .endpoint, warm: true), "expired-token", 0),
      (retry(.onDemand, .endpoint, warm: true), "room-does-not-exist", nil),
      (retry(.alwaysOn, .endpoint), "clock-not-set", 10_000),
      (retry(.alwaysOn, .file), "clock-not-set", 10_000),
      (retry(.alwaysOn, .file), "expired-token", 10_000),
      (retry(.alwaysOn, .file, failures: 9), "token-too-open", 10_000),
      (retry(.alwaysOn, .file), "no-token", 10_000),
      (retry(.alwaysOn, .endpoint), "token-endpoint-unavailable", 5_000),
      (retry(.alwaysOn, .endpoint, failures: 3), "expired-token", 20_000),
      (retry(.alwaysOn, .sandbox, failures: 30), "token-endpoint-timeout", 300_000),
      (retry(.alwaysOn, .apiKey, failures: 2), "not-allowed", 10_000),
      (retry(.alwaysOn, .endpoint), "dismissed-duplicate-identity", nil),
      (retry(.alwaysOn, .endpoint), "dismissed-room-deleted", nil),
      (retry(.alwaysOn, .endpoint), "no-url", nil),
      (retry(.alwaysOn, .file), "tls", nil),
      (retry(.onDemand, .endpoint), "token-endpoint-unavailable", nil),
      (retry(.pushToTalk, .file), "token-unreadable", nil),
      (retry(.onDemand, .apiKey), "clock-not-set", nil),
    ] as [(TokenRetry, String, Int?)]) func afterAFailure(retry: TokenRetry, code: String, pause: Int?)
  {
    #expect(retry.pause(after: code) == pause)
  }
}
