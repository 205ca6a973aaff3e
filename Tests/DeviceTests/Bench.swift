import Base
import Configuration
import Control
import LiveKit
import WebRTC

@testable import Device

/// A device on the bench: everything it asks for is kept, time moves when the test says so.
final class Bench: Instruments {
  var unixMilliseconds: Int64 = 1_800_000_000_000
  var sound = SoundReadings()
  var soundProbe = SoundProbeReadings()
  var memory: MemoryReadings? = MemoryReadings(residentKilobytes: 9000, anonymousKilobytes: 3000)
  var preConnectRecording: FirstWords?
  func preConnectBytes(from position: UInt32) -> [UInt8]? {
    guard let recording = preConnectRecording, recording.handOver != position else { return nil }
    let left = Int(recording.handOver &- position)
    return [UInt8](repeating: 7, count: 2 * min(left, 7_500))
  }
  private(set) var now = Instant(microseconds: 1_000_000)
  private(set) var answers: [(client: Int, answer: Device.Answer)] = []
  private(set) var events: [JSONValue] = []
  private(set) var audio: [Device.AudioCommand] = []
  private(set) var roomOutputs: [Room.Output] = []
  private(set) var tokenPaths: [String] = []
  private(set) var configurationReads = 0
  private(set) var tokenRequests: [TokenRequest] = []
  private(set) var timesAsked: [String] = []
  private(set) var log: [LogEntry] = []
  private(set) var hasExited = false
  private(set) var deadline: Instant?
  private(set) var board: [BoardCommand] = []
  private(set) var storedDoors: [[UInt8]] = []
  let words = FakeWords()
  private(set) var device: Device?
  private var requestNumber: Int64 = 0

  init(doorState: [UInt8]? = nil, _ change: (inout Settings) -> Void = { _ in }) throws {
    var settings = Settings()
    settings.token.url = "wss://room.example"
    settings.token.file = "/run/token"
    change(&settings)
    let configuration = Room.Configuration(certificate: try Certificate(), productVersion: "1.2.3")
    device = Device(
      settings: settings, room: Room(configuration: configuration, random: SeededRandom(seed: 1)),
      words: words, instruments: self, version: "1.2.3", startedAt: now)
    device?.restoreDoor(doorState, now: now)
    device?.start(now: now)
    drain()
  }

  func handle(_ input: Device.Input) {
    device?.handle(input, now: now)
    drain()
  }

  /// Something that happens to the device without being one of its inputs yet.
  func act(_ body: (Device, Instant) -> Void) {
    if let device { body(device, now) }
    drain()
  }

  func advance(milliseconds: Int) {
    now = now.advanced(byMilliseconds: milliseconds)
    unixMilliseconds += Int64(milliseconds)
    handle(.timeout)
  }

  /// Sends a request and answers with what came back to it.
  @discardableResult
  func ask(_ request: Request) -> JSONValue? {
    requestNumber += 1
    let before = answers.count
    let line = request.line(id: requestNumber).dropLast()
    guard let parsed = try? Request.parse(Array(line)) else { return nil }
    handle(.control(parsed, client: 7))
    guard answers.count > before else { return nil }
    switch answers[before].answer {
    case .result(let value): return value
    case .refused(let failure): return .object([.init("refused", .string(failure.description))])
    case .subscribed(let status, let recent):
      return .object([.init("status", status), .init("recent", .array(recent))])
    }
  }

  var status: JSONValue { ask(.status) ?? .null }

  func events(named name: String) -> [JSONValue] { events.filter { $0["event"].string == name } }

  /// The number of the WebSocket that was opened last.
  var connection: Int? {
    for output in roomOutputs.reversed() {
      if case .openWebSocket(let number, _, _) = output { return number }
    }
    return nil
  }

  /// The token of the WebSocket that was opened last.
  var dialled: String? {
    for output in roomOutputs.reversed() {
      if case .openWebSocket(_, _, let token) = output { return token }
    }
    return nil
  }

  /// The endpoint answers the last request.
  func answer(status: Int = 201, _ body: String) {
    guard let request = tokenRequests.last else { return }
    handle(.endpointAnswered(request: request.number, status: status, body: Array(body.utf8)))
  }

