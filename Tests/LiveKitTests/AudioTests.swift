import Base
import Testing

@testable import LiveKit
@testable import WebRTC

/// Sound that does not pass through the events, either way.
@Suite struct AudioTests {
  static func packet(_ slot: Int, _ sequence: UInt16) -> ReceivedAudio {
    ReceivedAudio(slot: slot, sequence: sequence, timestamp: UInt32(sequence) * 960, payload: [1])
  }

  static func drain(_ queue: inout AudioQueue) -> [UInt16] {
    var sequences: [UInt16] = []
    while let packet = queue.next() { sequences.append(packet.sequence) }
    return sequences
  }

  @Test func nobodyTakesThemAndTheOldestGo() {
    var queue = AudioQueue(packetsMax: 3)
    var lost = 0
    for sequence in 0..<20 where queue.push(Self.packet(0, UInt16(sequence))) { lost += 1 }
    #expect(lost == 17)
    #expect(Self.drain(&queue) == [17, 18, 19])
    let nothing = queue.next()
    #expect(nothing == nil)
    let losesAnother = queue.push(Self.packet(0, 20))
    #expect(!losesAnother)
    #expect(Self.drain(&queue) == [20])
  }

  @Test func aSlotIsForgottenAndTheOthersStayInOrder() {
    var queue = AudioQueue(packetsMax: 10)
    for sequence in 0..<6 { _ = queue.push(Self.packet(sequence % 2, UInt16(sequence))) }
    let first = queue.next()
    #expect(first?.sequence == 0)
    queue.forget(slot: 0)
    #expect(Self.drain(&queue) == [1, 3, 5])
  }

  /// A slot goes to somebody else within one turn: nobody is heard as another.
  @Test func nothingOfASlotComesAfterItsEnd() throws {
    let bench = try Bench()
    try bench.connect(Server.join(others: [SubscribeTests.phone(1, ["TR_A"])]))
    bench.subscriber?.nextSections = [.audio("1", "PA_p", "TR_A")]
    bench.server(Server.offer(2))
    bench.subscriber?.receive(mid: "1", sequence: 5)
    _ = bench.room.poll(now: bench.now)
    bench.server(Server.update([Server.participant("phone", "PA_p", version: 2, state: 3)]))
    #expect(bench.heard.isEmpty)
  }

  static func frame(_ number: UInt32, bytes: Int = 3) -> PeerConnection.AudioFrame {
    .init(
      payload: [UInt8](repeating: 1, count: bytes), timestamp: number * 960, marker: false, level: 20,
      voice: true)
  }

  /// Connected, with a published track.
  static func published() throws -> (Bench, LocalTrack.ID) {
    let bench = try Bench()
    let track = try bench.room.publish(name: "microphone", source: .microphone, muted: false, now: bench.now)
    try bench.connect()
    let cid = try #require(bench.last(4)).text(1)
    bench.server(Server.published(cid, "TR_AMx"))
    bench.answerOffer()
    return (bench, track)
  }

  static func sent(_ bench: Bench) -> [UInt32] {
    bench.publisher?.sent.map { $0.frame.timestamp / 960 } ?? []
  }

  @Test func ofTheHeldFramesTheNewestLeaves() throws {
    let (bench, track) = try Self.published()
    bench.room.holdBack(track: track)
    for number in 1...9 { bench.room.send(Self.frame(UInt32(number)), track: track, now: bench.now) }
    #expect(Self.sent(bench).isEmpty)
    #expect(bench.room.sentPayloadBytes(track: track) == 0)
    let first: UInt32? = bench.room.goLive(track: track, now: bench.now)
    #expect(first == 8640)
    bench.room.send(Self.frame(10), track: track, now: bench.now)
    #expect(Self.sent(bench) == [9, 10])
    #expect(bench.publisher?.sent.map(\.frame.marker) == [true, false])
    #expect(bench.room.sentPayloadBytes(track: track) == 6)
    // Live already.
    #expect(bench.room.goLive(track: track, now: bench.now) == nil)
  }

  @Test func holdingTwiceKeepsWhatIsHeld() throws {
    let (bench, track) = try Self.published()
    bench.room.holdBack(track: track)
    bench.room.send(Self.frame(1), track: track, now: bench.now)
    bench.room.holdBack(track: track)
    #expect(bench.room.goLive(track: track, now: bench.now) == 960)
  }

  @Test func whatWasSaidBeforeAMuteIsNotToldAfterIt() throws {
    for way in 0..<3 {
      let (bench, track) = try Self.published()
      bench.room.holdBack(track: track)
      bench.room.send(Self.frame(1), track: track, now: bench.now)
      switch way {
      case 0: bench.room.forgetHeld(track: track)
      case 1:
        bench.room.setMuted(true, track: track, now: bench.now)
        // Not even while it is muted.
        bench.room.send(Self.frame(2), track: track, now: bench.now)
        bench.room.setMuted(false, track: track, now: bench.now)
      default:
        bench.server(Server.mute("TR_AMx", true))
        bench.room.setMuted(false, track: track, now: bench.now)
      }
      #expect(bench.room.goLive(track: track, now: bench.now) == nil)
      #expect(Self.sent(bench).isEmpty)
    }
  }

  /// Whoever asks for the beginning of the live track is told of what left, not of what was held.
  @Test func goingLiveWithoutASessionSendsNothing() throws {
    let bench = try Bench()
    let track = try bench.room.publish(name: "microphone", source: .microphone, muted: false, now: bench.now)
    bench.room.holdBack(track: track)
    bench.room.send(Self.frame(1), track: track, now: bench.now)
    #expect(bench.room.goLive(track: track, now: bench.now) == nil)
    #expect(bench.room.sentPayloadBytes(track: track) == 0)
    bench.room.holdBack(track: track)
    bench.room.unpublish(track, now: bench.now)
    #expect(bench.room.goLive(track: track, now: bench.now) == nil)
  }
}
