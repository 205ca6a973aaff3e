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

  @Test func interfacesAreOrderedAndFiltered() throws {
    let all = try [
      "127.0.0.1", "::1", "fe80::1", "169.254.3.4", "fd00::1", "2001:db8::1", "10.0.0.2", "10.0.0.2",
    ]
    .map { try #require(IPAddress($0)) }
    let best = try ["10.0.0.2", "2001:db8::1", "fd00::1", "169.254.3.4"].map { try #require(IPAddress($0)) }
    #expect(NetworkInterfaces.preferred(among: all, includeLoopback: false) == best)
    #expect(NetworkInterfaces.preferred(among: all, includeLoopback: true) == best + all[0...1])
    #expect(
      NetworkInterfaces.preferred(among: Array(all[0...2]), includeLoopback: false) == Array(all[0...1]))
    #expect(try NetworkInterfaces.usableAddresses(includeLoopback: true).contains { $0.isLoopback })
    #expect(try !NetworkInterfaces.usableAddresses(includeLoopback: false).isEmpty)
  }
}
