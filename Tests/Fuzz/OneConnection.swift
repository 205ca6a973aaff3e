import Base
import LiveKit

@testable import WebRTC

nonisolated(unsafe) private let certificateOfTheDoor = try? Certificate()

/// A room over one peer connection, and a server whose join, answers and demands are what the input makes of them. What
/// it says may be nonsense; the room neither grows with it nor offers more often than it was spoken to.
func fuzzOneConnection(_ bytes: [UInt8]) {
  guard let certificateOfTheDoor else { return }
  let room = Room(
    configuration: .init(certificate: certificateOfTheDoor, productVersion: "1"),
    random: SeededRandom(seed: 1))
  var server = ServerOfTheFuzzer(room: room)
  guard (try? room.publish(name: "m", source: .microphone, muted: false, now: server.now)) != nil,
    (try? room.join(
      url: "wss://h",
      token: "eyJhIjoxfQ.eyJzdWIiOiJkIiwidmlkZW8iOnsicm9vbSI6IngiLCJyb29tSm9pbiI6dHJ1ZX19.c2ln",
      now: server.now))
      != nil
  else { preconditionFailure("it does not begin") }
  server.drain()
  room.handle(.socketsOpened(.publisher), now: server.now)
  server.drain()
  room.handle(.webSocketOpened(connection: server.connection), now: server.now)
  var reader = ByteReader(bytes)
  while let step = try? reader.u8() {
    let content = (try? reader.take(min(reader.remaining, Int(step >> 3) * 8))).map { Array($0) } ?? []
    server.act(step & 7, content)
    precondition(server.offers <= server.messages + 1, "it offers by itself")
    precondition(server.sections(of: "a=recvonly") <= 12, "more than can be played")
  }
}

private struct ServerOfTheFuzzer {
  let room: Room
  var now = Instant(microseconds: 0)
  var connection = 0
  /// The newest, as text.
  var offer = ""
  var offers = 0
  var messages = 0

  mutating func act(_ step: UInt8, _ content: [UInt8]) {
    switch step {
    case 0: say(content)
    case 1: say(field(1, participants(content) + field(6, []) + [0x50, 15, 0x58, 5]))
    case 2: say(field(2, field(2, answer(content)) + [0x18, UInt8(truncatingIfNeeded: offers)]))
    case 3: say(field(2, field(2, content) + [0x18, UInt8(truncatingIfNeeded: offers)]))
    case 4: say(field(25, content.isEmpty ? [] : [8, content[0] & 127]))
    case 5: say(field(5, participants(content)))
    case 6: say(field(6, field(1, content) + field(2, field(1, Array("TR_me".utf8)))))
    default:
      now = now.advanced(byMilliseconds: content.isEmpty ? 100 : Int(content[0]) * 20)
      room.handle(.timeout, now: now)
      drain()
    }
  }

  mutating func drain() {
    for _ in 0..<2_000 {
      switch room.poll(now: now) {
      case .openWebSocket(let id, let url, _):
        connection = id
        let request = url.utf8.split(separator: UInt8(ascii: "=")).dropFirst().first
        note(request.flatMap { Base64.decode($0) } ?? [])
      case .sendWebSocket(_, let bytes): if bytes.first == 0x0A { note(bytes) }
      case .wait: return
      default: break
      }
    }
    preconditionFailure("it never waits")
  }

  func sections(of direction: String) -> Int {
    offer.utf8.split(separator: 10).count { $0.dropLast().elementsEqual(direction.utf8) }
  }

  private mutating func say(_ bytes: [UInt8]) {
    messages += 1
    room.handle(.webSocketMessage(bytes, connection: connection), now: now)
    drain()
  }

  private mutating func note(_ message: [UInt8]) {
    let start = Array("v=0\r\n".utf8)
    guard message.count > start.count,
      let place = (0...(message.count - start.count)).first(where: { message[$0...].starts(with: start) })
    else { return }
    offers += 1
    offer = String(decoding: message[place...], as: UTF8.self)
  }

  /// Our own offer as a server turns it round: the input names the sources, and then spoils what it likes.
  private func answer(_ content: [UInt8]) -> [UInt8] {
    var lines: [UInt8] = []
    var sources = content[...]
    for line in offer.utf8.split(separator: 10) {
      let text = String(decoding: line.dropLast(), as: UTF8.self)
      switch text {
      case "a=setup:actpass": lines += Array("a=setup:active\r\n".utf8)
      case "a=sendonly": lines += Array("a=recvonly\r\n".utf8)
      case "a=recvonly":
        lines += Array("a=sendonly\r\n".utf8)
        if let source = sources.popFirst(), source & 1 == 1 {
          lines += Array("a=ssrc:\(source) msid:PA_1|TR_\(source >> 4) TR_\(source >> 4)\r\n".utf8)
        }
      case _ where text.hasPrefix("a=msid:") || text.hasPrefix("a=ssrc:"): break
      default: lines += Array(text.utf8) + [13, 10]
      }
    }
    for (place, byte) in sources.enumerated() where byte > 127 && !lines.isEmpty {
      lines[(place &* 257 &+ Int(byte)) % lines.count] = byte & 127
    }
    return lines
  }

  /// Some with tracks of sound and of pictures, the first of them ourselves.
  private func participants(_ content: [UInt8]) -> [UInt8] {
    var bytes = field(2, field(1, Array("PA_0".utf8)) + field(2, Array("me".utf8)))
    for (place, byte) in content.enumerated() {
      let track = field(1, Array("TR_\(byte >> 4)".utf8)) + [0x10, byte & 1]
      let person =
        field(1, Array("PA_1".utf8)) + field(2, Array("p\(place)".utf8)) + field(4, track) + [
          0x18, 2, 0x70, byte & 7,
        ]
      bytes += field(place % 2 == 0 ? 3 : 1, person)
    }
    return bytes
  }

  private func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for value in [number << 3 | 2, bytes.count] {
      var rest = value
      while rest >= 0x80 {
        result.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      result.append(UInt8(rest))
    }
    return result + bytes
  }
}
