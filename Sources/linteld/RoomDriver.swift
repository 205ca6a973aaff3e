import Base
import Configuration
import Control
import Device
import LiveKit
import Reactor

/// Does on the network what the room asks for, and hands every result back.
final class RoomDriver {
  var onInput: ((Room.Input) -> Void)?
  /// What the token endpoint said, or why it said nothing.
  var onEndpoint: ((Device.Input) -> Void)?
  /// An address, a route or a link is another than before, or the machine slept.
  var onNetworkChanged: (() -> Void)?
  /// Whether UDP can be sent, as far as this machine is concerned.
  var onPart: ((BoardPart) -> Void)?

  private let loop: EventLoop
  private let settings: Settings
  private let resolver: Resolver
  private let tls: TLSContext
  private let http: HTTPClient
  private let sockets: PeerSockets
  private let streams: PeerStreams
  private var webSocket: (connection: Int, client: WebSocketClient)?
  private var queries: [String: ResolverQuery] = [:]
  private var addresses: AddressWatcher?

  /// Whether this system knows certificate authorities at all.
  var hasAuthorities: Bool { tls.hasSystemAuthorities || settings.server.caFile != nil }

  init(_ loop: EventLoop, _ settings: Settings) throws(ReactorFailure) {
    self.loop = loop
    self.settings = settings
    resolver = Resolver(loop, rules: NetworkRules(settings.network))
    tls = try TLSContext(caFile: settings.server.caFile)
    http = HTTPClient(loop, resolver: resolver, tls: tls)
    sockets = PeerSockets(loop, includeLoopback: settings.network.includeLoopback)
    streams = PeerStreams(loop, resolver: resolver, tls: tls)
  }

  /// Tells the room of addresses that come and go.
  func start() {
    sockets.onDatagram = { self.onInput?(.datagram($0, from: $1, to: $2, peer: $3)) }
    sockets.onChange = { isThere, address, peer in
      self.onInput?(isThere ? .localAddress(address, peer: peer) : .localAddressGone(address, peer: peer))
    }
    sockets.onSending = { self.onPart?(BoardPart(name: "udp-sending", place: "sending UDP", problem: $0)) }
    do throws(ReactorFailure) {
      addresses = try AddressWatcher(loop) { change in
        if case .slept(let seconds) = change {
          Journal.write(.notice, "this machine slept for \(seconds) s; the network is looked for anew")
        }
        self.sockets.reconcile(afterSleep: change != .network)
        self.onNetworkChanged?()
      }
    } catch {
      Journal.write(.warning, "changes of the network are not noticed: \(error.description)")
    }
  }

  func perform(_ output: Room.Output) {
    switch output {
    case .openWebSocket(let connection, let url, let token): open(connection, url, token)
    case .sendWebSocket(let connection, let bytes):
      // A message that cannot be sent ends in onFailed.
      if webSocket?.connection == connection { webSocket?.client.send(bytes) }
    case .closeWebSocket(let connection):
      if webSocket?.connection == connection { webSocket?.client.close() }
    case .httpGet(let request, let url, let token): get(request, url, token)
    case .openSockets(let peer):
      for address in sockets.open(peer) { later(.localAddress(address, peer: peer)) }
      later(.socketsOpened(peer))
    case .closeSockets(let peer):
      sockets.close(peer)
      streams.close(all: peer)
    case .openStream(let id, let host, let port, let secure, let peer):
      streams.onInput = { self.onInput?($0) }
      streams.open(PeerStreams.Key(id: id, peer: peer), host: host, port: port, secure: secure)
    case .sendStream(let id, let bytes, let isMedia, let peer):
      streams.send(bytes, isMedia: isMedia, on: PeerStreams.Key(id: id, peer: peer))
    case .closeStream(let id, let peer): streams.close(PeerStreams.Key(id: id, peer: peer))
    case .resolveHost(let name): resolve(name)
    case .cancelHosts:
      for query in queries.values { query.cancel() }
      queries = [:]
    case .transmit(let bytes, let source, let destination, let peer):
      sockets.send(bytes, from: source, to: destination, peer)
    case .deriveKey(let key, let generation):
      var next: EncryptionKey?
      loop.apart {
        next = key.ratcheted()
      } then: {
        self.onInput?(.keyDerived(next, generation: generation))
      }
    case .event, .wait: break
    }
  }

  private func open(_ connection: Int, _ url: String, _ token: String) {
    webSocket?.client.cancel()
    let client = WebSocketClient(loop, resolver: resolver, tls: tls)
    webSocket = (connection, client)
    var isOpen = false
    client.onOpened = {
      isOpen = true
      self.onInput?(.webSocketOpened(connection: connection))
    }
    client.onMessage = { bytes, _ in self.onInput?(.webSocketMessage(bytes, connection: connection)) }
    client.onClosed = { code, reason in
      self.onInput?(.webSocketClosed(connection: connection, code: code, reason: reason))
    }
    client.onFailed = { failure in
      if isOpen, case .tooLarge(_, let max) = failure {
        self.onInput?(.webSocketOverflowed(connection: connection, bytesMax: max))
      } else if isOpen {
        // RFC 6455 §7.1.5: 1006 is an end without a close frame.
        self.onInput?(.webSocketClosed(connection: connection, code: 1006, reason: failure.description))
      } else {
        self.onInput?(.webSocketFailed(connection: connection, TransportFailure(failure)))
      }
    }
    client.connect(
      url: url, bearer: token, timeoutMilliseconds: settings.session.connectTimeoutSeconds * 1000)
  }

