import Base
import JSON
import Testing

@testable import Telephony

/// Signatures of the package `twilio` 9.13.0; the first is Twilio's own example.
@Suite struct TwilioSignatureTests {
  private static let url = "https://mycompany.com/myapp.php?foo=1&bar=2"
  private static let form = FormFields([
    .init("To", "+18005551212"), .init("Digits", "1234"), .init("CallSid", "CA1234567890ABCDE"),
    .init("From", "+14158675309"), .init("Caller", "+14158675309"),
  ])

  @Test func theExample() {
    #expect(
      TwilioSignature.isValid(
        signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8=", url: Self.url, parameters: Self.form, authToken: "12345"))
  }

  /// The port may be signed whether or not it is in the address.
  @Test(
    arguments: ["RSOYDt4T1cUTdK1PDd93/VVr8B8=", "kvajT1Ptam85bY51eRf/AJRuM3w="],
    [url, "https://mycompany.com:443/myapp.php?foo=1&bar=2"])
  func ports(signature: String, url: String) {
    #expect(
      TwilioSignature.isValid(signature: signature, url: url, parameters: Self.form, authToken: "12345"))
  }

  @Test func newerOnes() {
    let signature = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s="
    #expect(
      TwilioSignature.isValid(
        signature: signature, url: Self.url, parameters: Self.form, authToken: "12345", algorithm: .sha256))
    #expect(
      !TwilioSignature.isValid(signature: signature, url: Self.url, parameters: Self.form, authToken: "12345")
    )
  }

  @Test func otherShapes() {
    let none = FormFields([])
    #expect(
      TwilioSignature.isValid(
        signature: "LE+hGhpzw04B7ZO1YX+HrnV+/ko=", url: "https://mycompany.com/get?a=b%20c", parameters: none,
        authToken: "12345"))
    let body = Array(#"{"a":"ü"}"#.utf8)
    let digest = "fd621823002706e24604cb868a9f4f8850d6f01fb5040d49ba050482e1472437"
    let url = "https://mycompany.com/json?bodySHA256=\(digest)"
    let signature = "F5vYpfUmo56G2Aa/VoGVMuAtOJ4="
    #expect(TwilioSignature.isValid(signature: signature, url: url, body: body, authToken: "12345"))
    #expect(!TwilioSignature.isValid(signature: signature, url: url, body: body + [0x20], authToken: "12345"))
    #expect(
      TwilioSignature.isValid(
        signature: "ksSb+TlcS+umO9oVmC4NmqUs8LM=", url: "https://mycompany.com/x",
        parameters: FormFields([.init("B", "2"), .init("A", "z"), .init("B", "1"), .init("B", "2")]),
        authToken: "12345"))
  }

  @Test func changedOnesAreRefused() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    func isValid(_ signature: String, _ url: String, _ form: FormFields, _ token: String) -> Bool {
      TwilioSignature.isValid(signature: signature, url: url, parameters: form, authToken: token)
    }
    #expect(
      !isValid("", Self.url, Self.form, "12345")
        && !isValid("RSOYDt4T1cUTdK1PDd93/VVr8B8", Self.url, Self.form, "12345"))
    #expect(!isValid(signature, Self.url + "&baz=3", Self.form, "12345"))
    #expect(!isValid(signature, Self.url, FormFields(Array(Self.form.fields.dropLast())), "12345"))
    #expect(!isValid(signature, Self.url, Self.form, "12346") && !isValid(signature, Self.url, Self.form, ""))
    #expect(!isValid(signature, "http" + Self.url.dropFirst(5), Self.form, "12345"))
    #expect(!isValid(signature, Self.url + String(repeating: "x", count: 5_000), Self.form, "12345"))
  }

  @Test(
    arguments: [
      (nil, .sha1), ("", .sha1), ("key=webhooks_1,algorithm=HMAC_SHA256", .sha256),
      ("algorithm=hmac_sha1", .sha1),
      ("key=a", .sha1), ("key=a, algorithm=", .sha1), ("algorithm=MD5", nil),
    ] as [(String?, TwilioSignature.Algorithm?)])
  func algorithms(settings: String?, algorithm: TwilioSignature.Algorithm?) {
    #expect(TwilioSignature.Algorithm(settings: settings) == algorithm)
  }
}

