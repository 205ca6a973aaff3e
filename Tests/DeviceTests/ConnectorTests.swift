import Base
import Configuration
import Control
import LiveKit
import Testing

@testable import Device

@Suite struct ConnectorTests {
  private func standingBy() throws -> Bench {
    let bench = try Bench {
      $0.ring.standby = .room
      $0.ring.timeoutSeconds = 5
    }
    bench.enter(heard: false)
    return bench
  }

  private func rung(_ bench: Bench) {
    bench.act { device, now in
      device.offer(
        Ring.Incoming(
          kind: "connector", identity: "c", shown: "+1", way: .whatsapp(call: "wacid.1", offer: "v=0")),
        now: now)
    }
  }

  /// The bench says so if something stays due.
  @Test func afterACallADeviceStandsByAsBefore() throws {
    let bench = try standingBy()
    bench.ask(.call)
    bench.pass(seconds: 3)
    bench.ask(.hangup(who: nil))
    bench.pass(seconds: 5)
    rung(bench)
    bench.pass(seconds: 6)
    #expect(bench.events(named: "ring.ended").count == 1)
  }

  @Test func whoCannotBeAcceptedIsNoCall() throws {
    let bench = try standingBy()
    rung(bench)
    bench.ask(.answer)
    #expect(bench.device?.switchboard.taken == nil && bench.device?.standsBy == true)
    #expect(bench.log.contains { $0.text.contains("whatsapp-number-id is not set") })
    rung(bench)
    #expect(bench.events(named: "ring.started").count == 2)
  }
}
