import Base
import Configuration
import Control
import LiveKit

/// What the board's hardware is told.
public enum BoardCommand: Equatable, Sendable {
  /// An output by its name, such as the lock's.
  case setOutput(String, Bool)
  case indicate(IndicatorState)
}

/// The buttons of the simulated board.
enum BoardButton: String, CaseIterable {
  /// The visitor's: starts a call and ends it; with push-to-talk it is held while speaking.
  case button
  /// The switch of the hard mute, on while it is held.
  case mute
}

extension Device {
  func press(_ name: String, _ milliseconds: Int?, _ asker: Asker, _ now: Instant) {
    guard settings.device.board == .simulated else {
      return refuse("no-buttons", "only the simulated board is pressed by command", asker, now)
    }
    guard let button = BoardButton(rawValue: name) else {
      return refuse(unknown: "button", name, BoardButton.allCases.map { $0.rawValue }, asker, now)
    }
    let isDown = buttons.contains { $0.button == button }
    buttons.removeAll { $0.button == button }
    let hold = milliseconds ?? ControlLimits.pressMillisecondsDefault
    buttons.append((button, now.advanced(byMilliseconds: hold)))
    succeed(.object([.init("pressed", .string(name))]), asker, now)
    if !isDown { changed(button, isDown: true, now: now) }
  }

  func changed(_ button: BoardButton, isDown: Bool, now: Instant) {
    switch button {
    case .mute: _ = changeMute(.hardSwitch(isDown), now: now)
    case .button:
      let isInCall = call.state == .talking || call.state == .waitingAgent
      if isInCall, settings.session.mode == .pushToTalk {
        handle(.turn(isDown ? .start : .end), from: .button, now: now)
      } else if isDown, call.state == .idle || call.state == .failed {
        handle(.call, from: .button, now: now)
      } else if isDown, settings.session.mode == .onDemand {
        handle(.hangup, from: .button, now: now)
      }
    }
  }
}

/// What is shown.
extension Device {
  func indicate(_ show: String, _ milliseconds: Int?, _ asker: Asker, _ now: Instant) {
    let legal = IndicatorState.allCases.filter { $0 == .off || $0.mayBeAskedFor }
    guard let state = legal.first(where: { $0.rawValue == show }) else {
      return refuse(unknown: "indicator", show, legal.map { $0.rawValue }, asker, now)
    }
    // Off takes back what was asked for; the device's own states are nobody else's.
    let until = now.advanced(byMilliseconds: milliseconds ?? DeviceLimits.askedIndicatorMilliseconds)
    askedIndicator = state == .off ? nil : (state, until)
    refreshIndicator()
    succeed(.object([.init("indicator", .string(indicator.rawValue))]), asker, now)
  }

  func refreshIndicator() {
    var policy = IndicatorPolicy()
    policy.hardMuted = mute.switchIsOn
    policy.isLost = connection == .reconnecting && failure != nil
    policy.asked = askedIndicator?.state
    policy.isMuted = mute.mutedBy != nil
    policy.turnIsOpen = settings.session.mode == .pushToTalk && mute.turnIsOpen
    policy.call = call.state
    policy.agentState = agent?.attributes["lk.agent.state"]
    guard policy.shown != indicator else { return }
    indicator = policy.shown
    emit(.board(.indicate(indicator)))
    announce(.indicator(show: indicator.rawValue))
  }
}
