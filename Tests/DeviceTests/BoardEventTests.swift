import Base
import Configuration
import Control
import Testing

@testable import Device

/// What the board's inputs, keys and faults do to the device.
@Suite struct BoardEventTests {
  private func put(_ bench: Bench, _ input: BoardInput, _ isOn: Bool, isFirst: Bool = false) {
    bench.handle(.board(.input(input, isOn: isOn, isFirst: isFirst)))
  }

  private func part(_ name: String, _ problem: String? = nil) -> Device.Input {
    .board(.part(BoardPart(name: name, place: "GPIO line 5", problem: problem)))
  }

  private func type(_ bench: Bench, _ keys: String) {
    for key in keys.utf8 { bench.handle(.board(.key(key))) }
  }

  @Test func theHandsetCallsAndHangsUp() throws {
    let bench = try Bench()
    put(bench, .hook, true)
    #expect(bench.status["call"]["state"].string == "connecting")
    put(bench, .hook, true)
    #expect(bench.events(named: "input").count == 1)
    put(bench, .hook, false)
    #expect(bench.status["call"]["state"].string == "idle")
    let always = try Bench { $0.session.mode = .alwaysOn }
    put(always, .hook, true)
    put(always, .hook, false)
    #expect(always.status["call"]["state"].string == "connecting")
  }

  @Test func whatIsFoundPressedCallsNobody() throws {
    let bench = try Bench()
    put(bench, .button, true, isFirst: true)
    put(bench, .hook, true, isFirst: true)
    #expect(bench.status["call"]["state"].string == "idle" && bench.tokenPaths.isEmpty)
    // A switch counts however it is found.
    put(bench, .mute, true, isFirst: true)
    put(bench, .tamper, true, isFirst: true)
    #expect(bench.status["audio"]["hard_muted"].bool == true)
    #expect(bench.status["board"]["problems"].array.isEmpty)
    #expect(bench.log.contains { $0.text == "the housing is open" })
  }

  @Test func aSwitchThatCannotBeReadMutes() throws {
    let bench = try Bench { $0.gpio[.mute] = GPIOLineSettings(name: "5") }
    bench.handle(part("mute"))
    put(bench, .mute, false, isFirst: true)
    #expect(bench.status["audio"]["hard_muted"].bool == false)
    bench.handle(part("mute", "GPIO line 5 is not there"))
    #expect(bench.status["audio"]["hard_muted"].bool == true)
    #expect(bench.ask(.mute(on: false))?["hard_muted"].bool == true)
    bench.handle(part("mute"))
    #expect(bench.status["audio"]["hard_muted"].bool == true)
    put(bench, .mute, false, isFirst: true)
    #expect(bench.status["audio"]["hard_muted"].bool == false)
  }

  @Test func tamperIsShownAndHeardOnlyWhereThatIsAskedFor() throws {
    for alarm in [false, true] {
      let bench = try Bench { $0.device.tamperAlarm = alarm }
      put(bench, .tamper, true)
      #expect(bench.events(named: "input").last?["name"].string == "tamper")
      #expect(bench.board.contains(.indicate(.alarm)) == alarm)
      #expect(bench.audio.contains(.playTone(.error)) == alarm)
      put(bench, .tamper, false)
      #expect(bench.status["board"]["indicator"].string == "off")
    }
  }

  @Test func aFaultIsToldOnceAndItsEndOnce() throws {
    let bench = try Bench()
    bench.handle(part("button"))
    #expect(bench.events(named: "hardware").isEmpty)
    for _ in 0..<3 { bench.handle(part("button", "GPIO line 5 is not there")) }
    #expect(bench.events(named: "hardware").count == 1)
    #expect(bench.log.filter { $0.text == "button: GPIO line 5 is not there" }.count == 1)
    #expect(bench.status["board"]["problems"].array.map { $0.string } == ["button: GPIO line 5 is not there"])
    bench.handle(part("button"))
    #expect(bench.events(named: "hardware").last?["problem"].isNull == true)
    #expect(bench.log.last?.text == "button: GPIO line 5 works")
    #expect(bench.status["board"]["problems"].array.isEmpty)
  }

