import Base
import CLinux
import CUv

/// Host names to addresses, on libuv's threads, so that a slow name server never holds up the loop.
///
/// What is to be dialled is asked at once. Names that media would like to know are asked one at a time beside it, so that
/// a name server which is silent about them holds up nothing but each other.
public final class Resolver {
  public typealias Answer = Result<[IPAddress], ReactorFailure>
  public enum Purpose { case dialling, media }

  /// How what it finds may be used.
  public let rules: NetworkRules
  private let loop: EventLoop
  private(set) var pending = 0
  private var waiting: [(query: ResolverQuery, host: String)] = []
  private var isAskingForMedia = false
  private var memory = NameMemory()

  public init(_ loop: EventLoop, rules: NetworkRules = NetworkRules()) {
    self.loop = loop
    self.rules = rules
  }

  /// The addresses of `host` in the system's order of preference (RFC 6724), 1 to `resolverAddressesMax`.
  /// Address literals, with or without brackets, are answered without a look-up. `onAnswer` is called once, in a
  /// later turn, unless the query is cancelled.
  public func resolve(
    _ host: String, for purpose: Purpose = .dialling, onAnswer: @escaping (Answer) -> Void
  ) -> ResolverQuery {
    let query = ResolverQuery(onAnswer)
    if let address = IPAddress(unbracketed(host)) {
      loop.later { query.finish(.success([address])) }
      return query
    }
    waiting.removeAll { $0.query.isOver }
    let isFull = (purpose == .media ? waiting.count : pending) >= ReactorLimits.resolverQueriesMax
    if isFull {
      loop.later { query.finish(.failure(.tooManyQueries)) }
    } else if purpose == .media {
      waiting.append((query, host))
      askForMedia()
    } else {
      pending += 1
      start(query, host, purpose)
    }
    return query
  }

  /// It was reached there.
  func remember(_ host: String, _ address: IPAddress) {
    if IPAddress(host) == nil { memory.remember(host, address, now: loop.now) }
  }

  /// Where it was reached last, within a day.
  func remembered(_ host: String) -> IPAddress? { memory.address(of: host, now: loop.now) }

  private func askForMedia() {
    while !isAskingForMedia, !waiting.isEmpty {
      let (query, host) = waiting.removeFirst()
      if query.isOver { continue }
      isAskingForMedia = true
      start(query, host, .media)
    }
  }

  private func start(_ query: ResolverQuery, _ host: String, _ purpose: Purpose) {
    let code = Lookup(resolver: self, query: query, host: host, purpose: purpose).start(loop)
    guard code != 0 else { return }
    loop.later {
      query.finish(.failure(.nameNotFound(host: host, reason: systemWords(code))))
      self.ended(purpose)
    }
  }

  fileprivate func ended(_ purpose: Purpose) {
    if purpose == .dialling {
      pending -= 1
    } else {
      isAskingForMedia = false
      askForMedia()
    }
  }
}

/// One question to the resolver.
public final class ResolverQuery {
  private var onAnswer: ((Resolver.Answer) -> Void)?
  fileprivate var request: UnsafeMutablePointer<uv_getaddrinfo_t>?

  fileprivate init(_ onAnswer: @escaping (Resolver.Answer) -> Void) { self.onAnswer = onAnswer }

  fileprivate var isOver: Bool { onAnswer == nil }

  /// The answer will not be delivered. A look-up that waits for its turn is not made; one that the system works on
  /// cannot be stopped.
  public func cancel() {
    onAnswer = nil
    guard let request else { return }
    uv_cancel(UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_req_t.self))
  }

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
  private let purpose: Resolver.Purpose

  init(resolver: Resolver, query: ResolverQuery, host: String, purpose: Resolver.Purpose) {
    self.resolver = resolver
    self.query = query
    self.host = host
    self.purpose = purpose
  }

  func start(_ loop: EventLoop) -> Int32 {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    query.request = request
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let code = uv_getaddrinfo(
      loop.handle, request,
      { request, status, list in
        guard let request, let data = request.pointee.data else { return }
        let lookup = Unmanaged<Lookup>.fromOpaque(data).takeRetainedValue()
        lookup.query.request = nil
        request.deallocate()
        lookup.ended(status, list)
        uv_freeaddrinfo(list)
      }, host, nil, &hints)
    if code != 0 {
      query.request = nil
      request.deallocate()
      Unmanaged.passUnretained(self).release()
    }
    return code
  }

  private func ended(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
    resolver.ended(purpose)
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
