import Base
import Configuration
import Control
import LiveKit

/// Push-to-talk: the agent answers only to what is said in a turn, and the microphone is closed outside of one.
extension Device {
  private static let pushToTalk = SessionMode.pushToTalk

  func turn(_ step: TurnStep, _ asker: Asker, _ now: Instant) {
    guard settings.session.mode == Self.pushToTalk else {
      return refuse("not-push-to-talk", "[session] mode is not push-to-talk", asker, now)
    }
    guard let agent else {
      closeTurn(failure: nil, now: now)
      return refuse("no-agent", "no agent is there to talk to", asker, now)
    }
    guard (step == .start) != mute.turnIsOpen else { return succeed(turnJSON, asker, now) }
    guard changeMute(.turn(step == .start), now: now) else {
      return refuse("muted", "the microphone is muted", asker, now)
    }
    limits.activity(somebodySpeaks: mute.turnIsOpen, call.state, settings.session, now: now)
    announceTurn(step == .cancel ? "cancelled" : mute.turnIsOpen ? "open" : "closed", nil)
    // The microphone does not wait for the agent: a first word said at once is in the agent's buffer.
    let call = words.call(
      "\(step.rawValue)_turn", of: agent.identity.text, payload: "",
      timeoutMilliseconds: DeviceLimits.turnAnswerMilliseconds, now: now)
    pendingCalls.append((call, .turn(step, asker)))
  }

  func turnAnswered(_ step: TurnStep, _ asker: Asker, failure: WordsFailure?, now: Instant) {
    guard case .failed(let code, let message)? = failure else { return succeed(turnJSON, asker, now) }
    if step == .start { closeTurn(failure: message, now: now) } else { announceTurn("closed", message) }
    refuse(code, "the agent did not take the turn: \(message)", asker, now)
  }

  /// The call or the agent has gone, or did not listen.
  func closeTurn(failure: String?, now: Instant) {
    guard settings.session.mode == Self.pushToTalk, mute.turnIsOpen else { return }
    _ = changeMute(.turn(false), now: now)
    announceTurn("closed", failure)
  }

  private var turnJSON: JSONValue {
    .object([.init("turn", .string(mute.turnIsOpen ? "open" : "closed"))])
  }

  private func announceTurn(_ state: String, _ failure: String?) {
    announce(.turn(state: state, failure: failure))
  }
}