  @Test func aLockThatDoesNotWorkOpensNothingAndSaysSo() throws {
    let bench = try Bench {
      $0.door.output = "relay"
      $0.gpio[.relay] = GPIOLineSettings(name: "5")
    }
    bench.handle(part("relay"))
    #expect(bench.ask(.doorOpen)?["state"].string == "open")
    bench.handle(part("relay", "GPIO line 5 is not there"))
    #expect(bench.status["door"]["state"].string == "failed")
    #expect(bench.ask(.doorOpen)?["refused"].string == DoorRefusal.lockFailed.words)
    #expect(bench.events(named: "door.refused").count == 1)
    bench.handle(part("relay"))
    #expect(bench.status["door"]["state"].string == "closed")
    #expect(bench.ask(.doorOpen)?["state"].string == "open")
  }

  @Test func onlyOutputsWithALineAreDoors() throws {
    for name in ["relay", "button", "siren"] {
      let bench = try Bench {
        $0.door.output = name
        $0.gpio[.lock] = GPIOLineSettings(name: "5")
        $0.gpio[.button] = GPIOLineSettings(name: "6")
      }
      #expect(bench.ask(.doorOpen)?["refused"].string == DoorRefusal.noDoor.words)
    }
  }

  @Test func keysGoToTheRoomUnlessTheDoorTakesThem() throws {
    let bench = try Bench.withDoor()
    type(bench, "1")
    bench.enter(("bot", .agent))
    type(bench, "25#")
    #expect(bench.messaging.said.filter { if case .keys = $0 { true } else { false } }.count == 3)
    #expect(bench.audio.filter { if case .playKey = $0 { true } else { false } }.count == 4)
    #expect(bench.events(named: "dtmf").isEmpty)
    let door = try Bench.withDoor { $0.door.codeAllow = AllowRules([.init(kind: "keypad")]) }
    door.enter(("bot", .agent))
    type(door, "4712#4711#")
    #expect(door.events(named: "door.refused").count == 1)
    #expect(door.events(named: "door.opened").last?["by"].string == "keypad")
    #expect(door.audio.filter { $0 == .playTone(.click) }.count == 10, "the same for each key of a code")
    #expect(!door.audio.contains { if case .playKey = $0 { true } else { false } })
    #expect(door.messaging.said.allSatisfy { if case .keys = $0 { false } else { true } })
    #expect(door.events(named: "dtmf").compactMap { $0["digit"].string } == ["#", "#"])
  }

  @Test func eachOfTwoKeypadsHasACodeOfItsOwn() throws {
    let bench = try Bench.withDoor {
      $0.door.codeAllow = AllowRules([.init(kind: "keypad")])
      $0.door.codeWhen = .always
    }
    for (key, pad) in [("4", 0), ("9", 1), ("7", 0), ("9", 1), ("1", 0), ("1", 0), ("#", 0)] {
      bench.handle(.board(.key(key.utf8.first ?? 0, pad: pad)))
    }
    #expect(bench.events(named: "door.opened").map { $0["by"].string } == ["keypad"])
    bench.handle(.board(.key(UInt8(ascii: "#"), pad: 1)))
    #expect(bench.events(named: "door.refused").count == 1, "what was typed at the other")
  }