@Suite struct TwilioTests {
  @Test func aForm() throws {
    let form = try FormFields(
      parsing: Array("CallSid=CA12&From=%2B1555&To=a+b%20c&&Empty=&None&CallStatus=no-answer".utf8))
    #expect(form["From"] == "+1555" && form["To"] == "a b c" && form["Empty"] == "" && form["None"] == "")
    #expect(form["Nothing"] == nil && form.fields.count == 6)
    let call = try TwilioVoice(form)
    #expect(
      call.callSID == "CA12" && call.isInbound && call.status == .noAnswer
        && call.status?.ending == .unanswered)
    #expect(try FormFields(parsing: form.encoded) == form)
  }

  @Test func formsOfNoUse() {
    func fault(_ bytes: [UInt8]) -> WebhookFault? {
      do throws(WebhookFault) {
        _ = try TwilioVoice(FormFields(parsing: bytes))
        return nil
      } catch {
        return error
      }
    }
    #expect(fault(Array("a=%2".utf8)) == .malformed("a % in it has no two digits"))
    #expect(fault(Array("a=%gg".utf8)) == .malformed("a % in it has no two digits"))
    #expect(fault(Array("a=%FF".utf8)) == .malformed("it is no UTF-8"))
    #expect(fault([UInt8](repeating: 0x61, count: 16_385)) == .tooLarge(bytesMax: 16_384))
    #expect(fault(Array(String(repeating: "a=b&", count: 65).utf8)) == .tooMany(max: 64))
    #expect(fault(Array("From=1".utf8)) == .malformed("it has no CallSid"))
    #expect(fault(Array("CallSid=CA..%2F1".utf8)) == .malformed("it has no CallSid"))
  }

  @Test func whatTwilioIsAnswered() {
    let head = #"<?xml version="1.0" encoding="UTF-8"?><Response>"#
    #expect(
      TwiML.connect(url: "wss://h/s?a=1&b=<\"'>\u{0}")
        == head + #"<Connect><Stream url="wss://h/s?a=1&amp;b=&lt;&quot;&apos;&gt;"/></Connect></Response>"#)
    #expect(TwiML.connect(url: "wss://h") == head + #"<Connect><Stream url="wss://h"/></Connect></Response>"#)
    #expect(TwiML.reject(isBusy: true) == head + #"<Reject reason="busy"/></Response>"#)
    #expect(TwiML.reject(isBusy: false) == head + #"<Reject reason="rejected"/></Response>"#)
  }

  private let account = TwilioREST(account: "AC1", token: "TOKEN")

  @Test func aCallIsMade() {
    let request = account.createCall(
      to: "+15550100", from: "+15550199", url: "wss://c.livekit.cloud/s?x=1", ringSeconds: 30, keys: "1w#")
    #expect(request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json" && !request.isGet)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "To=%2B15550100&From=%2B15550199&Url=https%3A%2F%2Fc.livekit.cloud%2Fs%3Fx%3D1&Timeout=30&SendDigits=1w%23"
    )
    #expect(request.authorization == "Basic " + Base64.encode(Array("AC1:TOKEN".utf8)) && request.mayRing)
    for text in ["\(request)", "\(account)"] { #expect(!text.contains("TOKEN") && !text.contains("Basic")) }
  }

  @Test func aCallIsEnded() {
    let local = TwilioREST(account: "AC1", token: "T", server: "http://127.0.0.1:1/")
    let request = local.endCall("CA2", isRinging: true)
    #expect(request.url == "http://127.0.0.1:1/2010-04-01/Accounts/AC1/Calls/CA2.json" && !request.mayRing)
    #expect(request.body == Array("Status=canceled".utf8))
    #expect(local.endCall("CA2", isRinging: false).body == Array("Status=completed".utf8))
    #expect(local.call("CA2").isGet && local.call("CA2").body.isEmpty)
  }

  @Test(arguments: [
    (401, #"{"code":20003,"message":"Authenticate"}"#, "not-allowed"),
    (400, #"{"code":21211,"message":"Invalid 'To'"}"#, "no-such-number"),
    (400, #"{"code":21210,"message":"not verified"}"#, "trunk"),
    (400, #"{"code":1,"message":"m"}"#, "invalid"),
    (404, "", "not-found"), (400, #"{"code":21220,"message":"not in-progress"}"#, "not-found"),
    (429, "", "unavailable"), (503, "<html>", "unavailable"), (201, "{}", "unusable"),
    (201, #"{"sid":"../x"}"#, "unusable"),
    (302, "", "redirected"),
  ])
  func failures(status: Int, body: String, code: String) {
    guard case .failed(let failure) = APIAnswer(ofTwilio: status, body: Array(body.utf8)) else {
      Issue.record("no failure")
      return
    }
    #expect(failure.code == code && !failure.words.isEmpty, "\(failure.words)")
  }

  @Test func anAnswer() {
    let body = Array(#"{"sid":"CA9","status":"queued","to":"+1"}"#.utf8)
    guard case .done(let call) = APIAnswer(ofTwilio: 201, body: body) else {
      Issue.record("no call")
      return
    }
    #expect(call["sid"].string == "CA9" && TwilioCallStatus(named: call["status"].string ?? "") == .queued)
    #expect(TwilioCallStatus.allCases.filter { $0.isAlive } == [.queued, .initiated, .ringing, .inProgress])
  }
}
