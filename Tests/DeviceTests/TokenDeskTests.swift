import Base
import Configuration
import LiveKit
import Testing

@testable import Device

/// The tables of TokenTicket.swift and ComeBack.swift, a test a row.
@Suite struct TokenDeskTests {
  @Test(
    arguments: [
      (nil, 21_600), (59, nil), (60, 48), (600, 480), (7200, 5760), (86_400, 21_600), (-5, nil),
      (Int64.max, 21_600), (Int64.min, nil),
    ] as [(Int64?, Int?)]) func renewal(life: Int64?, seconds: Int?)
  {
    #expect(TokenDesk.renewalSeconds(lifetimeSeconds: life) == seconds)
  }

  @Test(arguments: [
    (Int.min, 5), (0, 5), (1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (8, 300), (Int.max, 300),
  ])
  func pauses(failures: Int, seconds: Int) {
    #expect(TokenDesk.pauseMilliseconds(failures: failures) == seconds * 1000)
  }

  private func moment(monotonic: Int, wall: Int64) -> Stay.Moment {
    Stay.Moment(now: Instant(microseconds: 0).advanced(byMilliseconds: monotonic * 1000), unixSeconds: wall)
  }

  private func ticket(_ claims: String, at wall: Int64) throws -> TokenTicket {
    let answer = TokenSourceTests.answer(token(claims: claims))
    let response = try TokenSourceResponse(status: 200, body: Array(answer.utf8))
    return TokenTicket(response, at: moment(monotonic: 100, wall: wall))
  }

  /// Seconds that pass by the monotonic and by the wall clock, and whether a token of ten minutes still holds.
  @Test(
    arguments: [
      (0, 0, true), (590, 590, true), (591, 591, false), (0, 591, false), (591, 0, false), (0, -86_400, true),
      (0, 86_400, false),
    ] as [(Int, Int64, Bool)]) func howLongATicketHolds(monotonic: Int, wall: Int64, holds: Bool) throws
  {
    // This board's clock is an hour behind the one that made the token: its life is ten minutes all the same.
    let ticket = try ticket(#""nbf":1003600,"exp":1004200"#, at: 1_000_000)
    #expect(ticket.lifetimeSeconds == 600)
    #expect(ticket.holds(at: moment(monotonic: 100 + monotonic, wall: 1_000_000 + wall)) == holds)
  }

  @Test(
    arguments: [
      (#""exp":9223372036854775807"#, true), (#""exp":9223372036854775807,"nbf":-9223372036854775808"#, true),
      (#""exp":-9223372036854775808,"nbf":9223372036854775807"#, false), (#""x":1"#, true),
    ]) func anyNumberIsALife(claims: String, holds: Bool) throws
  {
    for wall in [Int64.min, -1, 0, 1_800_000_000] {
      let ticket = try ticket(claims, at: wall)
      #expect(ticket.holds(at: moment(monotonic: 101, wall: wall)) == holds, "\(wall)")
    }
  }

  private static func circumstances(
    _ mode: SessionMode, given: Bool = false, warm: Bool = false, failures: Int = 1
  ) -> ComeBack.Circumstances {
    ComeBack.Circumstances(mode: mode, tokenIsGiven: given, tokenIsWarm: warm, failures: failures)
  }

  @Test(
    arguments: [
      ("not-allowed", circumstances(.onDemand, warm: true), .retry(milliseconds: 0)),
      ("not-allowed", circumstances(.pushToTalk, warm: true), .retry(milliseconds: 0)),
      ("not-allowed", circumstances(.onDemand), .end), ("tls", circumstances(.onDemand, warm: true), .end),
      ("token-endpoint-unavailable", circumstances(.pushToTalk), .end),
      ("dismissed-participant-removed", circumstances(.onDemand), .end),
      ("dismissed-participant-removed", circumstances(.alwaysOn), .comeBack(milliseconds: 3_600_000)),
      ("dismissed-duplicate-identity", circumstances(.alwaysOn), .comeBack(milliseconds: 3_600_000)),
      ("dismissed-room-deleted", circumstances(.alwaysOn), .comeBack(milliseconds: 30_000)),
      ("dismissed-room-closed", circumstances(.alwaysOn), .comeBack(milliseconds: 30_000)),
      ("dismissed-room-deleted", circumstances(.alwaysOn, given: true), .comeBack(milliseconds: 30_000)),
      ("not-allowed", circumstances(.alwaysOn, given: true), .comeBack(milliseconds: 10_000)),
      ("not-allowed", circumstances(.alwaysOn), .retry(milliseconds: 5_000)),
      ("not-allowed", circumstances(.alwaysOn, failures: 2), .retry(milliseconds: 10_000)),
      ("token-empty", circumstances(.alwaysOn, failures: 1_000_000), .retry(milliseconds: 10_000)),
      ("clock-not-set", circumstances(.alwaysOn), .retry(milliseconds: 5_000)),
      ("no-url", circumstances(.alwaysOn), .retry(milliseconds: 5_000)),
      ("room-does-not-exist", circumstances(.alwaysOn, failures: 3), .retry(milliseconds: 10_000)),
      ("", circumstances(.alwaysOn), .retry(milliseconds: 5_000)),
    ] as [(String, ComeBack.Circumstances, ComeBack)]) func afterAFailure(
      code: String, circumstances: ComeBack.Circumstances, next: ComeBack
    )
  {
    #expect(ComeBack.after(code, circumstances) == next)
  }
}
