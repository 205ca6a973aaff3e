import Base

@testable import Device
@testable import LiveKit

/// A token's whole life: what it claims, as any numbers and most of all the last ones, what that means to people, and how
/// long it is kept at which clock.
func fuzzTokenLife(_ bytes: [UInt8]) {
  var rest = bytes[...]
  let expires = claimed(&rest)
  let begins = claimed(&rest)
  let claims =
    "{\"sub\":\"d\",\"exp\":\(expires),\"nbf\":\(begins),\"video\":{\"roomJoin\":true,\"room\":\"h\"}}"
  let token = "eyJhIjoxfQ." + Base64.encode(Array(claims.utf8), urlSafe: true, padding: false) + ".c2ln"
  guard let access = try? AccessToken(token) else { preconditionFailure("a token cannot be read") }
  for seconds in [access.expires, access.notBefore, expires, begins] {
    if let seconds { precondition(CalendarTime(seconds).year >= 1 && CalendarTime(seconds).year <= 9999) }
  }
  guard
    let response = try? TokenSourceResponse(
      status: 200, body: Array("{\"participant_token\":\"\(token)\",\"server_url\":\"wss://h\"}".utf8))
  else { return }
  var moment = Stay.Moment(now: Instant(microseconds: 0), unixSeconds: claimed(&rest))
  let ticket = TokenTicket(response, at: moment)
  if let seconds = TokenDesk.renewalSeconds(lifetimeSeconds: ticket.lifetimeSeconds) {
    precondition(seconds > 0 && seconds <= DeviceLimits.tokenRenewalSecondsMax)
  }
  while !rest.isEmpty {
    moment.unixSeconds = claimed(&rest)
    moment.now = moment.now.advanced(byMilliseconds: 1_000_000)
    _ = ticket.holds(at: moment)
  }
}

/// Eight bytes as a number, or one of the numbers at which words and calendars end, and what lies beside it.
private func claimed(_ rest: inout ArraySlice<UInt8>) -> Int64 {
  let choice = rest.popFirst() ?? 0
  let ends: [Int64] = [
    .max, .min, 0, Int64(Int32.max), Int64(Int32.min), Int64(UInt32.max), 1 << 53, -(1 << 53),
    253_402_300_799,
    -62_135_596_800, 1_704_067_200,
  ]
  if choice < 128 {
    return ends[Int(choice & 63) % ends.count] &+ Int64(choice >> 6) &- Int64(rest.popFirst() ?? 0) & 3
  }
  var number: UInt64 = 0
  for _ in 0..<8 { number = number << 8 | UInt64(rest.popFirst() ?? 0) }
  return Int64(bitPattern: number)
}
