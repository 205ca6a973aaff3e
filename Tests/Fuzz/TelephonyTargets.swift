import Base
import JSON
import LiveKit

@testable import Telephony

/// A server's answer to each kind of request, under each kind of status: a value, or one short line without a token.
func fuzzAPIAnswer(_ bytes: [UInt8]) {
  let requests = [
    RoomAPI.list(), AgentDispatch.create(agent: "a", room: "r"),
    APIRequest.raw(service: "SIP", method: "CreateSIPParticipant", body: .null),
    APIRequest.raw(service: "Connector", method: "DialWhatsAppCall", body: .null),
  ]
  let statuses = [200, 302, 400, 401, 403, 404, 408, 412, 429, 500, 503, 0, -1]
  let choice = Int(bytes.first ?? 0)
  let body = Array(bytes.dropFirst())
  let status = statuses[choice % statuses.count]
  check(APIAnswer(requests[choice % requests.count], status: status, body: body, ringSeconds: 30))
  // Most bodies fail as JSON. So the input also stands where the words and the SIP status belong.
  let text = JSONValue.string(String(decoding: body, as: UTF8.self))
  let error = JSONValue.object([
    .init("code", .string("not_found")), .init("msg", text),
    .init("meta", .object([.init("sip_status_code", text), .init("sip_status", text)])),
  ])
  check(APIAnswer(requests[choice % requests.count], status: status, body: error.bytes))
  if case .failed(let failure) = APIAnswer(ofTwilio: status, body: body) { check(failure) }
  fuzzRegions(body)
}

private func check(_ answer: APIAnswer) {
  if case .failed(let failure) = answer { check(failure) }
}

