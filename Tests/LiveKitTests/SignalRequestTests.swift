import Base
import Testing

@testable import LiveKit

/// The bytes of our requests are those that LiveKit's own Python classes (livekit-protocol 1.1.29) write.
@Suite struct SignalRequestTests {
  struct Row: Sendable {
    let request: SignalRequest
    let bytes: String
  }

  static let rows = [
    Row(request: .offer(.init(sdp: "v=0", id: 1)), bytes: "0a0e 0a056f66666572 1203763d30 1801"),
    Row(request: .answer(.init(sdp: "v=0", id: 300)), bytes: "1210 0a06616e73776572 1203763d30 18ac02"),
    Row(request: .trickle(candidateInit: "{}", target: .subscriber), bytes: "1a06 0a027b7d 1001"),
    Row(request: .trickle(candidateInit: "{}", target: .publisher), bytes: "1a04 0a027b7d"),
    Row(
      request: .addTrack(.init(cid: "c", name: "mic", source: .microphone, muted: false)),
      bytes: "220c 0a0163 12036d6963 4002 6801"),
    Row(
      request: .addTrack(.init(cid: "c", name: "", source: .microphone, muted: true, disablesRED: false)),
      bytes: "2207 0a0163 3001 4002"),
    Row(
      request: .addTrack(
        .init(cid: "c", name: "mic", source: .microphone, muted: false, announcesPreConnect: true)),
      bytes: "2210 0a0163 12036d6963 4002 6801 8a010106"),
    Row(
      request: .updateAudioTrack(trackSID: "TR", announcesPreConnect: true),
      bytes: "8a0107 0a025452 120106"),
    Row(
      request: .updateAudioTrack(trackSID: "TR", announcesPreConnect: false), bytes: "8a0104 0a025452"),
    Row(request: .mute(trackSID: "TR", muted: true), bytes: "2a06 0a025452 1001"),
    Row(request: .mute(trackSID: "TR", muted: false), bytes: "2a04 0a025452"),
    Row(request: .leave(.clientInitiated), bytes: "4202 1001"),
    Row(
      request: .updateMetadata(
        .init(metadata: "m", name: "n", attributes: [.init(key: "k", value: "v")], requestID: 3)),
      bytes: "7a10 0a016d 12016e 1a060a016b120176 2003"),
    Row(
      request: .ping(timestampMilliseconds: 1_795_000_000_000, roundTripMilliseconds: 3),
      bytes: "820109 0880bcd9f29e34 1003"),
  ]

  @Test(arguments: rows) func theBytes(row: Row) {
    #expect(hexadecimal(row.request.encoded()) == row.bytes.filter { $0 != " " })
  }

  @Test func aLongDescriptionIsWhole() throws {
    let sdp = String(repeating: "a=candidate\r\n", count: 10_000)
    let fields = try #require(Fields(SignalRequest.offer(.init(sdp: sdp, id: 1)).encoded()))
    #expect(fields.message(1)?.text(2) == sdp)
  }
}
