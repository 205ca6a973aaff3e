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
    guard let (purpose, request) = switchboard.telephone.answered(number), let request else { return }
    var seconds: Int?
    if case .order(let leg) = purpose { seconds = switchboard.dialling.leg(leg)?.ringSeconds }
    let answer: APIAnswer =
      switch reply {
      case .answered(let status, let body):
        APIAnswer(request, status: status, body: body, ringSeconds: seconds)
      case .failed(let failure): .failed(APIFailure(failure))
      }
    switch purpose {
    case .order(let leg): ordered(leg, answer, now: now)
    case .end(let leg): ended(leg, answer, now: now)
    case .transfer(let asker, let to):
      answered(answer, asker, instead: .object([.init("to", .string(to))]), now: now)
    case .command(let asker): answered(answer, asker, instead: nil, now: now)
    case .decline: declined(answer, now: now)
    }
  }

  private func ordered(_ number: Int, _ answer: APIAnswer, now: Instant) {
    switch answer {
    case .done(let json):
      // A telephone's order waits for the answer; those of the others say only that it is on its way.
      let isAnswer = switchboard.dialling.leg(number)?.target.way == .sip
      let reference = json["whatsapp_call_id"].string ?? json["whatsappCallId"].string ?? json["id"].string
      carryOut(
        switchboard.dialling.ordered(
          number, reference: reference, isAnswer: isAnswer, stamp: stamp, now: now), now: now)
    case .failed(let failure):
      carryOut(switchboard.dialling.failed(number, Leg.Failure(failure), stamp: stamp, now: now), now: now)
    }
  }

  private func ended(_ number: Int, _ answer: APIAnswer, now: Instant) {
    var isGone = true
    if case .failed(let failure) = answer, !failure.isAbsence {
      isGone = false
      if let leg = switchboard.dialling.leg(number) {
        perform(
          [.log(.warning, "\(leg.name) is not let go yet: \(failure.words)", event: "call.ended")], now: now)
      }
    }
    carryOut(switchboard.dialling.endAnswered(number, isGone: isGone, now: now), now: now)
  }

  private func declined(_ answer: APIAnswer, now: Instant) {
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
