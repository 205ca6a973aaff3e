import Base
import Foundation
import Testing

@testable import WebRTC

extension DataChannelSuites {
  @Suite final class Memory {
    deinit { VirtualWallClock.leave() }

    /// Resident, in kB.
    private func resident() throws -> Int {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
      return try #require(Int(line.split(separator: " ").dropLast().last ?? ""))
    }

    /// Other tests of the process may grow it meanwhile, so the quietest of several stretches counts.
    @Test func tenThousandMessagesLeaveNothing() throws {
      VirtualWallClock.enter()
      let call = try SimulatedCall(conditions: .init(lossPercent: 1, delayMilliseconds: 1))
      let reliable = call.offerer.connection.openDataChannel(
        label: "_reliable", ordered: true, maxRetransmits: nil)
      let lossy = call.offerer.connection.openDataChannel(label: "_lossy", ordered: false, maxRetransmits: 0)
      try call.negotiate()
      call.run(milliseconds: 3000)
      var growth = Int.max
      var sent = 0
      for stretch in 0..<5 {
        let before = try resident()
        for _ in 0..<1000 {
          try call.offerer.connection.send(
            [UInt8](repeating: 1, count: 3000), channel: reliable, now: call.now)
          try call.offerer.connection.send([UInt8](repeating: 2, count: 300), channel: lossy, now: call.now)
          sent += 2
          call.run(milliseconds: 20)
          call.offerer.transmitted = []
          call.answerer.transmitted = []
        }
        call.run(milliseconds: 3000)
        #expect(call.answerer.messages.count { $0.bytes.count == 3000 } == 1000)
        call.answerer.messages = []
        if stretch > 0 { growth = min(growth, try resident() - before) }
      }
      #expect(sent == 10_000)
      #expect(growth <= 128, "2000 messages of 3.3 MB cost \(growth) kB")
      #expect(call.offerer.connection.bufferedBytes(channel: reliable) == 0)
      #expect(call.offerer.connection.data.unsettled.isEmpty)
    }
  }
}