private func check(_ failure: APIFailure) {
  let words = failure.words
  precondition(!words.utf8.isEmpty && words.utf8.count < 1024 && !failure.code.utf8.isEmpty)
  precondition(words.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
  precondition(!holds(words, "eyJhbGciOiJIUzI1NiJ9."), "a token is shown")
}

/// The request's token goes to no host but those of the Cloud, and only with TLS.
private func fuzzRegions(_ body: [UInt8]) {
  var plan = RegionPlan(RoomAPI.list(), server: "wss://door.livekit.cloud")
  _ = plan.after(.failed(.timeout, wasWritten: true))
  var steps = [plan.regions(status: 200, body: body)]
  while case .send(let server, let pause)? = steps.last {
    precondition(server.utf8.starts(with: "https://".utf8) && pause <= 400 && steps.count <= 2)
    let host = server.utf8.dropFirst(8).prefix { $0 != UInt8(ascii: ":") }
    precondition(host.suffix(14).map { lowercased($0) } == Array(".livekit.cloud".utf8))
    steps.append(plan.after(.answered(status: 503, body: [])))
  }
}

/// A body that is signed, one that is not, and bytes in place of the token.
func fuzzLiveKitWebhook(_ bytes: [UInt8]) {
  let now: Int64 = 1_795_722_125
  let claims: [JSONValue.Member] = [
    .init("iss", .string("k")), .init("exp", .integer(now)),
    .init("sha256", .string(Base64.encode(sha256(bytes)))),
  ]
  let token = AccessToken.signed(claims: claims, key: "k", secret: "s")
  do throws(WebhookFault) {
    let event = try LiveKitWebhook(authorization: token, body: bytes, key: "k", secret: "s", unixSeconds: now)
    precondition(!event.id.isEmpty && event.participant?.identity.isEmpty != true)
  } catch {
    guard case .malformed = error else { preconditionFailure("a signed body is not believed") }
  }
  let texts = [String(decoding: bytes, as: UTF8.self), Base64.encode(bytes, urlSafe: true, padding: false)]
  for text in [texts[0], "\(texts[1]).\(texts[1]).\(texts[1])", "eyJhbGciOiJIUzI1NiJ9.\(texts[1]).c2ln"] {
    guard
      case nil = try? LiveKitWebhook(
        authorization: text, body: bytes, key: "k", secret: "s", unixSeconds: now)
    else { preconditionFailure("an unsigned body is believed") }
  }
}

/// What is read can be written and read again; a signature of it fits it, and not one with a field more.
func fuzzTwilioForm(_ bytes: [UInt8]) {
  guard let form = try? FormFields(parsing: bytes) else { return }
  guard form.encoded.count <= TelephonyLimits.formBytesMax else { return }
  // A field without a name and a value is nothing when it is written.
  guard form.fields.allSatisfy({ !$0.name.utf8.isEmpty }) else { return }
  guard let again = try? FormFields(parsing: form.encoded) else {
    preconditionFailure("it cannot be read again")
  }
  for (one, other) in zip(form.fields, again.fields) {
    precondition(
      one.name.utf8.elementsEqual(other.name.utf8) && one.value.utf8.elementsEqual(other.value.utf8))
  }
  precondition(again.fields.count == form.fields.count)
  if let call = try? TwilioVoice(form) {
    precondition(!call.callSID.isEmpty && call.from.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
  }
  let url = "https://h/" + String(decoding: bytes.prefix(64), as: UTF8.self)
  _ = TwilioSignature.isValid(
    signature: "RSOYDt4T1cUTdK1PDd93/VVr8B8=", url: url, parameters: form, authToken: "t")
  _ = TwilioSignature.isValid(signature: "x", url: url, body: bytes, authToken: "t")
}

/// A body, a part of one, and the query of Meta's console.
func fuzzMetaWebhook(_ bytes: [UInt8]) {
  let head =
    #"{"entry":[{"changes":[{"field":"calls","value":{"calls":[{"id":"a","session":{"sdp_type":"offer","#
  for body in [bytes, Array(head.utf8) + bytes + Array("}}]}}]}]}".utf8)] {
    guard let calls = try? MetaWebhook.calls(body) else { continue }
    precondition(calls.count <= TelephonyLimits.callsPerWebhookMax)
    for call in calls {
      precondition(!call.id.isEmpty && (call.sdp ?? "").utf8.count <= TelephonyLimits.offerBytesMax)
    }
  }
  let text = String(decoding: bytes, as: UTF8.self)
  precondition(!MetaWebhook.isSigned(signature: text, body: bytes, appSecret: "s"))
  for query in [text, "hub.mode=subscribe&hub.verify_token=t&hub.challenge=" + text] {
    guard let challenge = try? MetaWebhook.challenge(query: query, verifyToken: "t") else { continue }
    precondition(challenge.utf8.allSatisfy { isLetterOrDigit($0) || "-_.".utf8.contains($0) })
  }
}

/// What is dialled is a number or a user that says the same when it is read again, and that a request can carry.
func fuzzPhoneNumber(_ bytes: [UInt8]) {
  do throws(PhoneNumberFault) {
    let number = try PhoneNumber(String(decoding: bytes, as: UTF8.self))
    guard let again = try? PhoneNumber(number.text), again == number else {
      preconditionFailure("not the same when it is read again")
    }
    precondition(PhoneNumber.withoutSeparators(number.text).utf8.elementsEqual(number.text.utf8))
    precondition(number.text.utf8.allSatisfy { isTokenByte($0) })
    if let digits = try? number.whatsApp() { precondition(digits.utf8.allSatisfy { isDigit($0) }) }
    _ = number.hint
  } catch {
    precondition(error.words.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
  }
  var call = SIPCall(callTo: "1", roomName: "r", participantIdentity: "i")
  call.trunkID = "ST_"
  call.displayName = String(decoding: bytes, as: UTF8.self)
  call.headers = [("X-Y", String(decoding: bytes, as: UTF8.self))]
  if let request = try? call.request() {
    precondition((try? JSONValue.parse(request.body.bytes)) == request.body)
  }
}
