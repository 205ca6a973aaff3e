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

extension Device {
  /// On the simulated board alone: what hangs on a real one has to be pressed there.
  func press(_ name: String, _ press: Press, _ asker: Asker, _ now: Instant) {
    guard settings.device.board == .simulated else {
      return refuse("no-buttons", "only the simulated board is pressed by command", asker, now)
    }
    let answer = JSONValue.object([.init("pressed", .string(name))])
    if let key = name.utf8.first, name.utf8.count == 1, "0123456789*#".utf8.contains(key) {
      succeed(answer, asker, now)
      return handle(.key(key), now: now)
    }
    guard let input = BoardInput(rawValue: name) else {
      let legal = BoardInput.allCases.map { $0.rawValue } + ["0-9", "*", "#"]
      return refuse(unknown: "button", name, legal, asker, now)
    }
    held.removeAll { $0.input == input }
    if case .hold(let milliseconds) = press {
      let hold = milliseconds ?? ControlLimits.pressMillisecondsDefault
      held.append((input, now.advanced(byMilliseconds: hold)))
    }
    succeed(answer, asker, now)
    changed(input, isOn: press != .off, now: now)
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
    policy.isTampered = settings.device.tamperAlarm && inputsOn[BoardInput.tamper.index]
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
