import Base

public struct HTTPRequest: Sendable {
  public enum Method: Sendable {
    case get
    case post
  }

  public var method: Method
  public var url: String
  public var headers: [HTTPHeader] = []
  /// Travels in the Authorization header and appears in no failure and in no refusing answer's body.
  public var bearer: String?
  /// Sent with POST only.
  public var body: [UInt8] = []
  public var timeoutMilliseconds = ReactorLimits.connectTimeoutMilliseconds
  public var responseBodyBytesMax = ReactorLimits.httpBodyBytesMax
  /// Ends the answer at that bound instead of failing: for bodies that are only shown to somebody.
  public var truncatesResponseBody = false

  public init(_ method: Method, _ url: String) {
    self.method = method
    self.url = url
  }
}

public struct HTTPResponse: Equatable, Sendable {
  public let head: HTTPResponseHead
  /// Where the status is not 2xx the request's token is cut out of it.
  public let body: [UInt8]

  public var status: Int { head.status }

  /// The body on one line for a technician: no tokens, no control characters, 512 bytes at most.
  public var shownBody: String { shownText(body, hiding: nil) }
}

/// HTTP/1.1, one connection a request. Redirects are answers like any other, unless somebody else makes them.
public final class HTTPClient {
  public typealias Answer = Result<HTTPResponse, ReactorFailure>
  private let loop: EventLoop
  private let resolver: Resolver
  private let tls: TLSContext
  private var running: [HTTPExchange] = []

  public init(_ loop: EventLoop, resolver: Resolver, tls: TLSContext) {
    self.loop = loop
    self.resolver = resolver
    self.tls = tls
  }

  deinit {
    for exchange in running { exchange.abandon() }
  }

  /// `onDone` is called once, in a later turn, unless the exchange is cancelled or this client is let go.
  @discardableResult
  public func send(_ request: HTTPRequest, onDone: @escaping (Answer) -> Void) -> HTTPExchange {
    let exchange = HTTPExchange(loop, resolver: resolver, tls: tls, request)
    guard running.count < ReactorLimits.httpRequestsMax else {
      loop.later { onDone(.failure(.tooManyRequests)) }
      return exchange
    }
    running.append(exchange)
    exchange.start { [back = Unowned(self), key = ObjectIdentifier(exchange)] answer in
      back.owner.running = back.owner.running.filter { ObjectIdentifier($0) != key }
      if let answer { onDone(answer) }
    }
    return exchange
  }
}

/// A request on its way.
public final class HTTPExchange {
  private let loop: EventLoop
  private let request: HTTPRequest
  private let stream: ClientStream
  private var parser: HTTPResponseParser
  private var timer: Timer?
  private var host = "the server"
  private var address: WebAddress?
  private var isSent = false
  /// nil when cancelled.
  private var onEnd: ((HTTPClient.Answer?) -> Void)?

  fileprivate init(_ loop: EventLoop, resolver: Resolver, tls: TLSContext, _ request: HTTPRequest) {
    self.loop = loop
    self.request = request
    stream = ClientStream(loop, resolver: resolver, tls: tls)
    parser = HTTPResponseParser(
      bodyBytesMax: request.responseBodyBytesMax, truncatesBody: request.truncatesResponseBody)
  }

  deinit { stream.close() }

  /// `onDone` will not be called.
  public func cancel() {
    stream.close()
    timer = nil
    let tell = onEnd
    onEnd = nil
    tell?(nil)
  }

  /// The client is gone.
  fileprivate func abandon() {
    onEnd = nil
    stream.close()
    timer = nil
  }

  fileprivate func start(_ onEnd: @escaping (HTTPClient.Answer?) -> Void) {
    self.onEnd = onEnd
    let back = Unowned(self)
    do throws(ReactorFailure) {
      let address = try WebAddress(request.url)
      self.address = address
      host = address.hostAndPort
      let bytes = try requestBytes(address)
      stream.onOpened = {
        back.owner.isSent = true
        back.owner.stream.write(bytes)
      }
      stream.onBytes = { back.owner.received($0) }
      stream.onEnd = { back.owner.ended($0) }
      timer = Timer(loop) { back.owner.expired() }
      timer?.schedule(afterMilliseconds: request.timeoutMilliseconds)
      stream.connect(
        host: address.host, port: address.port, secure: address.isSecure,
        carriesSecret: request.bearer != nil || request.method == .post)
    } catch {
      // The closure keeps this exchange until then.
      loop.later { self.finish(.failure(error)) }
    }
  }

  private func requestBytes(_ address: WebAddress) throws(ReactorFailure) -> [UInt8] {
    var headers = request.headers + [HTTPHeader("Connection", "close")]
    guard request.method == .post else {
      return try httpRequestHead(method: "GET", address: address, headers: headers, bearer: request.bearer)
    }
    headers.append(HTTPHeader("Content-Length", "\(request.body.count)"))
    return try httpRequestHead(method: "POST", address: address, headers: headers, bearer: request.bearer)
      + request.body
  }

  private func received(_ bytes: [UInt8]) {
    do throws(HTTPParseFailure) {
      if try parser.feed(bytes) { complete() }
    } catch {
      fail(error)
    }
  }

  private func ended(_ reason: StreamEnd) {
    if case .failed(let failure) = reason { return finish(.failure(duringHandshake(failure, host: host))) }
    do throws(HTTPParseFailure) {
      try parser.endOfStream()
      complete()
    } catch {
      fail(error)
    }
  }

  private func fail(_ error: HTTPParseFailure) {
    switch error {
    case .malformed(let reason): finish(.failure(.notHTTP(host: host, reason: reason)))
    case .headTooLarge:
      finish(.failure(.tooLarge(what: "the answer's head", limitBytes: ReactorLimits.httpHeadBytesMax)))
    case .bodyTooLarge:
      finish(.failure(.tooLarge(what: "the answer", limitBytes: request.responseBodyBytesMax)))
    case .truncated:
      finish(.failure(.closedDuringHandshake(host: host)))
    }
  }

  private func complete() {
    guard let head = parser.head else { return fail(.truncated) }
    if let address, let reason = interception(head, body: parser.body, of: address) {
      return finish(.failure(.intercepted(host: host, reason: reason)))
    }
    var body = parser.body
    if let bearer = request.bearer, !(200..<300).contains(head.status) {
      body = replacing(Array(bearer.utf8), in: body)
    }
    finish(.success(HTTPResponse(head: head, body: body)))
  }

  private func expired() {
    let step = isSent ? "the answer of \(host)" : stream.step
    finish(.failure(.timedOut(waitingFor: step, milliseconds: request.timeoutMilliseconds)))
  }

  private func finish(_ answer: HTTPClient.Answer) {
    stream.close()
    timer?.cancel()
    let tell = onEnd
    onEnd = nil
    tell?(answer)
  }
}

/// A reset in the middle of a handshake says no more than that the server hung up.
func duringHandshake(_ failure: ReactorFailure, host: String) -> ReactorFailure {
  if case .system = failure { return .closedDuringHandshake(host: host) }
  return failure
}
