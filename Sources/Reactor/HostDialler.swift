import Base

/// A TCP connection to a named host: the look-up, then its addresses against each other.
///
/// When the name server is silent for a second, or does not know the name, the address that was good last is dialled;
/// what the name server says later joins the race. It has no deadline of its own. One of its handlers follows `dial`.
final class HostDialler {
  /// The socket is the caller's from here on.
  var onConnected: ((StreamSocket) -> Void)?
  var onFailed: ((ReactorFailure) -> Void)?
  private let loop: EventLoop
  private let resolver: Resolver
  private let timer: Timer
  private var host = ""
  private var port: UInt16 = 0
  private var onlyPrivate = false
  private var query: ResolverQuery?
  private var race = AddressRace()
  private var sockets: [StreamSocket] = []
  private var isOver = false
  private var failure: ReactorFailure?
  /// Tests have a name server of their own.
  var nameServerMilliseconds = ReactorLimits.nameServerMilliseconds

  init(_ loop: EventLoop, resolver: Resolver) {
    self.loop = loop
    self.resolver = resolver
    timer = Timer(loop)
  }

  deinit { close() }

  /// What is being waited for.
  var step: String {
    var words = ""
    var told: [SocketAddress] = []
    for socket in sockets {
      guard let address = socket.remoteAddress, !told.contains(address) else { continue }
      told.append(address)
      words += (words.utf8.isEmpty ? "a TCP connection to " : " or ") + address.description
    }
    return words.utf8.isEmpty ? "the address of \(host)" : words
  }

  /// That was dialled last.
  var lastAddress: SocketAddress? { sockets.last?.remoteAddress }

  /// - Parameter onlyPrivate: what will be sent may not leave the local network.
  func dial(_ host: String, port: UInt16, onlyPrivate: Bool) {
    prepare(host, port)
    self.onlyPrivate = onlyPrivate
    if resolver.remembered(host) != nil { timer.schedule(afterMilliseconds: nameServerMilliseconds) }
    query = resolver.resolve(host) { [back = Unowned(self)] in back.owner.resolved($0) }
  }

  /// With the look-up done.
  func dial(_ addresses: [IPAddress], of host: String, port: UInt16) {
    prepare(host, port)
    race.add(addresses, now: loop.now)
    proceed()
  }

  func close() {
    isOver = true
    onConnected = nil
    onFailed = nil
    query?.cancel()
    timer.cancel()
    for socket in sockets { socket.close() }
    sockets = []
  }

  private func prepare(_ host: String, _ port: UInt16) {
    self.host = host
    self.port = port
    timer.onFire = { [back = Unowned(self)] in
      // Nothing is known of the name yet: what was good last has to do.
      if back.owner.sockets.isEmpty { back.owner.addRemembered() }
      back.owner.proceed()
    }
  }

  private func resolved(_ answer: Resolver.Answer) {
    query = nil
    do throws(ReactorFailure) {
      race.add(
        try resolver.rules.usable(try answer.get(), of: host, onlyPrivate: onlyPrivate), now: loop.now)
    } catch {
      failure = error
      addRemembered()
    }
    proceed()
  }

  private func addRemembered() {
    guard let address = resolver.remembered(host),
      let usable = try? resolver.rules.usable([address], of: host, onlyPrivate: onlyPrivate)
    else { return }
    race.add(usable, now: loop.now)
  }

  /// Dials what is due.
  private func proceed() {
    while !isOver, let ip = race.next(now: loop.now) { start(SocketAddress(ip: ip, port: port)) }
    guard !isOver else { return }
    if let due = race.due {
      timer.schedule(at: due)
    } else if race.isLost, query == nil {
      fail()
    }
  }

  private func start(_ address: SocketAddress) {
    do throws(ReactorFailure) {
      let socket = try StreamSocket(loop)
      let back = Unowned(self)
      let key = ObjectIdentifier(socket)
      socket.onConnected = { back.owner.connected(key) }
      socket.onEnd = { back.owner.ended(key, address.ip, $0) }
      sockets.append(socket)
      socket.connect(to: address)
    } catch {
      failure = error
      race.failed(address.ip, now: loop.now)
    }
  }

  private func connected(_ key: ObjectIdentifier) {
    guard let index = sockets.firstIndex(where: { ObjectIdentifier($0) == key }) else { return }
    let winner = sockets.remove(at: index)
    let tell = onConnected
    close()
    tell?(winner)
  }

  private func ended(_ key: ObjectIdentifier, _ address: IPAddress, _ reason: StreamEnd) {
    sockets.removeAll { ObjectIdentifier($0) == key }
    if case .failed(let failure) = reason { note(failure) }
    race.failed(address, now: loop.now)
    proceed()
  }

  /// That nothing could be sent to an address says the least.
  private func note(_ new: ReactorFailure) {
    switch failure {
    case nil, .unreachable?, .system?: failure = new
    default: break
    }
  }

  private func fail() {
    let tell = onFailed
    let reason = failure ?? .nameNotFound(host: host, reason: "it has no address")
    close()
    tell?(reason)
  }
}