  @Test func functionKeys() throws {
    let bench = try Bench { $0.audio.volumePercent = 95 }
    bench.handle(.board(.function(.volumeUp)))
    #expect(bench.status["audio"]["volume"].integer == 100)
    for _ in 0..<11 { bench.handle(.board(.function(.volumeDown))) }
    #expect(bench.status["audio"]["volume"].integer == 0)
    bench.handle(.board(.function(.mute)))
    #expect(bench.status["audio"]["muted"].bool == true)
    bench.handle(.board(.function(.mute)))
    #expect(bench.status["audio"]["muted"].bool == false)
    bench.handle(.board(.function(.call)))
    #expect(bench.status["call"]["state"].string == "connecting")
    bench.handle(.board(.function(.hangUp)))
    #expect(bench.status["call"]["state"].string == "idle")
  }

  @Test func theSimulatedBoardIsDrivenByCommand() throws {
    let bench = try Bench.withDoor()
    #expect(bench.ask(.press(name: "tamper", .on))?["pressed"].string == "tamper")
    bench.advance(milliseconds: 70_000)
    #expect(bench.status["board"]["inputs"]["tamper"].bool == true)
    bench.ask(.press(name: "tamper", .off))
    #expect(bench.status["board"]["inputs"]["tamper"].bool == false)
    // A hold that is replaced by a switch does not end it.
    bench.ask(.press(name: "mute", .hold(milliseconds: 500)))
    bench.ask(.press(name: "mute", .on))
    bench.advance(milliseconds: 1000)
    #expect(bench.status["audio"]["hard_muted"].bool == true)
    #expect(bench.status["board"]["lights"]["mute"].string == "################")
    bench.ask(.doorOpen)
    #expect(bench.status["board"]["outputs"]["lock"].bool == true)
  }

  @Test func everyStateOfTheIndicatorLooksDifferentWhereItMatters() {
    #expect(LightPattern.text(0xA000) == "#.#.............")
    let grave: [IndicatorState] = [
      .off, .hardMuted, .error, .muted, .connecting, .waitingAgent, .talking, .ending, .countdown,
    ]
    let patterns = grave.map { LightPattern.status($0) }
    #expect(Set(patterns).count == grave.count)
  }

  /// One fact changed at a time, under everything that could hide it.
  @Test func nothingHidesWhatAMuteOrAnErrorLightHasToShow() {
    let covers = [
      IndicatorPolicy(call: .talking), IndicatorPolicy(hardMuted: true, call: .talking),
      IndicatorPolicy(isLost: true, call: .connecting), IndicatorPolicy(isTampered: true, call: .talking),
      IndicatorPolicy(asked: .attention, call: .talking), IndicatorPolicy(asked: .refused, call: .talking),
      IndicatorPolicy(turnIsOpen: true, call: .talking), IndicatorPolicy(call: .failed),
    ]
    for cover in covers {
      let lights = LightPattern(cover)
      let isWrong = cover.isLost || cover.isTampered || cover.call == .failed
      #expect(lights[.mute] == (cover.hardMuted ? 0xFFFF : 0))
      #expect(lights[.error] == (isWrong ? 0xAAAA : cover.asked == .refused ? 0xA800 : 0))
      #expect(lights[.status] == LightPattern.status(cover.shown))
      var muted = cover
      muted.isMuted = true
      #expect(LightPattern(muted)[.mute] == (cover.hardMuted ? 0xFFFF : 0xFF00))
      #expect(LightPattern(muted)[.error] == lights[.error])
    }
    #expect(LightPattern(IndicatorPolicy(isMuted: true)) == LightPattern(IndicatorPolicy()), "idle is dark")
  }

  @Test func anAgentCannotDarkenTheMuteLight() throws {
    let bench = try Bench.withDoor()
    bench.enter(("bot", .agent))
    bench.ask(.mute(on: true))
    #expect(bench.status["board"]["lights"]["mute"].string == "########........")
    bench.ask(.indicator(show: "attention", milliseconds: 60_000))
    #expect(bench.status["board"]["indicator"].string == "attention")
    #expect(bench.status["board"]["lights"]["mute"].string == "########........")
    #expect(
      bench.board.contains { if case .light(let pattern) = $0 { pattern[.mute] == 0xFF00 } else { false } })
  }
}
