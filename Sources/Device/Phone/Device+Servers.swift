import Base
import Configuration
import Control
import JSON
import LiveKit
import Telephony

/// What became of a request to a server.
enum ServerReply: Equatable {
  case answered(status: Int, body: [UInt8])
  case failed(TransportFailure)
}

/// What servers answered, and whom it concerns.
extension Device {
  func serverReplied(_ number: Int, _ reply: ServerReply, now: Instant) {
    var effects: [Effect] = []
    let outcome = switchboard.telephone.answered(number, reply, now: now, &effects)
    perform(effects, now: now)
    guard let (purpose, request, reply) = outcome else { return }
    var seconds: Int?
    if case .order(let leg) = purpose { seconds = switchboard.dialling.leg(leg)?.ringSeconds }
    let answer: APIAnswer =
      switch reply {
      case .answered(let status, let body):
        request.map { APIAnswer($0, status: status, body: body, ringSeconds: seconds) }
          ?? APIAnswer(ofTwilio: status, body: body)
      case .failed(let failure): .failed(APIFailure(failure))
      }
    switch purpose {
    case .order(let leg): ordered(leg, answer, now: now)
    case .look(let leg): looked(leg, answer, now: now)
    case .end(let leg): ended(leg, answer, now: now)
    case .transfer(let asker, let who, let to):
      if case .done = answer, let leg = switchboard.dialling.leg(of: who) {
        switchboard.dialling.note(leg.number) { $0.isTransferred = true }
      }
      answered(answer, asker, instead: .object([.init("to", .string(to))]), now: now)
    case .command(let asker): answered(answer, asker, instead: nil, now: now)
    case .decline: declined(answer, now: now)
    case .caller(let identity, let room, let webhook):
      callerAnswered(identity, room, webhook, answer, now: now)
    }
  }

  private func ordered(_ number: Int, _ answer: APIAnswer, now: Instant) {
    switch answer {
    case .done(let json):
      if let url = json["connect_url"].string ?? json["connectUrl"].string {
        return callOverTwilio(number, url, now: now)
      }
      let call = json["sid"].string
      if let call, switchboard.dialling.leg(number) == nil {
        // It was given up before it had a name.
        let end = try? settings.twilio(readSecret).endCall(call, isRinging: false)
        if let end { try? ask(end, for: .decline, now: now) }
      }
      // A telephone's order waits for the answer; those of the others say only that it is on its way.
      let isAnswer = switchboard.dialling.leg(number)?.target.way == .sip
      let reference =
        call ?? json["whatsapp_call_id"].string ?? json["whatsappCallId"].string ?? json["id"].string
      carryOut(
        switchboard.dialling.ordered(
          number, reference: reference, isAnswer: isAnswer, stamp: stamp, now: now), now: now)
    case .failed(let failure): orderFailed(number, failure, now: now)
    }
  }

  func orderFailed(_ number: Int, _ failure: APIFailure, now: Instant) {
    if let leg = switchboard.dialling.leg(number), leg.target.way == .twilio || leg.reference != nil {
      // What waits in the room for a call that does not come.
      for request in (try? settings.ends(of: leg, secret: readSecret)) ?? [] {
        try? ask(request, for: .decline, now: now)
      }
    }
    carryOut(switchboard.dialling.failed(number, Leg.Failure(failure), stamp: stamp, now: now), now: now)
  }

  // MARK: - Twilio

  func ask(_ request: TwilioRequest, for purpose: Telephone.Purpose, now: Instant) throws(APIFailure) {
    perform([try switchboard.telephone.send(request, for: purpose)], now: now)
  }

  /// A stream waits for the call, which is made now.
  private func callOverTwilio(_ number: Int, _ url: String, now: Instant) {
    guard let leg = switchboard.dialling.leg(number) else { return }
    do throws(APIFailure) {
      guard leg.isWanted else { throw APIFailure(.cancelled) }
      let request = try settings.twilio(readSecret).createCall(
        to: leg.target.address, from: settings.phone.twilioFrom ?? "", url: url, ringSeconds: leg.ringSeconds,
        keys: leg.options.keys)
      try ask(request, for: .order(leg: leg.number), now: now)
    } catch {
      orderFailed(number, error, now: now)
    }
  }

  /// How a call stands that rings at Twilio.
  private func looked(_ number: Int, _ answer: APIAnswer, now: Instant) {
    switch answer {
    case .done(let json):
      guard let status = json["status"].string.flatMap({ TwilioCallStatus(named: $0) }), !status.isAlive
      else {
        return switchboard.dialling.looked(number, now: now)
      }
      var failure = APIFailure(.unreachable("not reached"))
      if status == .busy { failure.kind = .busy }
      if status == .noAnswer { failure.kind = .unanswered }
      failure.ringSeconds = switchboard.dialling.leg(number)?.ringSeconds
      orderFailed(number, failure, now: now)
    case .failed(let failure):
      if failure.isAbsence { return orderFailed(number, failure, now: now) }
      switchboard.dialling.looked(number, now: now)
    }
  }

  private func ended(_ number: Int, _ answer: APIAnswer, now: Instant) {
    var isGone = true
    var why: String?
    if case .done(let json) = answer, let status = json["status"].string,
      TwilioCallStatus(named: status)?.isAlive == true
    {
      isGone = false
    }
    if case .failed(let failure) = answer, !failure.isAbsence {
      isGone = false
      why = failure.words
    }
    carryOut(switchboard.dialling.endAnswered(number, isGone: isGone, why: why, now: now), now: now)
  }

  func declined(_ answer: APIAnswer, now: Instant) {
    guard case .failed(let failure) = answer, !failure.isAbsence else { return }
    perform([.log(.warning, "a caller is not let go yet: \(failure.words)", event: "ring.ended")], now: now)
  }

  private func answered(_ answer: APIAnswer, _ asker: Asker, instead: JSONValue?, now: Instant) {
    switch answer {
    case .done(let json): perform([.succeed(instead ?? json.withoutPasswords, asker)], now: now)
    case .failed(let failure): perform([.refuse(failure.code, failure.words, asker)], now: now)
    }
  }
}

extension JSONValue {
  /// Servers tell the passwords of trunks and rooms to whoever lists them.
  var withoutPasswords: JSONValue {
    switch self {
    case .object(let members):
      .object(
        members.map { member in
          let isSecret = ["auth_password", "authPassword", "turn_password", "turnPassword", "pin"].contains(
            member.name)
          return .init(
            member.name,
            isSecret && member.value != .string("") ? .string("***") : member.value.withoutPasswords)
        })
    case .array(let values): .array(values.map { $0.withoutPasswords })
    default: self
    }
  }
}
