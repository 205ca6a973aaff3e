import Base
import Configuration
import Control
import Device
import LiveKit
import WebRTC

/// A device on the bench: everything it asks for is kept, time moves when the test says so.
final class Bench: Instruments {
  var unixMilliseconds: Int64 = 1_800_000_000_000
  var sound = SoundReadings()
  var memory: MemoryReadings? = MemoryReadings(residentKilobytes: 9000, anonymousKilobytes: 3000)
  private(set) var now = Instant(microseconds: 1_000_000)
  private(set) var answers: [(client: Int, answer: Device.Answer)] = []
  private(set) var events: [JSONValue] = []
  private(set) var audio: [Device.AudioCommand] = []
  private(set) var roomOutputs: [Room.Output] = []
  private(set) var tokenPaths: [String] = []
  private(set) var log: [LogEntry] = []
  private(set) var hasExited = false
  private(set) var deadline: Instant?
  private var device: Device?
  private var requestNumber: Int64 = 0

  init(_ change: (inout Settings) -> Void = { _ in }) throws {
    var settings = Settings()
    settings.token.url = "wss://room.example"
    settings.token.file = "/run/token"
    change(&settings)
    let configuration = Room.Configuration(certificate: try Certificate(), productVersion: "1.2.3")
    device = Device(
      settings: settings, room: Room(configuration: configuration, random: SeededRandom(seed: 1)),
      instruments: self, version: "1.2.3", startedAt: now)
    device?.start(now: now)
    drain()
  }

  func handle(_ input: Device.Input) {
    device?.handle(input, now: now)
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

  private func drain() {
    while let device {
      switch device.poll(now: now) {
      case .room(let output): roomOutputs.append(output)
      case .answer(let answer, _, let client): answers.append((client, answer))
      case .notify(let event, _): events.append(event)
      case .readToken(let path): tokenPaths.append(path)
      case .audio(let command): audio.append(command)
      case .log(let entry): log.append(entry)
      case .exit: hasExited = true
      case .wait(let until):
        deadline = until
        return
      }
    }
  }
}

/// An access token with these claims; nobody checks its signature on the device.
func token(expiresAt seconds: Int64 = 1_900_000_000) -> String {
  let claims = """
    {"iss":"key","sub":"door","exp":\(seconds),"video":{"roomJoin":true,"room":"hall"}}
    """
  let head = Base64.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8), urlSafe: true, padding: false)
  return head + "." + Base64.encode(Array(claims.utf8), urlSafe: true, padding: false) + ".c2ln"
}
