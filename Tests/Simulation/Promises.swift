import Base
import Control
import JSON

@testable import Device
@testable import LiveKit

/// What the device promises, judged from outside: by what it was told, what it answered and what left it.
final class Promises {
  let clock: Clockwork
  let scenario: Scenario
  /// The first promise that was broken.
  private(set) var failure: String?

  // Mute, as everybody was told.
  private var isSwitchOn = false
  private var isMutedByHand = false
  private var isMutedFromAfar = false
  /// Since when nothing forbids the microphone; nil while something does.
  private(set) var openSince: Instant?
  private var turnIsOpen = false
  private(set) var framesSent = 0

  // The door: who may open it until when, and since when it is open.
  private var permits: [(who: String, until: Instant)] = []
  private var openedAt: Instant?
  private var lastPermit = Instant(microseconds: 0)

  private var questions: [(id: Int64, name: String, at: Instant)] = []
  private var turnsWithoutRest = 0
  private(set) var heardAt = Instant(microseconds: 0)
  private(set) var indicator = IndicatorState.off

  init(_ clock: Clockwork, _ scenario: Scenario) {
    self.clock = clock
    self.scenario = scenario
    openSince = clock.now
    turnIsOpen = scenario.mode != .pushToTalk
  }

  func broken(_ what: String) {
    guard failure == nil else { return }
    failure = what
    clock.note("BROKEN", what)
  }

  // MARK: - Mute

  private func muteChanged() {
    let isClosed = isSwitchOn || isMutedByHand || isMutedFromAfar || !turnIsOpen
    if isClosed { openSince = nil } else { openSince = openSince ?? clock.now }
  }

  func switched(_ on: Bool) {
    isSwitchOn = on
    muteChanged()
  }
  func mutedFromAfar(_ muted: Bool) {
    isMutedFromAfar = muted
    muteChanged()
  }
  /// Between the start and the end of a turn, as the visitor's finger says.
  func turn(_ opens: Bool) {
    guard scenario.mode == .pushToTalk else { return }
    turnIsOpen = opens
    muteChanged()
  }
  /// What was muted by hand stays so over a restart.
  func processStarted() {
    isMutedFromAfar = false
    turnIsOpen = scenario.mode != .pushToTalk
    questions = []
    indicator = .off
    muteChanged()
  }
  func processEnded() {
    questions = []
    permits = []
    turnsWithoutRest = 0
  }

  /// A datagram of the device. Of the microphone it is if it says so.
  func leaves(_ bytes: [UInt8], _ house: House) {
    clock.mix(Int64(bytes.count))
    guard let packet = ModelPacket(bytes), packet.kind == .audio,
      let start = packet.payload.firstIndex(of: 0xA5), packet.payload.count >= start + 5
    else { return }
    framesSent += 1
    var stamp: Int64 = 0
    for byte in packet.payload[(start + 1)...(start + 4)] { stamp = stamp << 8 | Int64(byte) }
    guard let openSince else { return broken("a frame of the microphone left while it is muted") }
    let heardAt = Instant(microseconds: stamp * 1000)
    if heardAt.milliseconds(since: openSince) < -1 {
      broken("a frame left that was heard while the microphone was muted")
    }
  }

  /// What was recorded from then on is about to be told.
  func recordingIsRead(from first: Instant) {
    guard let openSince else { return broken("the first words are told while the microphone is muted") }
    if first.milliseconds(since: openSince) < -1 {
      broken("the first words have in them what was said while the microphone was muted")
    }
  }

  // MARK: - The door

  /// By a row of the policy, as the scenario has it.
  func permit(_ who: String, withinMilliseconds milliseconds: Int = 100) {
    permits.append((who, clock.now.advanced(byMilliseconds: milliseconds)))
  }

  func lock(isOpen: Bool, _ now: Instant) {
    guard isOpen else {
      openedAt = nil
      return
    }
    permits = permits.filter { $0.until >= now }
    if permits.isEmpty { broken("the door was opened, and nobody who may had asked") }
    openedAt = openedAt ?? now
    lastPermit = now
  }

  // MARK: - Answers

  func asked(_ id: Int64, _ name: String) { questions.append((id, name, clock.now)) }

  func answered(_ request: ControlRequest, _ answer: Device.Answer, _ house: House) {
    guard case .number(let id) = request.id else { return }
    guard let index = questions.firstIndex(where: { $0.id == id }) else {
      return broken("request \(id) was answered twice, or was none of ours")
    }
    let question = questions.remove(at: index)
    switch answer {
    case .result(let value):
      clock.note("technician", "\(question.name): \(value.text.prefixed(90))")
      if question.name == "mute on" { muteAnswered(true, value) }
      if question.name == "mute off" { muteAnswered(false, value) }
      if question.name == "status" { judge(value, house) }
    case .refused(let failure): clock.note("technician", "\(question.name): \(failure.description)")
    case .subscribed: break
    }
  }

