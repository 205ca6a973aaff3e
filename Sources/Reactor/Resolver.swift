import Base
import CUv

/// Host names to addresses, on libuv's one thread, so that a slow name server never holds up the loop.
public final class Resolver {
  public typealias Answer = Result<[IPAddress], ReactorFailure>
  private let loop: EventLoop
  private(set) var pending = 0

  public init(_ loop: EventLoop) { self.loop = loop }

  /// The addresses of `host` in the system's order of preference (RFC 6724), 1 to `resolverAddressesMax`.
  /// Address literals, with or without brackets, are answered without a look-up. `onAnswer` is called once, in a
  /// later turn, unless the query is cancelled.
  public func resolve(_ host: String, onAnswer: @escaping (Answer) -> Void) -> ResolverQuery {
    let query = ResolverQuery(onAnswer)
    if let address = IPAddress(unbracketed(host)) {
      loop.later { query.finish(.success([address])) }
      return query
    }
    guard pending < ReactorLimits.resolverQueriesMax else {
      loop.later { query.finish(.failure(.tooManyQueries)) }
      return query
    }
    let lookup = Lookup(resolver: self, query: query, host: host)
    let code = lookup.start(loop)
    if code == 0 {
      pending += 1
    } else {
      loop.later { query.finish(.failure(.nameNotFound(host: host, reason: systemWords(code)))) }
    }
    return query
  }

  fileprivate func lookupEnded() { pending -= 1 }
}

/// One question to the resolver.
public final class ResolverQuery {
  private var onAnswer: ((Resolver.Answer) -> Void)?

  fileprivate init(_ onAnswer: @escaping (Resolver.Answer) -> Void) { self.onAnswer = onAnswer }

  /// The answer will not be delivered. The look-up itself cannot be stopped once the system works on it.
  public func cancel() { onAnswer = nil }

  fileprivate func finish(_ answer: Resolver.Answer) {
    let tell = onAnswer
    onAnswer = nil
    tell?(answer)
  }
}

/// A getaddrinfo request while libuv holds it.
private final class Lookup {
  private let resolver: Resolver
  private let query: ResolverQuery
  private let host: String

  init(resolver: Resolver, query: ResolverQuery, host: String) {
    self.resolver = resolver
    self.query = query
    self.host = host
  }

  func start(_ loop: EventLoop) -> Int32 {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let code = uv_getaddrinfo(
      loop.handle, request,
      { request, status, list in
        guard let request, let data = request.pointee.data else { return }
        request.deallocate()
        Unmanaged<Lookup>.fromOpaque(data).takeRetainedValue().ended(status, list)
        uv_freeaddrinfo(list)
      }, host, nil, &hints)
    if code != 0 {
      request.deallocate()
      Unmanaged.passUnretained(self).release()
    }
    return code
  }

  private func ended(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
    resolver.lookupEnded()
    var addresses: [IPAddress] = []
    var entry = status == 0 ? list : nil
    while let current = entry, addresses.count < ReactorLimits.resolverAddressesMax {
      if let address = SocketAddress(system: current.pointee.ai_addr)?.ip, !addresses.contains(address) {
        addresses.append(address)
      }
      entry = current.pointee.ai_next
    }
    guard addresses.isEmpty else { return query.finish(.success(addresses)) }
    let reason = status == 0 ? "it has no address" : systemWords(status)
    query.finish(.failure(.nameNotFound(host: host, reason: reason)))
  }
}

/// `[::1]` as URLs write it, without the brackets.
func unbracketed(_ host: String) -> String {
  let text = Array(host.utf8)
  guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return host }
  return String(decoding: text[1..<text.count - 1], as: UTF8.self)
}
