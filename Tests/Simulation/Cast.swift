import Base
import Configuration
import Control

@testable import Device
@testable import LiveKit

/// Who else is there, and what goes wrong: each begins where its fault was drawn, and comes again and again.
extension World {
  /// Now and then, for ever. Each has a sequence of its own, so that to leave one out changes little of the others.
  private func now(
    _ milliseconds: ClosedRange<Int>, _ number: UInt64 = 0, _ act: @escaping () -> Void
  ) {
    repeats(milliseconds, SeededRandom(seed: scenario.seed &* 31 &+ number), act)
  }

  private func repeats(
    _ milliseconds: ClosedRange<Int>, _ random: SeededRandom, _ act: @escaping () -> Void
  ) {
    let span = milliseconds.upperBound - milliseconds.lowerBound + 1
    clock.after(milliseconds.lowerBound + random.next(below: span)) {
      act()
      self.repeats(milliseconds, random, act)
    }
  }

  private func when(_ fault: Fault, every seconds: ClosedRange<Int>, _ act: @escaping () -> Void) {
    guard scenario.has(fault) else { return }
    now((seconds.lowerBound * 1000)...(seconds.upperBound * 1000), UInt64(fault.bit)) {
      Coverage.fault(fault)
      act()
    }
  }

  func cast() {
    network()
    servers()
    agents()
    people()
    house(trouble: ())
  }

  private func network() {
    when(.cuts, every: 5...120) { self.cut() }
    when(.loss, every: 10...90) {
      self.link.lossPercent = [0, 1, 5, 10, 30][self.clock.random.next(below: 5)]
      self.link.disturb()
    }
    when(.jitter, every: 10...90) { self.link.jitterMilliseconds = self.clock.draw(0...150) }
    when(.slowLink, every: 20...120) {
      self.link.delayMilliseconds = [5, 20, 80, 250, 700][self.clock.random.next(below: 5)]
      self.link.disturb()
      self.clock.note("network", "takes \(self.link.delayMilliseconds) ms")
    }
    when(.newAddress, every: 20...200) {
      self.disturb()
      self.house.moveToAnotherAddress()
    }
  }

  private func cut() {
    let length = [200, 900, 3_000, 9_000, 25_000, 70_000][clock.random.next(below: 6)] + clock.draw(0...500)
    link.cut(length)
    // Some systems tell of it.
    if clock.chance(50) { clock.after(length + 50) { if self.link.isUp { self.house.networkIsBack() } } }
  }

  private func servers() {
    server.isOld = scenario.has(.oldServer)
    when(.restarts, every: 30...240) {
      self.server.crash(forMilliseconds: self.clock.draw(200...20_000))
      if self.scenario.has(.oldServer), self.clock.chance(30) { self.server.isOld.toggle() }
    }
    when(.slowServer, every: 20...120) {
      self.server.slowMilliseconds = [0, 50, 500, 2_000, 6_000][self.clock.random.next(below: 5)]
      self.server.changed()
      self.clock.note("server", "is \(self.server.slowMilliseconds) ms slow")
    }
    when(.refusals, every: 30...180) {
      self.server.refuses = [500, 503, 429, 403][self.clock.random.next(below: 4)]
      self.server.changed()
      self.clock.note("server", "refuses with \(self.server.refuses)")
      self.clock.after(self.clock.draw(500...40_000)) {
        self.server.refuses = 0
        self.server.changed()
      }
    }
    when(.forgetful, every: 20...120) { self.server.forgets.toggle() }
    when(.sendsAway, every: 20...180) {
      guard let session = self.server.session else { return }
      // Resume, or join anew.
      let action = self.clock.draw(1...2)
      self.clock.note("server", "asks for a \(action == 1 ? "resume" : "new session")")
      self.disturb()
      if action == 1 {
        self.server.send(Wire().message(8, Wire().number(2, 9).number(3, 1)), session.connection)
        self.server.close(session.connection, 1000, "")
        session.connection = nil
      } else {
        self.server.end(session, leave: Wire().number(2, 3).number(3, 2))
      }
    }
    when(.evicts, every: 40...240) { self.dismiss([4, 5, 10, 3][self.clock.random.next(below: 4)]) }
    when(.twin, every: 60...240) { self.dismiss(2) }
    when(.mutedByServer, every: 20...90) {
      guard let session = self.server.session, let track = session.tracks.first else { return }
      self.clock.note("server", "mutes the microphone")
      session.tracks[0].isMuted = true
      self.server.send(Wire().message(9, Wire().text(1, track.sid).flag(2, true)), session.connection)
    }
  }

