import Base
import Configuration
import JSON

@testable import Control
@testable import Device
@testable import LiveKit

/// One run: a device, its server, everybody else, and what goes wrong, all of it drawn from one seed.
final class World {
  let scenario: Scenario
  let clock: Clockwork
  let link: Link
  let server: Server
  let promises: Promises
  let house: House
  var nextQuestion: Int64 = 1
  /// Where the last command left a device that is not always on; nil: what came since may have changed it.
  var wish: Bool?
  /// Somebody's hand sent the device away, which it respects.
  var isSentAway = false
  var tokenIsBad = false
  /// Since when nothing has been done to the device.
  var undisturbedSince: Instant
  /// Since when it has been on its way somewhere.
  private var unsettledSince: Instant?
  private var inRoomSince: Instant?
  private var missedSince: Instant?
  private var awaySince: Instant?
  private var sessionHeldAt = Instant(microseconds: 0)
  private var strangeSince: Instant?
  private var lastFrameAt = Instant(microseconds: 0)

  init(_ scenario: Scenario, isTracing: Bool = false) {
    self.scenario = scenario
    clock = Clockwork(seed: scenario.seed)
    clock.isTracing = isTracing
    link = Link(clock)
    server = Server(clock, link)
    promises = Promises(clock, scenario)
    house = House(clock, link, server, scenario, promises)
    undisturbedSince = clock.now
  }

  struct Result {
    var failure: String?
    var digest: UInt64
    var lines: [String]
    var frames: Int
    var datagrams: Int
    var milliseconds: Int
  }

  func run() -> Result {
    house.token = { self.token() }
    house.onSetting = { self.changed($0) }
    house.onCallState = { self.callChanged($0, $1) }
    house.onExit = { self.clock.after(self.clock.draw(500...5_000)) { self.house.start() } }
    server.unixSeconds = { self.house.trueUnixMilliseconds / 1000 }
    server.onJoined = { self.sessionJoined($0) }
    server.onAudio = { _ in self.lastFrameAt = self.clock.now }
    server.onData = { self.dataOfDevice($0) }
    link.lossPercent = 0
    house.start()
    cast()
    watch()
    voices()
    let end = clock.now.advanced(byMilliseconds: scenario.minutes * 60_000)
    while promises.failure == nil, clock.turn(until: end) {}
    return Result(
      failure: promises.failure, digest: clock.digest, lines: clock.lines, frames: promises.framesSent,
      datagrams: link.datagrams, milliseconds: clock.now.milliseconds(since: Instant(microseconds: 1_000_000))
    )
  }

  // MARK: - What is true

  func token() -> String? {
    if tokenIsBad, clock.chance(50) { return nil }
    let end = server.unixSeconds() + (tokenIsBad ? -60 : 3_600)
    return Tokens.signed(expires: end)
  }

  func disturb() {
    undisturbedSince = clock.now
    unsettledSince = nil
  }

  private func changed(_ settings: Settings) -> Settings {
    var fresh = settings
    fresh.audio.volumePercent = clock.draw(0...100)
    fresh.session.idleTimeoutSeconds = clock.draw(0...1) * 45
    return fresh
  }

  /// A second call of this kind is as good as any that was asked for.
  private func callChanged(_ state: String, _ reason: String?) {
    if state == "idle" || state == "ending" || state == "failed" { inRoomSince = nil }
    // It ended by itself, for a reason that it says.
    if state == "failed" || reason != nil { wish = nil }
  }

  private var isGood: Bool {
    guard link.isUp, server.isUp, server.refuses == 0, server.slowMilliseconds < 1_500, !tokenIsBad,
      link.lossPercent <= 10, link.delayMilliseconds <= 400
    else { return false }
    let since = max(undisturbedSince, max(link.goodSince ?? clock.now, server.goodSince ?? clock.now))
    return clock.now.milliseconds(since: max(since, house.startedAt)) >= 60_000
  }

  /// Whether the device is where it has to be.
  private func watch() {
    clock.after(1_000) { self.watch() }
    guard let device = house.device, let room = house.room else { return }
    watchCall(device)
    let isSettled: Bool
    switch device.stay.phase {
    case .joined: isSettled = room.state == .connected && isAtServer(device)
    case .away, .failed: isSettled = true
    default: isSettled = false
    }
    if isSettled { unsettledSince = nil } else { unsettledSince = unsettledSince ?? clock.now }
    watchAbsence(device)
    guard isGood else {
      missedSince = nil
      return
    }
    if isSettled, device.stay.phase == .joined {
      watchSound(device)
      watchOthers(room)
    } else {
      strangeSince = nil
    }
    if let since = unsettledSince, clock.now.milliseconds(since: since) > 60_000 {
      promises.broken("\(Coverage.word(device.stay.phase)) for over 60 s, and nothing is wrong")
    }
    let isThere = device.stay.phase == .joined
    // Where nobody can be heard it joins anew, which takes a moment.
    if isThere { missedSince = nil } else { missedSince = missedSince ?? clock.now }
    if scenario.mode == .alwaysOn, !isSentAway, let missedSince,
      clock.now.milliseconds(since: missedSince) > 5_000
    {
      promises.broken("always-on, a good network for 60 s, and it is \(Coverage.word(device.stay.phase))")
    }
    let isLate = missedSince.map { clock.now.milliseconds(since: $0) > 5_000 } ?? isThere
    if let wish, wish != isThere, isLate, wish == false || scenario.mode != .alwaysOn {
      promises.broken(
        "it was told to be \(wish ? "in its room" : "away"), and is \(Coverage.word(device.stay.phase))")
    }
    if scenario.mode != .alwaysOn, wish == false || device.stay.phase == .away, server.session != nil {
      promises.broken("it is away, and the server has its session")
    }
  }

