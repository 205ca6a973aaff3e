import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit

/// A device that stands by is in its room with a closed microphone, as publishing is what answers a telephone. A call
/// opens it, and its end closes it again; the room is kept.
extension Device {
  var standsBy: Bool { settings.ring.standby == .room && !switchboard.isEngaged }

  /// Somebody at the device did something.
  func hand(_ hand: Effect.Hand, now: Instant) {
    switch hand {
    case .pressed, .lifted:
      if let actions = switchboard.ring.answered(by: hand == .lifted ? "handset" : "button") {
        return carryOut(actions, now: now)
      }
      guard settings.ring.standby == .room else {
        let event: Stay.Event =
          hand == .lifted ? .handset(isLifted: true) : .pressed(isAnswered: call.state == .talking)
        return perform([.stay(event)], now: now)
      }
      guard switchboard.isEngaged else { return engage(now: now) }
      let isImpatient =
        call.state != .talking
        && now.milliseconds(since: switchboard.engagedAt) < DeviceLimits.hangUpByPressMilliseconds
      if hand == .pressed, settings.session.mode != .pushToTalk, !isImpatient {
        endCall(reason: nil, now: now)
      }
    case .laidDown:
      guard settings.ring.standby == .room else {
        return perform([.stay(.handset(isLifted: false))], now: now)
      }
      endCall(reason: nil, now: now)
    case .digit(let key): dialKey(key, now: now)
    }
  }

  /// A call begins in the room where the device is, or is coming to.
  func engage(now: Instant) {
    guard !switchboard.isEngaged else { return }
    switchboard.isEngaged = true
    switchboard.engagedAt = now
    report.countCall()
    plan.begin(isAnew: false)
    perform(microphone.publish(in: room, now: now) + microphone.begin(settings, in: room, now: now), now: now)
    if isInRoom {
      audienceChanged(now: now)
      callIsUp(now: now)
    } else {
      perform([.stay(.pressed(isAnswered: false))], now: now)
      audienceChanged(now: now)
    }
  }

  /// The room is there and a call wants somebody.
  func callIsUp(now: Instant) {
    guard !standsBy, switchboard.taken == nil else { return }
    ringPlan(now: now)
  }

  /// Hangs up: whoever was rung is let go, and the room left unless the device stays there anyway.
  func endCall(reason: String?, now: Instant) {
    hangUpLegs(now: now)
    letTakenGo(now: now)
    switchboard.isForLegs = false
    refuseWantedDial(reason, now: now)
    setHeld(false, now: now)
    guard settings.ring.standby == .room else {
      if settings.stayMode != .alwaysOn { perform([.stay(.leave(reason: reason))], now: now) }
      return
    }
    guard switchboard.isEngaged else { return }
    switchboard.isEngaged = false
    if let reason { perform([.log(.notice, reason, event: "call.ended")], now: now) }
    audienceChanged(now: now)
    perform(microphone.unpublish(in: room, now: now), now: now)
  }

  func setHeld(_ isHeld: Bool, now: Instant) {
    guard isHeld != audience.isHeld else { return }
    perform(audience.hold(isHeld), now: now)
    if isHeld {
      switchboard.wasMutedBeforeHold = microphone.isMutedBySoftware
      if !switchboard.wasMutedBeforeHold { perform([.mute(.mute(true, .device))], now: now) }
    } else if !switchboard.wasMutedBeforeHold {
      perform([.mute(.mute(false, .device))], now: now)
    }
  }

  // MARK: - Dialled at the device

  private func dialKey(_ key: UInt8, now: Instant) {
    switch switchboard.keypad.take(key, now: now) {
    case .typed(let digits): perform([.tell(.keypadDialled(digits: digits))], now: now)
    case .takenBack: perform([.tell(.keypadDialled(digits: ""))], now: now)
    case .dial(let name):
      var request = DialRequest(target: name)
      request.waits = false
      serveDial(request, .button, now: now)
    }
  }
}
