import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct EndingTests {
  /// Every code that LiveKit's server maps (`telephony.md` 8.2).
  static let mapped: [Int] =
    [300, 301, 302, 305, 380] + Array(400...417) + Array(420...425) + [428, 429, 430, 433]
    + Array(436...440) + [469, 470] + Array(480...489) + [491, 493, 494] + Array(500...505)
    + [513, 600, 603, 604, 606, 607, 608]

  @Test(arguments: mapped) func everyCodeHasItsOwnWords(code: Int) {
    let status = SIPStatus(code)
    #expect(status.words.hasSuffix(" (\(code))"))
    #expect(!status.words.contains("cannot take the call") || code == 0, "\(status.words)")
  }

  @Test(
    arguments: [
      (486, .busy, "busy (486)"), (600, .busy, "busy (600)"), (603, .refused, "refused (603)"),
      (404, .unknownNumber, "no such number (404)"), (408, .unanswered, "did not answer in 30 s (408)"),
      (480, .unanswered, "not available now (480)"),
      (499, .unreachable, "the other side cannot take the call (499)"),
      (599, .unreachable, "the carrier has a fault (599)"), (699, .refused, "refused everywhere (699)"),
      (0, .unreachable, "the other side cannot take the call (0)"),
    ] as [(Int, CallEnding, String)])
  func codes(code: Int, ending: CallEnding, words: String) {
    #expect(SIPStatus(code).ending == ending && SIPStatus(code).words(seconds: 30) == words)
  }

  /// | reason | last status | what it was |
  @Test(
    arguments: [
      (.clientInitiated, "hangup", .hungUp), (.clientInitiated, "dialing", .failed(.unreachable)),
      (.clientInitiated, "ringing", .failed(.unreachable)), (.clientInitiated, nil, .failed(.unreachable)),
      (.clientInitiated, "active", .lost), (.clientInitiated, "automation", .lost),
      (.unknown, "active", .lost),
      (.connectionTimeout, "active", .lost), (.connectionTimeout, "ringing", .failed(.unreachable)),
      (.userRejected, "ringing", .failed(.refused)), (.userRejected, "dialing", .failed(.refused)),
      (.userUnavailable, "ringing", .failed(.unanswered)),
      (.userUnavailable, "dialing", .failed(.unknownNumber)),
      (.participantRemoved, "ringing", .takenBack), (.participantRemoved, "active", .takenBack),
      (.roomDeleted, "active", .takenBack), (.duplicateIdentity, "active", .replaced),
      (.userRejected, "hangup", .hungUp),
    ] as [(DisconnectReason, String?, LegEnding)])
  func inTheRoom(reason: DisconnectReason, status: String?, ending: LegEnding) {
    let found = LegEnding(disconnectReason: reason, lastCallStatus: status)
    #expect(found == ending && !found.words.isEmpty && !found.code.isEmpty)
  }

  @Test func howLongSomebodyWasRung() {
    #expect(LegEnding.failed(.unanswered).words(seconds: 30) == "did not answer in 30 s")
    #expect(LegEnding.failed(.unanswered).words == "did not answer")
  }
}