  private func get(_ number: Int, _ url: String, _ token: String) {
    var request = HTTPRequest(.get, url)
    request.bearer = token
    // The first words are enough, also of a proxy's page, and all of Cloud's regions.
    request.responseBodyBytesMax = 16_384
    request.truncatesResponseBody = true
    http.send(request) { answer in
      switch answer {
      case .success(let response):
        self.onInput?(.httpResponse(request: number, status: response.status, body: response.body))
      case .failure(let failure): self.onInput?(.httpFailed(request: number, TransportFailure(failure)))
      }
    }
  }

  /// Asks the token endpoint.
  func post(_ token: TokenRequest) {
    var request = HTTPRequest(.post, token.url)
    request.headers = token.headers.map { HTTPHeader($0.name, $0.value) }
    request.bearer = token.bearer
    request.body = token.body
    request.timeoutMilliseconds = token.timeoutMilliseconds
    request.responseBodyBytesMax = token.answerBytesMax
    http.send(request) { answer in
      switch answer {
      case .success(let response):
        // Of a redirection its address is what counts.
        let place = (300..<400).contains(response.status) ? response.head.value(of: "location") : nil
        self.onEndpoint?(
          .endpointAnswered(
            request: token.number, status: response.status,
            body: place.map { Array($0.utf8) } ?? response.body))
      case .failure(let failure):
        self.onEndpoint?(.endpointFailed(request: token.number, TransportFailure(failure)))
      }
    }
  }

  /// Asks the server API, or a connector's own.
  func ask(_ ask: ServerRequest, onDone: @escaping (Device.Input) -> Void) {
    var request = HTTPRequest(ask.isGet ? .get : .post, ask.url)
    request.headers = ask.headers.map { HTTPHeader($0.name, $0.value) }
    request.bearer = ask.bearer
    request.body = ask.body
    request.timeoutMilliseconds = ask.timeoutMilliseconds
    request.responseBodyBytesMax = ask.answerBytesMax
    http.send(request) { answer in
      switch answer {
      case .success(let response):
        onDone(.serverReplied(request: ask.number, status: response.status, body: response.body))
      case .failure(let failure): onDone(.serverFailed(request: ask.number, TransportFailure(failure)))
      }
    }
  }

  /// For a self-test: whatever the server answers, its clock stands in the head (RFC 9110 §6.6.1).
  func askTime(of url: String, onDone: @escaping (Result<Int64?, TransportFailure>) -> Void) {
    var request = HTTPRequest(.get, url)
    request.responseBodyBytesMax = 1024
    request.truncatesResponseBody = true
    http.send(request) { answer in
      switch answer {
      case .success(let response): onDone(.success(response.head.value(of: "date").flatMap { httpDate($0) }))
      case .failure(let failure): onDone(.failure(TransportFailure(failure)))
      }
    }
  }

  private func resolve(_ name: String) {
    queries[name]?.cancel()
    queries[name] = resolver.resolve(name, for: .media) { answer in
      self.queries[name] = nil
      let addresses = (try? answer.get()) ?? []
      self.onInput?(.hostResolved(name: name, addresses: addresses))
    }
  }

  /// Known now, but an input belongs into a turn of its own.
  private func later(_ input: Room.Input) {
    loop.later { self.onInput?(input) }
  }
}

extension TransportFailure {
  /// The reactor's failure in the words of the room.
  init(_ failure: ReactorFailure) {
    self =
      switch failure {
      case .nameNotFound(_, let reason): .resolve(reason)
      case .loopbackAnswer: .resolve(failure.description)
      case .proxy: .proxy(failure.description)
      case .intercepted: .intercepted(failure.description)
      case .clearText: .clearText(failure.description)
      case .connectionRefused(let address): .refused("nothing listens at \(address)")
      case .timedOut: .timeout
      case .certificate, .tls: .tls(failure.description)
      case .httpStatus(let status, let body): .http(status: status, body: Array(body.utf8))
      default: .other(failure.description)
      }
  }
}

extension NetworkRules {
  /// What the configuration says of how hosts are reached.
  init(_ settings: NetworkSettings) {
    self.init()
    allowsLoopback = settings.includeLoopback
    requiresTLS = settings.requiresTLS
    guard let text = settings.proxy, let address = try? ProxyAddress(text),
      let exceptions = HostRules(settings.withoutProxy)
    else { return }
    proxy = HTTPProxy(address, password: settings.proxyPassword ?? "", exceptions: exceptions)
  }
}