  private func muteAnswered(_ muted: Bool, _ value: JSONValue) {
    isMutedByHand = muted
    if !muted { isMutedFromAfar = false }
    muteChanged()
    let isMuted = isMutedByHand || isMutedFromAfar
    if scenario.mode != .pushToTalk, value["muted"].bool != isMuted {
      broken("a mute was answered with muted \(value["muted"].text)")
    }
    if value["hard_muted"].bool != isSwitchOn { broken("a mute was answered with another switch") }
  }

  /// A status is true.
  private func judge(_ status: JSONValue, _ house: House) {
    let audio = status["audio"]
    if audio["hard_muted"].bool != isSwitchOn { broken("status says hard_muted \(audio["hard_muted"].text)") }
    if isMutedByHand || isMutedFromAfar, audio["muted"].bool != true {
      broken("status says that nothing is muted")
    }
    let door = status["door"]["state"].string
    if (door == "open") != house.isLockOpen { broken("status says that the door is \(door ?? "-")") }
    if status["room"]["connection"].string == "connected", house.room?.state != .connected {
      broken("status says connected")
    }
  }

  func told(_ event: JSONValue, _ house: House) {
    let name = event["event"].string ?? ""
    let text = event.text
    said(text)
    // Its own time is in front.
    clock.note("event", String(decoding: text.utf8.dropFirst(36), as: UTF8.self).prefixed(150))
    switch name {
    case "call.state": Coverage.count("call \(event["state"].string ?? "")")
    case "door.opened": Coverage.count("door opened by \(event["how"].string ?? "")")
    case "door.refused":
      Coverage.count("door refused: \(event["how"].string ?? ""), \(event["reason"].string ?? "")")
    case "door.locked_out", "door.closed", "pre-connect.sent", "agent.missing", "turn": Coverage.count(name)
    case "room.failure": Coverage.count("failure \(event["code"].string ?? "")")
    case "audio.muted":
      Coverage.count("muted \(event["muted"].text), by the switch \(event["hard_muted"].text)")
    default: break
    }
    if name == "call.state" { house.callChanged(event["state"].string ?? "", event["reason"].string) }
  }

  func shows(_ state: IndicatorState) { indicator = state }

  /// Neither the token nor the door's code is in any text.
  func said(_ text: String) {
    for secret in Promises.secrets {
      let bytes = Array(text.utf8)
      guard bytes.count >= secret.count else { continue }
      for start in 0...(bytes.count - secret.count) where bytes[start] == secret[0] {
        if bytes[start..<start + secret.count].elementsEqual(secret) { broken("a secret is in a text") }
      }
    }
  }
  private static let secrets = [Array(".c2ln".utf8), Array("4711".utf8)]

  // MARK: - At every step

  func busy(_ house: House) {
    turnsWithoutRest += 1
    if turnsWithoutRest > 50 {
      broken("it does not wait: \(house.device?.nextDeadline?.name ?? house.room?.nextDeadline?.name ?? "?")")
    }
  }
  func rested() { turnsWithoutRest = 0 }

  func heard(_ packet: ReceivedAudio) {
    clock.mix(Int64(packet.sequence))
    heardAt = clock.now
  }

  func check(_ house: House) {
    guard let device = house.device, let room = house.room else { return }
    let now = clock.now
    if let openedAt, now.milliseconds(since: openedAt) > 60_000 + 10 {
      broken("the door is open for over 60 s")
    }
    if openedAt != nil, now.milliseconds(since: lastPermit) > house.settings.door.pulseMilliseconds + 10 {
      broken("the door is open for longer than its pulse")
    }
    if openSince == nil, !house.isEngineMuted, device.microphoneTrack != nil {
      broken("the engine is not muted, and should be")
    }
    if isSwitchOn != (indicator == .hardMuted) {
      broken("the switch is \(isSwitchOn ? "on" : "off"), and \(indicator) is shown")
    }
    if room.core.localTracks.count > 1 { broken("more than one track of ours") }
    if room.core.media.data.queue.waiting.count > 256 { broken("too many packets wait") }
    if room.core.outputs.count > 2_000 { broken("too many outputs of the room") }
    if let ends = house.endsBy, now > ends { broken("it was asked to end 10 s ago") }
    for question in questions where now.milliseconds(since: question.at) > 30_000 {
      broken("\(question.name) was not answered within 30 s")
    }
  }
}

extension String {
  func prefixed(_ count: Int) -> String {
    utf8.count <= count ? self : String(decoding: utf8.prefix(count), as: UTF8.self) + "..."
  }
  func hasPrefixed(_ start: String) -> Bool { utf8.starts(with: start.utf8) }
}
