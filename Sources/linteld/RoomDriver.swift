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

  private let loop: EventLoop
  private let settings: Settings
  private let resolver: Resolver
  private let tls: TLSContext
  private let http: HTTPClient
  private let sockets: PeerSockets
  private var webSocket: (connection: Int, client: WebSocketClient)?
  private var queries: [String: ResolverQuery] = [:]

  /// Whether this system knows certificate authorities at all.
  var hasAuthorities: Bool { tls.hasSystemAuthorities || settings.server.caFile != nil }

  init(_ loop: EventLoop, _ settings: Settings) throws(ReactorFailure) {
    self.loop = loop
    self.settings = settings
    resolver = Resolver(loop)
    tls = try TLSContext(caFile: settings.server.caFile)
    http = HTTPClient(loop, resolver: resolver, tls: tls)
    sockets = PeerSockets(loop, includeLoopback: settings.network.includeLoopback)
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
      sockets.onDatagram = { self.onInput?(.datagram($0, from: $1, to: $2, peer: $3)) }
      for address in sockets.open(peer) { later(.localAddress(address, peer: peer)) }
    case .closeSockets(let peer): sockets.close(peer)
    case .resolveHost(let name): resolve(name)
    case .transmit(let bytes, let source, let destination, let peer):
      sockets.send(bytes, from: source, to: destination, peer)
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
    // The first words are enough, also of a proxy's page.
    request.responseBodyBytesMax = 1024
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
    queries[name] = resolver.resolve(name) { answer in
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
      case .connectionRefused(let address): .refused("nothing listens at \(address)")
      case .timedOut: .timeout
      case .certificate, .tls: .tls(failure.description)
      case .httpStatus(let status, let body): .http(status: status, body: Array(body.utf8))
      default: .other(failure.description)
      }
  }
}
