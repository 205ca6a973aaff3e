import Base
import Configuration
import Control
import LiveKit

/// What becomes of a call in which nobody can be heard for `[session] agent-wait`.
///
/// | mode | attempts so far | what is done |
/// |---|---|---|
/// | any | fewer than agent-retries | announced; the room is left and joined anew, which calls an agent again |
/// | on-demand, push-to-talk | agent-retries, which is not 0 | announced; the call ends as failed |
/// | on-demand, push-to-talk | agent-retries, which is 0 | announced, and again after as long |
/// | always-on | agent-retries | announced once, as nobody stands at the door |
enum AgentWait: Equatable {
  case joinAnew, giveUp, goOn, stayQuiet

  static func next(_ mode: SessionMode, attempts: Int, retries: Int) -> AgentWait {
    if attempts < retries { return .joinAnew }
    if mode == .alwaysOn { return .stayQuiet }
    return retries > 0 ? .giveUp : .goOn
  }
}

extension Device {
  /// The agent that counts: one that speaks for itself, not the worker that lends it a face.
  var agent: Participant? {
    words.participants.first { $0.isActiveAgent }
  }

  /// Tells when the agent does something else.
  func watchAgent(now: Instant) {
    watchAudience(now: now)
    let agent = agent
    let state = agent?.attributes["lk.agent.state"]
    guard agent?.identity != agentSeen.identity || state != agentSeen.state else { return }
    agentSeen = (agent?.identity, state)
    if let agent { announce(.agentState(identity: agent.identity.text, state: state)) }
  }

  func watchAgentWait(_ state: CallState, now: Instant) {
    let seconds = settings.session.agentWaitSeconds
    agentDue = state == .waitingAgent && seconds > 0 ? now.advanced(byMilliseconds: seconds * 1000) : nil
    if state == .talking { agentAttempts = 0 }
  }

  func agentIsMissing(now: Instant) {
    let seconds = settings.session.agentWaitSeconds
    let session = settings.session
    let next = AgentWait.next(session.mode, attempts: agentAttempts, retries: session.agentRetries)
    agentAttempts += 1
    agentDue = next == .goOn ? now.advanced(byMilliseconds: seconds * 1000) : nil
    announce(.agentMissing(waitedSeconds: seconds, attempt: agentAttempts, retry: next == .joinAnew))
    log(
      .warning, "nobody can be heard after \(seconds) s" + (next == .joinAnew ? "; joining anew" : ""),
      event: "agent.missing")
    switch next {
    case .goOn: sound(.error)
    case .stayQuiet: break
    case .joinAnew:
      sound(.error)
      leave(joiningAnew: true, now: now)
    case .giveUp:
      let failure = RoomFailure(code: "no-agent", message: "no agent came", retriable: false)
      report(failure)
      advanceCall(.failed, reason: failure.message, now: now)
      room.leave(now: now)
    }
  }
}
