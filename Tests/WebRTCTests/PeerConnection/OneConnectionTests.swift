import Base
import Testing

@testable import WebRTC

/// A connection that offers also receives: what comes, and where, is for the answer to say.
@Suite struct OneConnectionTests {
  /// An answer of a server: sections `mids` carry a track each, with that SSRC; the other offered ones nothing.
  private func answer(_ call: SimulatedCall, _ tracks: [String: UInt32]) throws -> String {
    let offer = try SessionDescription.parse(call.offerer.connection.makeOffer(now: call.now))
    var answer = try SessionDescription.parse(
      try call.answerer.connection.acceptOffer(offer.serialized(), now: call.now))
    for (index, section) in offer.sections.enumerated() where section.direction == .recvonly {
      answer.sections[index].direction = .sendonly
      guard let ssrc = tracks[section.mid] else { continue }
      let msid = MediaStreamID(streamID: "PA_1|TR_\(ssrc)", trackID: "TR_\(ssrc)")
      answer.sections[index].msid = msid
      answer.sections[index].sources = [MediaSource(ssrc: ssrc, canonicalName: "c", msid: msid)]
    }
    return answer.serialized()
  }

  /// The other end sends as a server does, although it is one of ours that by itself only listens.
  private func startSending(_ call: SimulatedCall, _ ssrc: UInt32, mid: String) {
    call.answerer.connection.sendStreams.append(
      RTPSendStream(ssrc: ssrc, mid: "\(ssrc)", firstSequence: 1, timestampOffset: 0))
    call.answerer.connection.sendingSections.append(
      .init(
        mid: "\(ssrc)", payloadType: 111, audioLevelID: nil, midID: nil,
        parameters: .init(usesDTX: false, usesInBandFEC: true)))
  }

  private func speak(_ call: SimulatedCall, _ ssrc: UInt32, frames: Int = 1) {
    for number in 0..<frames {
      call.answerer.connection.send(
        .init(payload: [1, 2, 3], timestamp: UInt32(number * 960), marker: false, level: 0, voice: true),
        mid: "\(ssrc)", now: call.now)
      call.run(milliseconds: 20)
    }
  }

  @Test func bothWaysOnOneConnection() throws {
    let call = try SimulatedCall()
    let own = call.offerer.connection.addAudioSender(trackID: "microphone")
    call.offerer.connection.offerAudioReceivers(3)
    let text = try answer(call, ["2": 77])
    try call.offerer.connection.acceptAnswer(text, now: call.now)
    call.run(milliseconds: 1000)
    #expect(call.offerer.connection.state == .connected)
    #expect(call.offerer.connection.dtls?.role == .server)
    #expect(call.offerer.connection.ice.role == .controlling)
    #expect(
      call.offerer.connection.remoteSections.filter(\.isActive)
        == [.init(mid: "2", isActive: true, streamID: "PA_1|TR_77", trackID: "TR_77")])
    startSending(call, 77, mid: "2")
    // Neither in the answer, nor to be taken for a section that has no source.
    startSending(call, 99, mid: "3")
    speak(call, 77, frames: 5)
    speak(call, 99)
    #expect(call.offerer.audio.map(\.mid) == ["2", "2", "2", "2", "2"])
    #expect(call.offerer.connection.statistics.unknownStreamPackets == 1)
    call.talk(mid: own, frames: 5)
    #expect(call.answerer.audio.count == 5)
  }

  /// What was lost is asked for again, as on a connection that answers.
  @Test func lossIsRepaired() throws {
    let call = try SimulatedCall()
    call.offerer.connection.offerAudioReceivers(1)
    try call.offerer.connection.acceptAnswer(try answer(call, ["0": 5]), now: call.now)
    call.run(milliseconds: 1000)
    startSending(call, 5, mid: "0")
    var packets = 0
    call.drops = { bytes, fromOfferer in
      guard !fromOfferer, DatagramKind(bytes) == .media, !isControlPacket(bytes) else { return false }
      packets += 1
      return packets == 4
    }
    speak(call, 5, frames: 30)
    #expect(call.offerer.audio.count == 30)
    #expect(call.offerer.connection.statistics.nacksSent == 1)
  }

  /// The server sends as soon as it has answered, and UDP overtakes the answer.
  @Test func mediaThatOvertakesTheAnswerWaitsForIt() throws {
    let call = try SimulatedCall()
    call.offerer.connection.offerAudioReceivers(2)
    try call.offerer.connection.acceptAnswer(try answer(call, [:]), now: call.now)
    call.run(milliseconds: 1000)
    let next = try answer(call, ["1": 8])
    startSending(call, 8, mid: "1")
    speak(call, 8, frames: 3)
    #expect(call.offerer.audio.isEmpty)
    try call.offerer.connection.acceptAnswer(next, now: call.now)
    call.drain()
    #expect(call.offerer.audio.map(\.mid) == ["1", "1", "1"])
    // Without an offer under way nobody is waited for.
    startSending(call, 9, mid: "0")
    speak(call, 9)
    #expect(call.offerer.connection.statistics.unknownStreamPackets == 1)
    #expect(call.offerer.connection.earlyDatagrams.isEmpty)
  }

  /// A later answer gives the section to another track, or to none.
  @Test func theLastAnswerCounts() throws {
    let call = try SimulatedCall()
    call.offerer.connection.offerAudioReceivers(1)
    try call.offerer.connection.acceptAnswer(try answer(call, ["0": 5]), now: call.now)
    call.run(milliseconds: 1000)
    startSending(call, 5, mid: "0")
    startSending(call, 6, mid: "0")
    speak(call, 5)
    try call.offerer.connection.acceptAnswer(try answer(call, ["0": 6]), now: call.now)
    speak(call, 5)
    speak(call, 6)
    #expect(call.offerer.audio.map(\.ssrc) == [5, 6])
    let ended = try answer(call, [:]).replacing("a=sendonly", with: "a=inactive")
    try call.offerer.connection.acceptAnswer(ended, now: call.now)
    speak(call, 6)
    #expect(call.offerer.audio.count == 2)
    #expect(call.offerer.connection.remoteSections.allSatisfy { !$0.isActive })
  }

  /// A section of ours that ended waits for our next track; a remote one would make that inaudible for ever.
  @Test func ownSectionsAndThoseForOthersAreNotMixed() throws {
    let call = try SimulatedCall()
    let first = call.offerer.connection.addAudioSender(trackID: "first")
    call.offerer.connection.offerAudioReceivers(2)
    call.offerer.connection.removeAudioSender(mid: first)
    call.offerer.connection.offerAudioReceivers(3)
    call.offerer.connection.offerAudioReceivers(2)
    let offer = try SessionDescription.parse(call.offerer.connection.makeOffer(now: call.now))
    #expect(offer.sections.map(\.direction) == [.inactive, .recvonly, .recvonly, .recvonly])
    #expect(call.offerer.connection.addAudioSender(trackID: "second") == first)
    #expect(call.offerer.connection.addAudioSender(trackID: "third") == "4")
  }
}
