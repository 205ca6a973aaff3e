import Base
import LiveKit
import Testing

@testable import Device

/// Who somebody is for the policies, by what the server stamps on a packet.
@Suite struct CallerTests {
  private func bench() throws -> Bench {
    let bench = try Bench.withDoor { settings in
      settings.door.rpcWhen = .always
      settings.rpc.allow = .init([.init(kind: "server"), .init(kind: "agent")])
      settings.door.rpcAllow = settings.rpc.allow
      settings.door.codeAllow = .init([.init(kind: "any")])
    }
    bench.enter(("bot", .agent), ("caf\u{E9}", .agent), ("ann", .standard))
    return bench
  }

  @Test func theSessionSaysTheKind() throws {
    let device = try #require(try bench().device)
    let rows: [(Sender, String, String)] = [
      (.server, "server", ""), (.hidden(sid: ""), "hidden", ""), (.hidden(sid: "PA_bot"), "hidden", ""),
      (.participant(sid: "PA_bot", identity: "bot"), "agent", "bot"),
      // A server that stamps no session.
      (.participant(sid: "", identity: "bot"), "agent", "bot"),
      // Not announced yet, and what only a sender of his own making could say.
      (.participant(sid: "PA_new", identity: "new"), "unknown", "new"),
      (.participant(sid: "PA_bot", identity: "ann"), "unknown", "ann"),
      (.participant(sid: "PA_ann", identity: "bot"), "unknown", "bot"),
      (.participant(sid: "PA_ann", identity: "ann"), "standard", "ann"),
      // Who looks like the agent.
      (.participant(sid: "PA_2", identity: "cafe\u{301}"), "unknown", "cafe\u{301}"),
      (.participant(sid: "", identity: "cafe\u{301}"), "unknown", "cafe\u{301}"),
    ]
    for (sender, kind, identity) in rows {
      let caller = device.audience.caller(sender)
      #expect(caller.kind == kind && caller.identity == Name(identity), "\(sender)")
    }
  }

  @Test func whoIsHiddenOpensNothing() throws {
    let bench = try bench()
    let device = try #require(bench.device)
    for sender in [Sender.hidden(sid: ""), .hidden(sid: "PA_bot")] {
      let caller = device.audience.caller(sender)
      let call = RemoteCall(id: 9, caller: caller, method: "lintel.door.open", payload: "")
      bench.act { $0.serve(call, now: $1) }
      for key in "4711#".utf8 { bench.act { $0.perform([.key(key, caller)], now: $1) } }
    }
    #expect(!bench.lock.contains(true))
    let call = RemoteCall(
      id: 9, caller: device.audience.caller(.server), method: "lintel.door.open", payload: "")
    bench.act { $0.serve(call, now: $1) }
    #expect(bench.lock.last == true)
  }
}
