import Base
import JSON
import LiveKit
import Testing

@testable import Telephony

@Suite struct MetaWebhookTests {
  private static func webhook(_ value: String) -> [UInt8] {
    Array(
      (#"{"object":"whatsapp_business_account","entry":[{"id":"366634483210360","changes":[{"value":{"#
        + #""messaging_product":"whatsapp","metadata":{"display_phone_number":"13175551399","#
        + #""phone_number_id":"436666719526789"},"# + value + #"},"field":"calls"}]}]}"#).utf8)
  }

  private static let connect = webhook(
    #""contacts":[{"profile":{"name":"Test Person"},"wa_id":"16315553601"}],"calls":[{"id":"wacid.A","#
      + #""from":"16315553601","to":"13175551399","event":"connect","timestamp":"1671644824","#
      + #""direction":"USER_INITIATED","session":{"sdp_type":"offer","sdp":"v=0\r\n"}}]"#)

  private func signature(_ body: [UInt8], _ secret: String = "app") -> String {
    "sha256=" + hexadecimal(hmacSHA256(key: Array(secret.utf8), body))
  }

  private func fault(_ signature: String, _ body: [UInt8], secret: String = "app") -> WebhookFault? {
    do throws(WebhookFault) {
      _ = try MetaWebhook.calls(signature: signature, body: body, appSecret: secret)
      return nil
    } catch {
      return error
    }
  }

  @Test func somebodyCalls() throws {
    let calls = try MetaWebhook.calls(
      signature: signature(Self.connect), body: Self.connect, appSecret: "app")
    let call = try #require(calls.first)
    #expect(calls.count == 1 && call.id == "wacid.A" && call.event == .connect && !call.isBusinessInitiated)
    #expect(
      call.from == "16315553601" && call.to == "13175551399" && call.sdpKind == .offer
        && call.sdp == "v=0\r\n")
    #expect(call.numberID == "436666719526789")
    #expect(call.timestamp == 1_671_644_824)
  }

  @Test func severalInOne() throws {
    let body = Self.webhook(
      #""calls":[{"id":"a","event":"connect","direction":"BUSINESS_INITIATED","#
        + #""session":{"sdp_type":"answer","sdp":"v=0"}},"#
        + #"{"id":"b","event":"terminate","status":["COMPLETED"],"duration":3},"#
        + #"{"id":"c","event":"terminate","status":"FAILED"},{"id":"d","event":"new"}],"#
        + #""statuses":[{"id":"e","type":"call","status":"RINGING","recipient_id":"1"},{"id":"f","type":"message"}]"#
    )
    let calls = try MetaWebhook.calls(body)
    #expect(calls.map { $0.id.text } == ["a", "b", "c", "d", "e"])
    #expect(calls[0].isBusinessInitiated && calls[0].sdpKind == .answer)
    #expect(calls[1].event == .terminate && calls[2].event == .terminate)
    #expect(calls[3].event == .other("new") && calls[4].event == .status("RINGING") && calls[4].to == "1")
  }

  @Test func otherThingsAreNone() throws {
    let messages = #"{"entry":[{"changes":[{"value":{"calls":[{"id":"a"}]},"field":"messages"}]}]}"#
    for text in ["{}", #"{"entry":1}"#, messages] { #expect(try MetaWebhook.calls(Array(text.utf8)).isEmpty) }
  }

  @Test func whatIsNotBelieved() {
    let body = Self.connect
    #expect(fault(signature(body), body) == nil)
    #expect(fault(signature(body).uppercased().replacing("SHA256", with: "sha256"), body) == nil)
    #expect(fault("", body) == .unsigned)
    #expect(fault(signature(body, "other"), body) == .wrongSignature)
    #expect(fault(signature(body), body + [0x20]) == .wrongSignature)
    #expect(fault("sha1=" + signature(body).dropFirst(7), body) == .wrongSignature)
    #expect(fault(String(signature(body).dropLast()), body) == .wrongSignature)
    #expect(fault(signature(body, ""), body, secret: "") == .noSecret)
    let large = [UInt8](repeating: 0x20, count: 262_145)
    #expect(fault(signature(large), large) == .tooLarge(bytesMax: 262_144))
  }

  @Test func bodiesOfNoUse() {
    func fault(_ body: [UInt8]) -> WebhookFault? {
      do throws(WebhookFault) {
        _ = try MetaWebhook.calls(body)
        return nil
      } catch {
        return error
      }
    }
    #expect(fault(Array("x".utf8)) == .malformed("it is no JSON object"))
    #expect(fault(Self.webhook(#""calls":[{"event":"connect"}]"#)) == .malformed("a call in it has no id"))
    #expect(fault(Self.webhook(#""calls":[{"id":"a\u0001"}]"#)) == .malformed("a call in it has no id"))
    let offer = String(repeating: "x", count: 100_000)
    #expect(
      fault(Self.webhook(#""calls":[{"id":"a","session":{"sdp":"\#(offer)"}}]"#))
        == .tooLarge(bytesMax: TelephonyLimits.offerBytesMax))
    let many = (0..<17).map { _ in #"{"id":"a"}"# }.joined(separator: ",")
    #expect(fault(Self.webhook(#""calls":[\#(many)]"#)) == .tooMany(max: 16))
    let long = String(repeating: "x", count: 257)
    #expect(
      fault(Self.webhook(#""calls":[{"id":"\#(long)"}]"#)) == .malformed("a call in it has no id"))
  }

  /// | query | what is answered, or why not |
  @Test(
    arguments: [
      ("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=my%20token", "1158201444", nil),
      ("hub.verify_token=my+token&hub.challenge=a-b_c.d&hub.mode=subscribe", "a-b_c.d", nil),
      ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other", nil, .otherVerifyToken),
      ("hub.mode=subscribe&hub.challenge=1", nil, .otherVerifyToken),
      (
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=my+token", nil,
        .malformed("hub.mode is not subscribe")
      ),
      ("", nil, .malformed("hub.mode is not subscribe")),
      (
        "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=my+token", nil,
        .malformed("hub.challenge is missing, or no plain text")
      ),
      (
        "hub.mode=subscribe&hub.challenge=" + String(repeating: "1", count: 257)
          + "&hub.verify_token=my+token", nil,
        .malformed("hub.challenge is missing, or no plain text")
      ),
    ] as [(String, String?, WebhookFault?)])
  func theConsoleAsks(query: String, challenge: String?, fault: WebhookFault?) {
    do throws(WebhookFault) {
      let found = try MetaWebhook.challenge(query: query, verifyToken: "my token")
      #expect(found == challenge)
    } catch {
      #expect(error == fault)
    }
    #expect(throws: WebhookFault.noSecret) { try MetaWebhook.challenge(query: query, verifyToken: "") }
  }
}
