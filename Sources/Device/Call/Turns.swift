import Base
import Configuration
import Control
import JSON
import LiveKit

/// Push-to-talk: the agent answers only to what is said in a turn, and the microphone is closed outside of one.
extension Device {
  func turn(_ step: TurnStep, _ asker: Asker, now: Instant) {
    guard settings.session.mode == .pushToTalk else {
      return perform([.refuse("not-push-to-talk", "[session] mode is not push-to-talk", asker)], now: now)
    }
    guard let agent = audience.agent else {
      closeTurn(failure: nil, now: now)
      return perform([.refuse("no-agent", "no agent is there to talk to", asker)], now: now)
    }
    guard (step == .start) != microphone.turnIsOpen else {
      return perform([.succeed(turnJSON, asker)], now: now)
    }
    guard let effects = microphone.change(.turn(step == .start), in: room, now: now) else {
      return perform([.refuse("muted", "the microphone is muted", asker)], now: now)
    }
    let isOpen = microphone.turnIsOpen
    let state = step == .cancel ? "cancelled" : isOpen ? "open" : "closed"
    perform(effects + [.tell(.turn(state: state, failure: nil))], now: now)
    plan.activity(somebodySpeaks: isOpen, call.state, settings.session, now: now)
    // The microphone does not wait for the agent: a first word said at once is in the agent's buffer.
    messaging.call(
      "\(step.rawValue)_turn", of: agent.identity.text, payload: "",
      timeoutMilliseconds: DeviceLimits.turnAnswerMilliseconds, for: .turn(step, asker), now: now)
  }

  func turnAnswered(_ step: TurnStep, _ asker: Asker, failure: MessagingFailure?, now: Instant) {
    guard case .failed(let code, let message)? = failure else {
      return perform([.succeed(turnJSON, asker)], now: now)
    }
    if step == .start {
      closeTurn(failure: message, now: now)
    } else {
      perform([.tell(.turn(state: "closed", failure: message))], now: now)
    }
    perform([.refuse(code, "the agent did not take the turn: \(message)", asker)], now: now)
  }

  /// The call or the agent has gone, or did not listen.
  func closeTurn(failure: String?, now: Instant) {
    guard settings.session.mode == .pushToTalk, microphone.turnIsOpen else { return }
    perform([.mute(.turn(false)), .tell(.turn(state: "closed", failure: failure))], now: now)
  }

  private var turnJSON: JSONValue {
    .object([.init("turn", .string(microphone.turnIsOpen ? "open" : "closed"))])
  }
}
