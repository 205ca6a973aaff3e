import AudioEngine
import Base
import Configuration
import Control

/// For how long a call waits for whoever makes himself heard in the room, and what follows when nobody comes. Whom to
/// ring, and who is next, is `Dialling`.
struct CallPlan {
  private var limits = CallLimits()
  /// When a missing agent is announced, and how often it was.
  private var agentDue: Instant?
  private var attempts = 0

  var deadlines: [Deadline] {
    [
      Deadline("agent-wait", agentDue), Deadline("max-duration", limits.endsAt),
      Deadline("idle-timeout", limits.idleAt),
    ]
  }

  /// A stay begins; anew, if the one before it had nobody.
  mutating func begin(isAnew: Bool) { if !isAnew { attempts = 0 } }

  /// `rings`: people are rung, which has an end of its own.
  mutating func callChanged(to state: CallState, _ session: SessionSettings, rings: Bool, now: Instant) {
    agentDue = nil
    if !rings { waits(state, session, now: now) }
    if state == .talking { attempts = 0 }
    limits.callChanged(to: state, session, now: now)
  }

  /// People began, or ceased, to be rung in a call that goes on.
  mutating func ringing(_ rings: Bool, _ state: CallState, _ session: SessionSettings, now: Instant) {
    if rings { agentDue = nil } else if agentDue == nil { waits(state, session, now: now) }
  }

  private mutating func waits(_ state: CallState, _ session: SessionSettings, now: Instant) {
    guard state == .waitingAgent, session.agentWaitSeconds > 0 else { return }
    agentDue = now.advanced(byMilliseconds: session.agentWaitSeconds * 1000)
  }

  /// Somebody begins to speak, or the last one ends.
  mutating func activity(somebodySpeaks: Bool, _ state: CallState, _ session: SessionSettings, now: Instant) {
    limits.activity(somebodySpeaks: somebodySpeaks, state, session, now: now)
  }

  mutating func passTime(_ session: SessionSettings, now: Instant) -> [Effect] {
    var effects: [Effect] = []
    if let due = agentDue, due <= now { effects += agentIsMissing(session, now: now) }
    if let reached = limits.reached(now) {
      let reason = reached.reason(session)
      limits = CallLimits()
      // The visitor hears that it was not the other side that hung up in silence.
      effects += [.log(.notice, reason), .endCall(reason: reason), .sound(.busy)]
    }
    return effects
  }

  private mutating func agentIsMissing(_ session: SessionSettings, now: Instant) -> [Effect] {
    let seconds = session.agentWaitSeconds
    let next = AgentWait.next(session.mode, attempts: attempts, retries: session.agentRetries)
    attempts += 1
    agentDue = next == .goOn ? now.advanced(byMilliseconds: seconds * 1000) : nil
    let words = "nobody can be heard after \(seconds) s" + (next == .joinAnew ? "; joining anew" : "")
    let told: [Effect] = [
      .tell(.agentMissing(waitedSeconds: seconds, attempt: attempts, retry: next == .joinAnew)),
      .log(.warning, words, event: "agent.missing"),
    ]
    switch next {
    case .goOn: return told + [.sound(.error)]
    case .stayQuiet: return told
    case .joinAnew: return told + [.sound(.error), .nobodyCame(joinsAnew: true)]
    case .giveUp: return told + [.nobodyCame(joinsAnew: false)]
    }
  }
}

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