  /// Lets the time pass in the steps that the device asks for.
  func pass(seconds: Int) {
    let end = now.advanced(byMilliseconds: seconds * 1000)
    while now < end {
      let next = min(max(deadline ?? end, now.advanced(byMilliseconds: 1)), end)
      advance(milliseconds: max(1, next.milliseconds(since: now)))
    }
  }

  private func drain() {
    while let device {
      switch device.poll(now: now) {
      case .room(let output): roomOutputs.append(output)
      case .answer(let answer, _, let client): answers.append((client, answer))
      case .notify(let event, _): events.append(event)
      case .readToken(let path): tokenPaths.append(path)
      case .readConfiguration: configurationReads += 1
      case .httpRequest(let request): tokenRequests.append(request)
      case .askServerTime(let url): timesAsked.append(url)
      case .audio(let command): audio.append(command)
      case .board(let command): board.append(command)
      case .storeDoorState(let bytes): storedDoors.append(bytes)
      case .log(let entry): log.append(entry)
      case .exit: hasExited = true
      case .wait(let until):
        deadline = until
        // What is due already fires in the next turn of the daemon's loop.
        guard let until, until <= now else { return }
        device.handle(.timeout, now: now)
      }
    }
  }
}

/// An access token with these claims; nobody checks its signature on the device.
func token(expiresAt seconds: Int64 = 1_900_000_000, room: String = "hall") -> String {
  let claims = """
    {"iss":"key","sub":"door","exp":\(seconds),"video":{"roomJoin":true,"room":"\(room)"}}
    """
  let head = Base64.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8), urlSafe: true, padding: false)
  return head + "." + Base64.encode(Array(claims.utf8), urlSafe: true, padding: false) + ".c2ln"
}

extension Bench {
  /// A device whose tokens come from an endpoint.
  static func withEndpoint(_ change: (inout Settings) -> Void = { _ in }) throws -> Bench {
    try Bench { settings in
      settings.token = TokenSettings()
      settings.token.source = .endpoint
      settings.token.endpoint = "https://tokens.example/door"
      change(&settings)
    }
  }

  /// A simulated board with a door and a code.
  static func withDoor(doorState: [UInt8]? = nil, _ change: (inout Settings) -> Void = { _ in }) throws
    -> Bench
  {
    try Bench(doorState: doorState) { settings in
      settings.device.board = .simulated
      settings.door.output = "lock"
      settings.door.code = "4711"
      change(&settings)
    }
  }

  /// In a room, with these others in it.
  func enter(heard: Bool = true, _ others: (String, Participant.Kind)...) {
    words.participants = others.map { identity, kind in
      var participant = Participant()
      participant.identity = Bench.name(identity)
      participant.sid = Bench.sid(identity)
      participant.kind = kind
      participant.state = .active
      return participant
    }
    act { device, now in
      device.setConnection(.connected, reason: nil)
      device.advanceCall(.joinBegan, now: now)
      device.advanceCall(.connected(somebodyIsHeard: heard), now: now)
      device.watchAgent(now: now)
    }
  }

  static func name(_ text: String) -> Name { Name(text) ?? "" }
  static func sid(_ identity: String) -> Name { name("PA_" + identity) }

  func type(_ keys: String, as identity: String) {
    let sender = Sender.participant(sid: Bench.sid(identity), identity: Bench.name(identity))
    for key in keys.utf8 { act { $0.keyPressed(key, by: .room(sender), now: $1) } }
  }

  /// What our method answered to a call of it.
  func call(_ method: String, _ payload: String, by identity: String = "bot") -> RemoteAnswer? {
    let kind = words.participants.first { $0.identity == Bench.name(identity) }?.kind.word ?? "unknown"
    let caller = Caller(kind: kind, identity: identity)
    act { $0.handle(RemoteCall(id: 9, caller: caller, method: method, payload: payload), now: $1) }
    if case .answer(9, let answer)? = words.said.last { return answer }
    return nil
  }

  /// The lock's output, oldest first.
  var lock: [Bool] {
    board.compactMap { if case .setOutput("lock", let on) = $0 { on } else { nil } }
  }
}
