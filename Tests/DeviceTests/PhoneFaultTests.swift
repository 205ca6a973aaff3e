import Base
import Configuration
import Control
import LiveKit
import Testing

@testable import Device

/// Faults between the parts that a real bridge showed: each is a story of the whole device.
@Suite struct PhoneFaultTests {
  private func bench(_ change: @escaping (inout Settings) -> Void = { _ in }) throws -> Bench {
    let bench = try Bench {
      $0.token.source = .apiKey
      $0.token.apiKey = "key"
      $0.token.apiSecretFile = "/run/secret"
      $0.phone.trunk = "ST_a"
      change(&$0)
    }
    bench.secrets["/run/secret"] = "secret"
    return bench
  }

  private func dial(_ bench: Bench, waits: Bool = false) {
    var request = DialRequest(target: "+15550100")
    request.waits = waits
    bench.ask(.dial(request))
  }

  private func orders(_ bench: Bench) -> [ServerRequest] {
    bench.serverRequests.filter { $0.url.hasSuffix("/CreateSIPParticipant") }
  }

  @Test func whoStandsByIsAwakeAfterACall() throws {
    let bench = try bench { $0.ring.standby = .room }
    bench.enter(heard: false)
    bench.act { $0.engage(now: $1) }
    bench.pass(seconds: 3)
    bench.act { $0.endCall(reason: nil, now: $1) }
    // `advance` complains of a deadline that stays due.
    bench.pass(seconds: 6)
    #expect(bench.status["call"]["state"].string == "idle")
  }

  @Test func aDialRightAfterAHangUpIsNotLost() throws {
    let bench = try bench()
    bench.enter(heard: false)
    dial(bench)
    #expect(orders(bench).count == 1)
    bench.ask(.hangup(who: nil))
    dial(bench)
    #expect(orders(bench).count == 1, "the room is being left")
    bench.closeRoom()
    bench.enter(heard: false)
    bench.act { $0.callIsUp(now: $1) }
    #expect(orders(bench).count == 2)
    // What is left of the first one ends now, and takes nothing with it.
    let first = try #require(orders(bench).first)
    bench.handle(
      .serverReplied(request: first.number, status: 408, body: Array(#"{"code":"canceled"}"#.utf8)))
    bench.pass(seconds: 6)
    #expect(bench.device?.switchboard.dialling.isRinging == true)
    #expect(bench.device?.stay.phase == .joined)
  }

  @Test func whoeverWaitsForADialHearsThatItIsTakenBack() throws {
    let bench = try bench()
    dial(bench, waits: true)
    #expect(bench.device?.switchboard.wantedDial != nil)
    bench.act { $0.endCall(reason: nil, now: $1) }
    #expect(bench.answers.count == 1)
    #expect(bench.device?.switchboard.wantedDial == nil)
  }

  @Test func whoGoesAwayTakesHisCallBack() throws {
    let bench = try bench()
    bench.enter(heard: false)
    dial(bench, waits: true)
    #expect(bench.device?.switchboard.dialling.isRinging == true)
    bench.handle(.clientLeft(8))
    #expect(bench.device?.switchboard.dialling.isRinging == true, "another client")
    bench.handle(.clientLeft(7))
    #expect(bench.device?.switchboard.dialling.isRinging == false)
    #expect(bench.serverRequests.contains { $0.url.hasSuffix("/RemoveParticipant") })
  }

  @Test func nobodyIsMissedWhileSomebodyIsRung() throws {
    let bench = try bench {
      $0.session.agentWaitSeconds = 5
      $0.session.agentRetries = 1
    }
    bench.enter(heard: false)
    bench.pass(seconds: 2)
    dial(bench)
    bench.pass(seconds: 8)
    #expect(bench.events(named: "agent.missing").isEmpty)
    bench.act { $0.hangUpLegs(now: $1) }
  }

  @Test func whoCallsInAnotherRoomIsDeclinedWhenTheBridgeListens() throws {
    let bench = try bench { $0.ring.standby = .webhook }
    let caller = Ring.Incoming(
      kind: "standard", identity: "caller", shown: "caller", way: .otherRoom(name: "hall"))
    bench.act { $0.offer(caller, now: $1) }
    bench.advance(milliseconds: 299)
    #expect(bench.serverRequests.isEmpty)
    bench.advance(milliseconds: 1)
    #expect(bench.serverRequests.map { $0.url.hasSuffix("/RemoveParticipant") } == [true])
    bench.act { $0.offer(caller, now: $1) }
    bench.handle(.terminate)
    #expect(bench.serverRequests.count == 2, "nobody rings on when the daemon ends")
  }

  @Test func whoIsRefusedIsRemovedOnlyWhereTheBridgeDoesNotDoIt() throws {
    let bench = try bench { $0.ring.standby = .room }
    bench.enter(heard: false)
    var caller = Bench.participant("sip_+15550123", .sip)
    caller.attributes = ["sip.callStatus": "ringing", "sip.phoneNumber": "+15550123"]
    bench.act { $0.phoneSeen(caller, now: $1) }
    #expect(bench.device?.switchboard.ring.isRinging == true)
    bench.ask(.refuse)
    let isAsked = bench.messaging.said.contains {
      if case .call(_, "lk.sip.EndCall", _, _, _) = $0 { true } else { false }
    }
    #expect(isAsked)
    #expect(!bench.serverRequests.contains { $0.url.hasSuffix("/RemoveParticipant") })
  }

  @Test func whoeverForgesWebhooksIsCountedAndLoggedOnce() throws {
    let bench = try bench { $0.ring.standby = .webhook }
    for number in 0..<40 {
      bench.handle(
        .webhook(
          WebhookRequest(number: number, method: "POST", path: "/livekit", authorization: "a.b.c", body: [])))
    }
    #expect(bench.webhookAnswers == Array(repeating: 401, count: 40))
    #expect(bench.log.filter { $0.text.contains("webhook") }.count == 1)
    #expect(bench.ask(.stats)?["lintel_webhook_refusals_total"].integer == 40)
  }

  @Test func whoIsRungAndWhoAnswersIsAFigure() throws {
    let bench = try bench()
    bench.enter(heard: false)
    dial(bench)
    let order = try #require(orders(bench).first)
    bench.handle(.serverReplied(request: order.number, status: 200, body: Array("{}".utf8)))
    let figures = bench.ask(.stats)
    #expect(figures?["lintel_phone_answered_total"].integer == 1)
    #expect(figures?["lintel_phone_failures_total"].integer == 0)
  }
}
