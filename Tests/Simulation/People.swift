import Base
import Configuration
import Control

@testable import Device

/// The hands at the device, and what befalls the house.
extension World {
  func people() {
    let isNeeded = scenario.mode != .alwaysOn
    if scenario.has(.visitors) || isNeeded { visitor() }
    if scenario.has(.technicians) { technician() }
  }

  private func visitor() {
    clock.after(clock.draw(3_000...70_000)) {
      self.press()
      self.visitor()
    }
  }

  private func press() {
    guard let device = house.device else { return }
    let held = clock.draw(80...2_500)
    clock.note("visitor", "presses for \(held) ms")
    let phase = device.stay.phase
    if scenario.mode == .onDemand || phase == .away || phase == .failed {
      wish = phase == .away || phase == .failed || phase == .waiting ? true : nil
      disturb()
    }
    isSentAway = false
    promises.turn(true)
    house.handle(.board(.input(.button, isOn: true, isFirst: false)))
    clock.after(held) {
      self.promises.turn(false)
      self.house.handle(.board(.input(.button, isOn: false, isFirst: false)))
    }
  }

  private func technician() {
    clock.after(clock.draw(2_000...40_000)) {
      self.command()
      self.technician()
    }
  }

  private func command() {
    switch clock.random.next(below: 12) {
    case 0, 1:
      let on = clock.chance(50)
      ask(.mute(on: on), on ? "mute on" : "mute off")
    case 2, 3: ask(.status, "status")
    case 4:
      disturb()
      // A device that is always on stays away until somebody asks for it.
      if scenario.mode == .alwaysOn { isSentAway = true }
      wish = false
      ask(.leave, "leave")
    case 5, 6:
      disturb()
      isSentAway = false
      wish = true
      ask(.join(url: nil, token: nil), "join")
    case 7:
      promises.permit("lintelctl")
      ask(.doorOpen, "door open")
    case 8: ask(.volume(level: clock.draw(0...100)), "volume")
    case 9:
      wish = false
      disturb()
      if scenario.mode == .alwaysOn { isSentAway = true }
      ask(.hangup(who: nil), "hangup")
    case 10:
      // In one breath.
      disturb()
      ask(.leave, "leave")
      isSentAway = false
      wish = true
      ask(.join(url: nil, token: nil), "join")
    default:
      if scenario.has(.reloads) {
        ask(.configReload, "config reload")
      } else {
        ask(.participants, "participants")
      }
    }
  }

  func house(trouble: Void) {
    if scenario.has(.hardMute) { hardMute() }
    if scenario.has(.powerCuts) { powerCut() }
    if scenario.has(.tokenTrouble) { tokenTrouble() }
    if scenario.has(.clockJumps) { clockJump() }
  }

  private func hardMute() {
    clock.after(clock.draw(5_000...60_000)) {
      self.putSwitch()
      self.hardMute()
    }
  }

  func putSwitch() {
    house.isSwitchOn.toggle()
    clock.note("visitor", "puts the switch \(house.isSwitchOn ? "on" : "off")")
    promises.switched(house.isSwitchOn)
    house.handle(.board(.input(.mute, isOn: house.isSwitchOn, isFirst: false)))
  }

  private func powerCut() {
    clock.after(clock.draw(30_000...200_000)) {
      self.disturb()
      self.wish = nil
      self.isSentAway = false
      if self.clock.chance(40), self.house.device != nil {
        self.clock.note("process", "is asked to end")
        self.house.endsBy = self.clock.now.advanced(byMilliseconds: 10_000)
        self.house.handle(.terminate)
      } else {
        self.house.kill("loses its power")
        self.clock.after(self.clock.draw(1_000...15_000)) { self.house.start() }
      }
      self.powerCut()
    }
  }

  private func tokenTrouble() {
    clock.after(clock.draw(20_000...120_000)) {
      self.tokenIsBad.toggle()
      self.disturb()
      self.clock.note("tokens", self.tokenIsBad ? "are no good any more" : "are good again")
      self.tokenTrouble()
    }
  }

  private func clockJump() {
    clock.after(clock.draw(20_000...120_000)) {
      let seconds = [-86_400, -60, 0, 60, 86_400 * 400][self.clock.random.next(below: 5)]
      self.house.wallOffsetMilliseconds = Int64(seconds) * 1000
      self.clock.note("clock", "is \(seconds) s off")
      self.clockJump()
    }
  }
}