  /// Both ends mean the same session, and the same of its microphone.
  private func isAtServer(_ device: Device) -> Bool {
    guard let session = server.session, let room = house.room else { return false }
    guard session.sid == room.localParticipant.sid.text, session.connection != nil else { return false }
    guard session.publisher?.state == .connected else { return false }
    for track in room.localTracks {
      guard let there = session.tracks.first(where: { $0.sid == track.sid.text }) else { return false }
      if there.isMuted != track.isMuted { return false }
    }
    return true
  }

  /// Who has left has said so, or was forgotten by then.
  private func watchAbsence(_ device: Device) {
    let isAway = device.stay.phase == .away || device.stay.phase == .failed
    if isAway { awaySince = awaySince ?? clock.now } else { awaySince = nil }
    guard let awaySince, let session = server.session, link.isUp, link.lossPercent == 0,
      clock.now.milliseconds(since: link.goodSince ?? clock.now) > 60_000, server.slowMilliseconds < 100
    else { return }
    // Between two connections there is nobody to say it to.
    if session.connection != nil { sessionHeldAt = clock.now }
    let isLate = clock.now.milliseconds(since: max(awaySince, session.joinedAt)) > 4_000
    if isLate, session.connection != nil || sessionHeldAt > awaySince, awaySince > session.joinedAt,
      house.startedAt < session.joinedAt
    {
      promises.broken("it has left its room, and the server was not told")
    }
  }

  /// The device knows who is there: those and no others.
  private func watchOthers(_ room: Room) {
    let known = room.participants.map { $0.sid.text }
    let isSame =
      known.count == server.guests.count
      && server.guests.allSatisfy { guest in known.contains { $0 == guest.sid } }
    if isSame { strangeSince = nil } else { strangeSince = strangeSince ?? clock.now }
    if let strangeSince, clock.now.milliseconds(since: strangeSince) > 10_000 {
      promises.broken("it is wrong about who is in the room")
    }
  }

  /// Who is there is heard, and hears.
  private func watchSound(_ device: Device) {
    guard let session = server.session, let since = inRoomSince, link.lossPercent <= 5,
      clock.now.milliseconds(since: since) > 20_000
    else { return }
    if let open = promises.openSince, clock.now.milliseconds(since: max(open, since)) > 20_000,
      clock.now.milliseconds(since: lastFrameAt) > 3_000
    {
      promises.broken("the microphone is open in a room, and nothing of it comes to the server")
    }
    for guest in server.guests where guest.isSpeaking {
      guard let track = guest.track, server.forwarded(session).contains(where: { $0.track == track }),
        let began = guest.speaksSince, clock.now.milliseconds(since: max(began, since)) > 10_000
      else { continue }
      if clock.now.milliseconds(since: promises.heardAt) > 3_000 {
        promises.broken("\(guest.identity) speaks, and nothing of it is heard")
      }
    }
  }

  private func watchCall(_ device: Device) {
    switch device.stay.phase {
    case .away, .failed, .leaving: inRoomSince = nil
    case .joined: inRoomSince = inRoomSince ?? clock.now
    default: if scenario.mode == .alwaysOn { inRoomSince = nil }
    }
    if let since = inRoomSince, since < house.startedAt { inRoomSince = nil }
    guard scenario.mode != .alwaysOn, let inRoomSince else { return }
    if clock.now.milliseconds(since: inRoomSince) > (house.settings.session.maxDurationSeconds + 6) * 1000 {
      promises.broken("the call is longer than max-duration")
    }
  }

  // MARK: - Asking

  func ask(_ request: Request, _ name: String) {
    guard house.device != nil else { return }
    let id = nextQuestion
    nextQuestion += 1
    clock.note("technician", "asks \(name)")
    promises.asked(id, name)
    house.handle(.control(ControlRequest(id: .number(id), request: request), client: 1))
  }

  func guest(_ kind: Guest.Kind) -> Guest? {
    let fitting = server.guests.filter { $0.kind == kind }
    return fitting.isEmpty ? nil : fitting[clock.random.next(below: fitting.count)]
  }

  /// Of the device: calls of ours to be answered.
  private func dataOfDevice(_ packet: DataPacket) {
    switch packet.value {
    case .rpcRequest(let call):
      guard let agent = guest(.agent), clock.chance(90) else { return }
      server.deliver(.rpcAck(requestID: call.id), from: agent)
      clock.after(clock.draw(10...1_000)) {
        self.server.deliver(.rpcResponse(requestID: call.id, .success("")), from: agent)
      }
    case .rpcResponse(let id, let result):
      switch result {
      case .success: clock.note("caller", "\(id.text) is answered")
      case .failure(let error): clock.note("caller", "\(id.text) is refused: \(error.code) \(error.message)")
      }
    default: break
    }
  }
}

enum Tokens {
  static func signed(expires: Int64) -> String {
    let claims = #"{"iss":"key","sub":"door","exp":\#(expires),"video":{"roomJoin":true,"room":"hall"}}"#
    let part = { (text: String) in Base64.encode(Array(text.utf8), urlSafe: true, padding: false) }
    return part(#"{"alg":"HS256","typ":"JWT"}"#) + "." + part(claims) + ".c2ln"
  }
}
