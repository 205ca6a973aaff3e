import Control
import LiveKit
import Testing

@testable import Device

@Suite struct MessagingTests {
  private func bench() throws -> Bench {
    let bench = try Bench()
    bench.enter(("bot", .agent), ("phone", .sip))
    return bench
  }

  @Test(arguments: [
    Request.dtmf(digits: "1", to: nil), .send(text: "x", topic: nil, to: nil), .attributes([]),
    .rpc(identity: "bot", method: "m", payload: "", timeoutSeconds: 1),
    .sendFileBegin(name: "a", bytes: nil, isText: false, topic: nil, to: nil),
    .sendFileData(file: 1, data: []),
    .sendFileEnd(file: 1),
  ]) func nothingIsSentWithoutARoom(request: Request) throws {
    let bench = try Bench()
    #expect(bench.ask(request)?["refused"].string == "the device is in no room")
    #expect(bench.messaging.said.isEmpty)
  }

  @Test func keysAndTexts() throws {
    let bench = try bench()
    #expect(bench.ask(.dtmf(digits: "12#", to: "phone"))?["sent"].integer == 3)
    #expect(bench.ask(.send(text: "hi", topic: nil, to: nil))?["id"].string == "stream-1")
    _ = bench.ask(.send(text: "hi", topic: "t", to: "bot"))
    #expect(
      bench.messaging.said == [
        .keys("12#", to: ["phone"]), .text("hi", topic: "lk.chat", to: []),
        .text("hi", topic: "t", to: ["bot"]),
      ])
    bench.messaging.failure = .full
    #expect(bench.ask(.send(text: "hi", topic: nil, to: nil))?["refused"].string?.contains("keep up") == true)
    bench.messaging.failure = .failed(code: "too-large", "the text is too long")
    #expect(bench.ask(.dtmf(digits: "1", to: nil))?["refused"].string == "the text is too long")
  }

  @Test func aCallIsAnsweredWhenItsAnswerComes() throws {
    let bench = try bench()
    let before = bench.answers.count
    #expect(bench.ask(.rpc(identity: "bot", method: "greet", payload: "{}", timeoutSeconds: 500)) == nil)
    #expect(
      bench.messaging.said.last
        == .call(1, method: "greet", of: "bot", payload: "{}", timeoutMilliseconds: 500_000))
    bench.act { $0.handle(.rpcCompleted(1, .success("hello")), now: $1) }
    #expect(bench.answers.count == before + 1)
    guard case .result(let result)? = bench.answers.last?.answer else {
      Issue.record("no result")
      return
    }
    #expect(result["payload"].string == "hello")
    // Once only.
    bench.act { $0.handle(.rpcCompleted(1, .success("hello")), now: $1) }
    #expect(bench.answers.count == before + 1)
  }

  @Test func callsAreBounded() throws {
    let bench = try bench()
    for _ in 0..<100 {
      bench.ask(.rpc(identity: "bot", method: "m", payload: "", timeoutSeconds: 1))
    }
    #expect(bench.messaging.said.count == DeviceLimits.pendingCallsMax)
    #expect(bench.answers.count == 100 - DeviceLimits.pendingCallsMax)
  }

  @Test func attributesAreMerged() throws {
    let bench = try bench()
    #expect(bench.ask(.attributes([TextPair("floor", "3"), TextPair("gone", "")])) == nil)
    bench.act { $0.handle(.stateRequestAnswered(id: 1, refusal: nil), now: $1) }
    guard case .result(let result)? = bench.answers.last?.answer else {
      Issue.record("no result")
      return
    }
    #expect(result["attributes"] == .object([.init("floor", .string("3"))]))
    #expect(bench.messaging.said == [.attributes(["floor": "3", "gone": ""])])
    #expect(bench.ask(.attributes([]))?["attributes"] == .object([]))
    #expect(bench.messaging.said.count == 1)
    bench.ask(.attributes([TextPair("floor", "4")]))
    bench.act { $0.handle(.stateRequestAnswered(id: 2, refusal: "does not have permission"), now: $1) }
    guard case .refused(let failure)? = bench.answers.last?.answer else {
      Issue.record("not refused")
      return
    }
    #expect(failure.description.contains("does not have permission"))
  }

  @Test func aFileWaitsForTheRoom() throws {
    let bench = try bench()
    #expect(
      bench.ask(.sendFileBegin(name: "a.jpg", bytes: 5, isText: false, topic: "t", to: nil))?["file"].integer
        == 1)
    #expect(bench.ask(.sendFileData(file: 1, data: [1, 2, 3]))?["bytes"].integer == 3)
    bench.messaging.failure = .full
    #expect(bench.ask(.sendFileData(file: 1, data: [4, 5])) == nil)
    #expect(
      bench.ask(.sendFileData(file: 1, data: [6]))?["refused"].string?.contains("still on its way") == true)
    bench.messaging.failure = nil
    let before = bench.answers.count
    bench.act { $0.handle(.streamWritable(OutgoingStream.ID(1)), now: $1) }
    #expect(bench.answers.count == before + 1)
    #expect(bench.ask(.sendFileEnd(file: 1)) == nil)
    #expect(bench.ask(.sendFileData(file: 1, data: [7]))?["refused"].string?.contains("no such file") == true)
    bench.act { $0.handle(.outgoingStreamEnded(OutgoingStream.ID(1), failure: nil), now: $1) }
    guard case .result(let result)? = bench.answers.last?.answer else {
      Issue.record("no result")
      return
    }
    #expect(result["bytes"].integer == 5)
    #expect(
      bench.messaging.said == [
        .openFile(1, name: "a.jpg", bytes: 5, isText: false, topic: "t", to: []), .write(1, [1, 2, 3]),
        .write(1, [4, 5]),
        .closeFile(1, failure: nil),
      ])
    #expect(bench.ask(.sendFileEnd(file: 1))?["refused"].string?.contains("no such file") == true)
  }

  @Test func aClientThatGoesLeavesNoFileOpen() throws {
    let bench = try bench()
    for _ in 0..<DeviceLimits.filesMax {
      bench.ask(.sendFileBegin(name: "a", bytes: nil, isText: false, topic: nil, to: nil))
    }
    #expect(
      bench.ask(.sendFileBegin(name: "a", bytes: nil, isText: false, topic: nil, to: nil))?["refused"].string?
        .contains(
          "too much")
        == true)
    bench.handle(.clientLeft(8))
    #expect(bench.messaging.said.count == DeviceLimits.filesMax)
    bench.handle(.clientLeft(7))
    #expect(bench.messaging.said.last == .closeFile(DeviceLimits.filesMax, failure: "the sender has gone"))
    #expect(
      bench.ask(.sendFileBegin(name: "a", bytes: nil, isText: false, topic: nil, to: nil))?["file"].integer
        == 5)
  }
}
