import Base
import Testing

@testable import LiveKit

@Suite struct TokenSignerTests {
  /// RFC 4231, test cases 1 and 2.
  @Test(arguments: [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
  ]) func theCode(key: [UInt8], message: String, code: String) {
    let text = hmacSHA256(key: key, Array(message.utf8)).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    #expect(text.joined() == code)
  }

  private func claims(_ token: String) -> String {
    let parts = token.split(separator: ".")
    return parts.count == 3
      ? String(decoding: Base64.decode(Array(parts[1].utf8)[...]) ?? [], as: UTF8.self) : ""
  }

  @Test func theLeastThatADoorNeeds() throws {
    var options = TokenRequestOptions()
    options.roomName = "hall"
    options.participantIdentity = #"do"or"#
    let token = AccessToken.signed(key: "k", secret: "s", options: options, expires: 1_900_000_000)
    #expect(
      claims(token)
        == #"{"iss":"k","sub":"do\"or","exp":1900000000,"video":{"roomJoin":true,"room":"hall","canPublish":true,"#
        + #""canSubscribe":true,"canPublishData":true,"canUpdateOwnMetadata":true,"#
        + #""canPublishSources":["microphone"]}}"#)
    let read = try AccessToken(token)
    #expect(
      read.identity == #"do"or"# && read.room == "hall" && read.canPublish && read.expires == 1_900_000_000)
  }

  @Test func theAgentStandsInTheRoomConfiguration() {
    var options = TokenRequestOptions()
    options.roomName = "hall"
    options.participantIdentity = "door"
    options.participantName = "Front door"
    options.agentName = "concierge"
    options.agentMetadata = #"{"floor":3}"#
    let token = claims(AccessToken.signed(key: "k", secret: "s", options: options, expires: 1))
    #expect(token.contains(#""name":"Front door""#))
    #expect(
      token.hasSuffix(
        #""roomConfig":{"agents":[{"agentName":"concierge","metadata":"{\"floor\":3}"}]}}"#), "\(token)")
    #expect(
      String(decoding: options.endpointBody, as: UTF8.self)
        == #"{"room_name":"hall","participant_identity":"door","participant_name":"Front door","#
        + #""room_config":{"agents":[{"agent_name":"concierge","metadata":"{\"floor\":3}"}]}}"#)
  }

  @Test func nothingIsAskedForThatIsNotSet() {
    #expect(TokenRequestOptions().endpointBody == Array("{}".utf8))
  }
}
