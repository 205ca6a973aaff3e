import Base
import Control
import JSON
import Testing

@testable import Device

/// A request to LiveKit Cloud that is not answered goes to another region: `RegionPlan` has the rows, and this is that
/// they are gone through.
@Suite struct RegionTests {
  private static let regions = #"{"regions":[{"region":"b","url":"wss://b.livekit.cloud","distance":"1"}]}"#

  private func bench(_ url: String = "wss://a.livekit.cloud") throws -> Bench {
    let bench = try Bench {
      $0.token.source = .apiKey
      $0.token.url = url
      $0.token.apiKey = "key"
      $0.token.apiSecretFile = "/secret"
    }
    bench.secrets["/secret"] = "secret"
    bench.ask(.serverAPI(ServerAPIRequest(service: "RoomService", method: "ListRooms", body: .object([]))))
    return bench
  }

  private func answer(_ bench: Bench, _ status: Int, _ body: String = "{}") {
    let number = bench.serverRequests.last?.number ?? 0
    bench.handle(.serverReplied(request: number, status: status, body: Array(body.utf8)))
  }

  private func addresses(_ bench: Bench) -> [String] { bench.serverRequests.map { $0.url } }

  private let path = "/twirp/livekit.RoomService/ListRooms"

  @Test func theNextRegionAnswers() throws {
    let bench = try bench()
    answer(bench, 503)
    answer(bench, 200, Self.regions)
    #expect(bench.answers.isEmpty)
    #expect(
      addresses(bench) == ["https://a.livekit.cloud" + path, "https://a.livekit.cloud/settings/regions"])
    #expect(bench.serverRequests[1].isGet && bench.serverRequests[1].bearer == bench.serverRequests[0].bearer)
    bench.advance(milliseconds: 200)
    #expect(bench.serverRequests.last?.url == "https://b.livekit.cloud" + path)
    #expect(bench.serverRequests.last?.headers == bench.serverRequests[0].headers)
    answer(bench, 200, #"{"rooms":[]}"#)
    #expect(bench.answers.count == 1)
  }

  @Test func whatHappenedFirstIsSaidIfThereIsNoOther() throws {
    let bench = try bench()
    let number = bench.serverRequests.last?.number ?? 0
    bench.handle(.serverFailed(request: number, .refused("nobody")))
    bench.handle(.serverFailed(request: number, .timeout))
    guard case .refused(let failure)? = bench.answers.last?.answer else {
      Issue.record("no refusal")
      return
    }
    #expect(failure.description.contains("nobody") && bench.serverRequests.count == 2)
  }

  @Test func anotherServerHasNoRegions() throws {
    let bench = try bench("wss://rooms.example.org")
    answer(bench, 503)
    #expect(bench.answers.count == 1 && bench.serverRequests.count == 1)
  }
}
