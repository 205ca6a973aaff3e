import AudioEngine
import Base
import Configuration
import Control
import JSON
import Testing
import WebRTC

@testable import Device
@testable import LiveKit

/// A device on the bench: everything it asks for is kept, time moves when the test says so.
final class Bench: Instruments {
  var unixMilliseconds: Int64 = 1_800_000_000_000
  var sound = SoundReadings()
  var soundProbe = SoundProbeReading()
  var host = HostReadings()
  var memory: MemoryReadings? = MemoryReadings(residentKilobytes: 9000, anonymousKilobytes: 3000)
  var preConnectRecording: PreConnectRecording?
  /// Files with secrets, by their path.
  var secrets: [String: String] = [:]
  func secret(at path: String) -> Result<String, TokenFileFailure> {
    secrets[path].map { .success($0) } ?? .failure(.unreadable(path: path, "there is no such file"))
  }

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
  private(set) var webhookAnswers: [Int] = []
  private(set) var serverRequests: [ServerRequest] = []
  private(set) var timesAsked: [String] = []
  private(set) var log: [LogEntry] = []
  private(set) var hasExited = false
  private(set) var deadline: Instant?
  private(set) var board: [BoardCommand] = []
  private(set) var storedStates: [[UInt8]] = []
  let messaging = FakeMessagingRoom()
  private(set) var device: Device?
  private var requestNumber: Int64 = 0

  init(storedState: [UInt8]? = nil, _ change: (inout Settings) -> Void = { _ in }) throws {
    var settings = Settings()
    settings.token.url = "wss://room.example"
    settings.token.file = "/run/token"
    change(&settings)
    var configuration = Room.Configuration(certificate: try Certificate(), productVersion: "1.2.3")
    configuration.prefersOneConnection = false
    device = Device(
      settings: settings, room: Room(configuration: configuration, random: SeededRandom(seed: 1)),
      messagingRoom: messaging, instruments: self, version: "1.2.3", startedAt: now)
    device?.restore(storedState, now: now)
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
    // A deadline that does not move keeps the reactor busy for ever; a few may be due at the same moment.
    for _ in 0..<8 where isOverdue { handle(.timeout) }
    if isOverdue { Issue.record("\(device?.nextDeadline.map { $0.name } ?? "") stays due") }
  }

  private var isOverdue: Bool { device?.nextDeadline?.at.map { $0 <= now } ?? false }

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

  /// The room server refuses the token that was dialled last.
  func refuseToken(_ words: String = "token is expired") {
    guard let connection else { return }
    handle(.room(.webSocketFailed(connection: connection, .http(status: 401, body: Array(words.utf8)))))
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
      case .serverRequest(let request): serverRequests.append(request)
      case .webhookAnswer(_, let status, _): webhookAnswers.append(status)
      case .askServerTime(let url): timesAsked.append(url)
      case .audio(let command): audio.append(command)
      case .board(let command): board.append(command)
      case .storeState(let bytes): storedStates.append(bytes)
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
  token(claims: "\"exp\":\(seconds)", room: room)
}

func token(claims more: String, room: String = "hall") -> String {
  let claims = """
    {"iss":"key","sub":"door",\(more),"video":{"roomJoin":true,"room":"\(room)"}}
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
  static func withDoor(storedState: [UInt8]? = nil, _ change: (inout Settings) -> Void = { _ in }) throws
    -> Bench
  {
    try Bench(storedState: storedState) { settings in
      settings.device.board = .simulated
      settings.door.output = "lock"
      settings.door.code = "4711"
      change(&settings)
    }
  }

  /// In a room, with these others in it. The room of the bench is dialled and says no more; what it would say is said
  /// here.
  func enter(heard: Bool = true, _ others: (Name, Participant.Kind)...) {
    messaging.participants = others.map { Self.participant($0, $1) }
    act { device, now in
      let wish = Stay.Wish(url: nil, token: token())
      if device.stay.phase != .wanting { device.perform([.stay(.asked(wish, by: .button))], now: now) }
      if device.stay.phase == .wanting { device.perform([.stay(.secretRead(.success(token())))], now: now) }
      device.perform([.stay(.connected)], now: now)
      device.handle(.agentChanged(nil), now: now)
    }
    if heard { hear() }
  }

  static func sender(_ identity: Name) -> Sender {
    .participant(sid: Name("PA_" + identity.text) ?? "", identity: identity)
  }

  static func participant(_ identity: Name, _ kind: Participant.Kind) -> Participant {
    var participant = Participant()
    participant.identity = identity
    participant.sid = Name("PA_" + identity.text) ?? ""
    participant.kind = kind
    participant.state = .active
    return participant
  }

  /// Somebody's sound begins, or ends, to be received.
  func hear(_ begins: Bool = true) {
    let subscription = Subscription(
      trackSID: "TR_1", participantSID: "PA_1", identity: "someone", slot: 0, mid: "1")
    act { device, now in
      device.handle(
        begins
          ? .trackSubscribed(subscription, participant: Participant()) : .trackUnsubscribed(subscription),
        now: now)
    }
  }

  /// The room is closed, as it is a moment after it was left.
  func closeRoom() { act { $0.perform([.stay(.roomClosed(reason: "left"))], now: $1) } }

  func type(_ keys: String, as identity: Name) {
    for key in keys.utf8 {
      act { device, now in
        device.perform([.key(key, device.audience.caller(Self.sender(identity)))], now: now)
      }
    }
  }

  /// What our method answered to a call of it.
  func call(_ method: String, _ payload: String, by identity: Name = "bot") -> RemoteAnswer? {
    act { device, now in
      let caller = device.audience.caller(Self.sender(identity))
      device.serve(RemoteCall(id: 9, caller: caller, method: method, payload: payload), now: now)
    }
    if case .answer(9, let answer)? = messaging.said.last { return answer }
    return nil
  }

  /// The lock's output, oldest first.
  var lock: [Bool] {
    board.compactMap { if case .setOutput("lock", let on) = $0 { on } else { nil } }
  }
}
