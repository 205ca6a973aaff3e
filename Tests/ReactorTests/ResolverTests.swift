import Base
import Testing

@testable import Reactor

@Suite(.serialized) struct ResolverTests {
  private func ask(_ host: String) throws -> Resolver.Answer {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let answers = Seen<Resolver.Answer>()
    let query = resolver.resolve(host) { answers.values.append($0) }
    #expect(answers.values.isEmpty)
    run(loop, atMost: 20_000) { !answers.values.isEmpty }
    #expect(resolver.pending == 0)
    withExtendedLifetime(query) {}
    return answers.values[0]
  }

  @Test func localhostIsLoopback() throws {
    let addresses = try ask("localhost").get()
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isLoopback })
  }

  @Test(arguments: ["192.0.2.7", "[2001:db8::1]", "2001:db8::1"]) func literalsNeedNoLookUp(text: String)
    throws
  {
    #expect(try ask(text).get() == [try #require(IPAddress(unbracketed(text)))])
  }

  @Test func anUnknownNameIsToldWithTheName() throws {
    guard case .failure(let failure) = try ask("no-such-host.invalid") else {
      Issue.record("a name under .invalid was found")
      return
    }
    #expect(failure.description.hasPrefix("the name no-such-host.invalid was not found: "))
  }

  @Test func aCancelledQueryIsNotAnswered() throws {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let answers = Seen<Resolver.Answer>()
    resolver.resolve("localhost") { answers.values.append($0) }.cancel()
    run(loop) { resolver.pending == 0 }
    #expect(answers.values.isEmpty)
  }

  @Test func thereIsABoundOnQueries() throws {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let answers = Seen<Resolver.Answer>()
    for _ in 0...ReactorLimits.resolverQueriesMax {
      _ = resolver.resolve("localhost") { answers.values.append($0) }
    }
    run(loop) { answers.values.count == ReactorLimits.resolverQueriesMax + 1 }
    let refused = answers.values.filter { if case .failure(.tooManyQueries) = $0 { true } else { false } }
    #expect(refused.count == 1)
  }

  @Test func mediaAsksOneAtATimeBesideWhatIsDialled() throws {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let answers = Seen<String>()
    var queries: [ResolverQuery] = []
    for index in 0..<4 {
      queries.append(
        resolver.resolve("localhost", for: .media) { _ in answers.values.append("media \(index)") })
    }
    // Those that wait for their turn are not asked any more.
    for query in queries[1...2] { query.cancel() }
    _ = resolver.resolve("localhost") { _ in answers.values.append("dialled") }
    #expect(resolver.pending == 1)
    run(loop) { answers.values.count == 3 }
    run(loop, forMilliseconds: 20)
    #expect(answers.values.sorted() == ["dialled", "media 0", "media 3"])
    #expect(answers.values.firstIndex(of: "media 0")! < answers.values.firstIndex(of: "media 3")!)
    #expect(resolver.pending == 0)
  }

  @Test func namesOfMediaHaveABoundOfTheirOwn() throws {
    let loop = try EventLoop()
    let resolver = Resolver(loop)
    let answers = Seen<Resolver.Answer>()
    // One is being asked, and as many as the bound wait behind it.
    let count = ReactorLimits.resolverQueriesMax + 2
    for _ in 0..<count { _ = resolver.resolve("localhost", for: .media) { answers.values.append($0) } }
    run(loop) { answers.values.count == count }
    let refused = answers.values.filter { if case .failure(.tooManyQueries) = $0 { true } else { false } }
    #expect(refused.count == 1)
  }
}
