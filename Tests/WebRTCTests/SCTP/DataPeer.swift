import Base
import Foundation
import Testing

@testable import WebRTC

/// aiortc's data channels (Tests/Interop/peers/data_peer.py), and our side running while it answers.
final class DataPeer {
  struct Request: Encodable {
    var `do`: String
    var sdp: String?
    var label: String?
    var lossy: Bool?
    var sizes: [Int]?
  }

  struct Answer: Decodable {
    var sdp: String?
    var state: String?
    var id: Int?
    var count: Int?
    var bytes: Int?
    var numbers: [Int]?
    var intact: Bool?
    var buffered: Int?
    var lossy: Bool?
  }

  let end: LoopbackEnd
  private let peer: PythonPeer

  init(answersActive: Bool = true) throws {
    peer = try PythonPeer("data_peer.py")
    end = try LoopbackEnd(answersActive: answersActive)
  }

  @discardableResult func ask(_ request: Request) throws -> Answer {
    try peer.send(String(decoding: JSONEncoder().encode(request), as: UTF8.self))
    for _ in 0..<3000 {
      if let line = try peer.poll() { return try JSONDecoder().decode(Answer.self, from: Data(line.utf8)) }
      end.run(milliseconds: 10)
    }
    throw PythonPeer.Failure(words: "no answer to \(request.do) in 30 s")
  }

  /// Asks again until the answer is as it should be, or time is up; the last answer.
  func report(_ label: String, milliseconds: Int = 20_000, until done: (Answer) -> Bool) throws -> Answer {
    let deadline = LoopbackEnd.clock().advanced(byMilliseconds: milliseconds)
    while true {
      let answer = try ask(Request(do: "report", label: label))
      if done(answer) || LoopbackEnd.clock() >= deadline { return answer }
      end.run(milliseconds: 50)
    }
  }

  /// We offer. As DTLS server unless the choice is taken away from aiortc, which answers active.
  func offerToIt(asServer: Bool, messageBytesMax: Int = 262_144) throws {
    var offer = end.connection.makeOffer(now: LoopbackEnd.clock())
    offer = offer.replacingOccurrences(
      of: "a=max-message-size:262144\r\n", with: "a=max-message-size:\(messageBytesMax)\r\n")
    if !asServer { offer = offer.replacingOccurrences(of: "a=setup:actpass", with: "a=setup:active") }
    let answer = try #require(try ask(Request(do: "answer", sdp: offer)).sdp)
    try end.connection.acceptAnswer(answer, now: LoopbackEnd.clock())
  }

  /// It offers a data channel of its own.
  func answerIt(label: String) throws {
    let offer = try #require(try ask(Request(do: "offer", label: label)).sdp)
    let answer = try end.connection.acceptOffer(offer, now: LoopbackEnd.clock())
    #expect(answer.contains("a=sctp-port:5000\r\n"))
    #expect(answer.contains("a=max-message-size:262144\r\n"))
    try ask(Request(do: "apply", sdp: answer))
  }

  func waitForChannel(_ label: String) throws -> PeerConnection.DataChannelID {
    end.run(milliseconds: 10_000) { self.end.channels.contains { $0.label == label } }
    return try #require(end.channels.first { $0.label == label }?.id)
  }

  /// Sends messages of these sizes, and waits where the channel is full.
  func send(_ sizes: [Int], firstNumber: Int = 0, on id: PeerConnection.DataChannelID) throws {
    for (offset, size) in sizes.enumerated() {
      while true {
        do {
          try end.connection.send(
            DataPeer.message(firstNumber + offset, size), channel: id, now: LoopbackEnd.clock())
          break
        } catch .full {
          let before = end.writable
          end.run(milliseconds: 20_000) { self.end.writable > before }
          try #require(end.writable > before, "never writable again")
        }
      }
    }
  }

  /// As the peer makes it.
  static func message(_ number: Int, _ size: Int) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(number >> 24), UInt8(number >> 16 & 255), UInt8(number >> 8 & 255)]
    bytes.append(UInt8(number & 255))
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: number * 31 + index * 7)) }
    return Array(bytes.prefix(size))
  }
}