  private func dismiss(_ reason: Int) {
    guard let session = server.session else { return }
    clock.note("server", "dismisses, reason \(reason)")
    disturb()
    if reason == 4 || reason == 2 { isSentAway = true }
    wish = nil
    server.end(session, leave: Wire().number(2, reason).number(3, 0))
  }

  // MARK: - In the room

  func sessionJoined(_ session: ServerSession) {
    isSentAway = false
    guard !scenario.has(.noAgent) || clock.chance(30) else { return }
    let count = scenario.has(.twoAgents) && clock.chance(40) ? 2 : 1
    for _ in 0..<count { clock.after(clock.draw(300...6_000)) { self.agentComes(session) } }
  }

  private func agentComes(_ session: ServerSession) {
    let agents = server.guests.filter { $0.kind == .agent }.count
    guard server.session === session, agents < 2 else { return }
    let agent = Guest(server.name("agent"), server.name("PA"), .agent)
    server.enter(agent)
    clock.after(clock.draw(50...1_500)) {
      agent.track = self.server.name("TR")
      self.server.announce(agent)
      if let session = self.server.session { self.server.subscribed(session) }
      agent.speaksSince = self.clock.now
      // In the moment in which the first words are handed over.
      if self.scenario.has(.hardMute), self.clock.chance(40) {
        self.clock.after(self.clock.draw(10...120)) { self.putSwitch() }
      }
    }
  }

  private func agents() {
    when(.agentCrash, every: 15...120) {
      guard let agent = self.guest(.agent) else { return }
      self.server.leave(agent)
      if self.clock.chance(60), let session = self.server.session {
        self.clock.after(self.clock.draw(500...8_000)) { self.agentComes(session) }
      }
    }
    // Agents do not stay where nobody is.
    now(5_000...5_000) {
      guard self.server.session == nil else { return }
      for guest in self.server.guests where guest.kind == .agent { self.server.leave(guest) }
    }
    // An agent opens the door in a call, as it may.
    now(15_000...60_000) { if let agent = self.guest(.agent) { self.opens(agent, isAllowed: true) } }
    when(.heldDoor, every: 100...300) {
      // For longer than it may be open.
      for turn in 0..<50 {
        self.clock.after(turn * 2_000) {
          if let agent = self.guest(.agent) { self.opens(agent, isAllowed: true) }
        }
      }
    }
    when(.intruders, every: 10...60) {
      if let guest = self.guest(.standard) {
        self.opens(guest, isAllowed: false)
        if self.clock.chance(50) { self.server.leave(guest) }
      } else if self.server.session != nil {
        let guest = Guest(self.server.name("visitor"), self.server.name("PA"), .standard)
        self.server.enter(guest)
        if self.clock.chance(50) {
          guest.track = self.server.name("TR")
          self.server.announce(guest)
        }
        self.opens(guest, isAllowed: false)
      }
    }
    when(.wrongCodes, every: 5...30) { self.types() }
  }

  func voices() {
    clock.after(100) {
      for guest in self.server.guests where guest.isSpeaking { self.server.speak(guest) }
      self.voices()
    }
  }

  private func opens(_ guest: Guest, isAllowed: Bool) {
    let id = server.name("rpc")
    let request = DataPacket.RPCRequest(
      id: Name(id) ?? "", method: "lintel.door.open", payload: "", responseTimeoutMilliseconds: 8_000)
    guard server.deliver(.rpcRequest(request), from: guest) else { return }
    clock.note(guest.identity, "asks for the door, \(id)")
    // It may be repeated over a bad link until its session ends.
    if isAllowed { promises.permit(guest.identity, withinMilliseconds: 120_000) }
  }

  /// A telephone and its keys.
  private func types() {
    guard let phone = guest(.sip) else {
      guard server.session != nil else { return }
      let phone = Guest(server.name("sip"), server.name("PA"), .sip)
      server.enter(phone)
      phone.track = server.name("TR")
      server.announce(phone)
      return
    }
    let isRight = clock.chance(30)
    let code = isRight ? "4711#" : "\(clock.draw(1000...4000))#"
    clock.note(phone.identity, "types \(isRight ? "the code" : "a wrong code")")
    for (index, key) in code.utf8.enumerated() {
      clock.after(index * 300) {
        let number = key == 0x23 ? 11 : UInt32(key) - 0x30
        let digit = String(decoding: [key], as: UTF8.self)
        self.server.deliver(.dtmf(code: number, digit: digit), from: phone)
      }
    }
    if isRight { promises.permit(phone.identity, withinMilliseconds: 120_000) }
    if clock.chance(20) { clock.after(10_000) { self.server.leave(phone) } }
  }
}
