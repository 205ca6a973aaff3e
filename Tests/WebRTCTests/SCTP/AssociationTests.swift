import Base
import Testing

@testable import WebRTC

extension DataChannelSuites {
  /// Between two of our own: what strangers cannot be made to do, in virtual time.
  @Suite struct Association {
    /// Both sides start at the same moment, so that both INITs are under way (RFC 9260 §5.2.1).
    @Test(arguments: [true, false])
    func channelsOpenFromBothSides(answersActive: Bool) throws {
      let call = try SimulatedCall(answersActive: answersActive)
      let ours = call.offerer.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      let theirs = call.answerer.connection.openDataChannel(
        label: "_lossy", ordered: false, maxRetransmits: 0)
      try call.negotiate()
      call.run(milliseconds: 2000)
      #expect(call.offerer.channels.map(\.label).sorted() == ["_lossy", "_reliable"])
      #expect(call.answerer.channels.map(\.label).sorted() == ["_lossy", "_reliable"])
      try call.offerer.connection.send([1, 2, 3], channel: ours, now: call.now)
      try call.answerer.connection.send([], channel: theirs, now: call.now)
      call.run(milliseconds: 500)
      #expect(call.answerer.messages.map(\.bytes) == [[1, 2, 3]])
      #expect(call.offerer.messages.map(\.bytes) == [[]])
      #expect(call.offerer.connection.bufferedBytes(channel: ours) == 0)
      #expect(call.answerer.connection.bufferedBytes(channel: theirs) == 0)
    }
  }
}
