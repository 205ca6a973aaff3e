import Base

/// A small HTTP/1.1 server: one request a connection, and few clients at a time, whom it gives little time.
///
/// When its places are taken, the longest idle client loses its own to the next one, which waits in the kernel's queue
/// until then. A client whose request was handed over keeps its place; if all have, the next one gets a 503.
public final class HTTPServer {
  /// Names a request until it is answered.
  public typealias Token = Int

  /// A whole request, to be answered now or later. One that is not answered in time gets a 503.
  public var onRequest: ((HTTPServerRequest, Token) -> Void)?
  /// Whether it listens; if not, why, and it is tried again. The first time is within `start`.
  public var onListening: ((ReactorFailure?) -> Void)?
  /// Clients that were turned away or lost their place, as there were too many.
  public private(set) var crowdedOut = 0
  public let address: SocketAddress
  var requestMilliseconds = ReactorLimits.httpServerRequestMilliseconds
  var answerMilliseconds = ReactorLimits.httpServerAnswerMilliseconds
  var retryMilliseconds = ReactorLimits.httpServerRetryMilliseconds
  private let loop: EventLoop
  private let headBytesMax: Int
  private let bodyBytesMax: Int
  private let retry: Timer
  private let makeRoomLater: Timer
  private var server: StreamServer?
  private var clients: [HTTPServerClient] = []
  private var lastToken = 0
  private var isClosed = false

  public init(
    _ loop: EventLoop, address: SocketAddress,
    headBytesMax: Int = ReactorLimits.httpServerHeadBytesMax,
    bodyBytesMax: Int = ReactorLimits.httpServerBodyBytesMax
  ) {
    self.loop = loop
    self.address = address
    self.headBytesMax = headBytesMax
    self.bodyBytesMax = bodyBytesMax
    retry = Timer(loop)
    makeRoomLater = Timer(loop)
  }

  deinit { close() }

  /// Listens. An address that is in use, or not there yet, is asked for again, for ever.
  public func start() {
    let back = Unowned(self)
    retry.onFire = { back.owner.listen() }
    makeRoomLater.onFire = { back.owner.makeRoom() }
    listen()
  }

  /// Answers with a status that may have a body. Nothing happens if the client has gone or was answered before.
  public func answer(_ token: Token, status: Int, contentType: String, body: String) {
    guard let client = clients.first(where: { $0.token == token }), client.phase == .waiting else { return }
    finish(client, status, contentType: contentType, body: body)
  }

  /// Answers with no more than the status.
  public func refuse(_ token: Token, status: Int) {
    answer(token, status: status, contentType: "text/plain", body: httpRefusalText(status))
  }

  /// Stops listening and drops all clients; no handler is called any more.
  public func close() {
    isClosed = true
    onRequest = nil
    onListening = nil
    retry.cancel()
    makeRoomLater.cancel()
    server?.close()
    for client in clients { client.drop() }
    clients = []
  }

  private func listen() {
    let back = Unowned(self)
    do throws(ReactorFailure) {
      let server = try StreamServer(loop, address: address)
      server.onConnection = { back.owner.accept($0) }
      self.server = server
      onListening?(nil)
    } catch {
      retry.schedule(afterMilliseconds: retryMilliseconds)
      onListening?(error)
    }
  }

  private func accept(_ socket: StreamSocket) {
    guard clients.count < ReactorLimits.httpServerClientsMax else {
      crowdedOut &+= 1
      socket.write(httpRefusal(503))
      return socket.closeAfterWriting()
    }
    lastToken += 1
    let client = HTTPServerClient(
      socket, Timer(loop), token: lastToken,
      parser: HTTPRequestParser(headBytesMax: headBytesMax, bodyBytesMax: bodyBytesMax))
    clients.append(client)
    let (back, its) = (Unowned(self), Unowned(client))
    socket.onBytes = { back.owner.receive($0, from: its.owner) }
    socket.onEnd = { _ in back.owner.ended(its.owner) }
    client.deadline.onFire = { back.owner.expired(its.owner) }
    client.deadline.schedule(afterMilliseconds: requestMilliseconds)
    client.droppableAt = loop.now.advanced(byMilliseconds: ReactorLimits.httpServerGraceMilliseconds)
    makeRoom()
  }

  private func receive(_ bytes: [UInt8], from client: HTTPServerClient) {
    guard client.phase == .sending else {
      // What follows is read only so that the end is seen, and the answer is not lost with what was not read.
      client.surplusBytes += bytes.count
      if client.surplusBytes > bodyBytesMax { client.socket.pauseReading() }
      return
    }
    do throws(HTTPRequestFault) {
      if try client.parser.feed(bytes) {
        handOver(client)
      } else if clients.reduce(0, { $0 + $1.parser.heldBytes }) > ReactorLimits.httpServerRequestsBytesMax {
        crowdedOut &+= 1
        refuse(client, 503)
      } else if client.parser.takeContinue() {
        client.socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
    } catch {
      refuse(client, error.status, error.reason)
    }
  }

  private func handOver(_ client: HTTPServerClient) {
    let request = client.parser.request
    // Whoever is asked may keep the request; here it is not needed any more.
    client.parser = HTTPRequestParser()
    client.phase = .waiting
    client.isHead = request.method == "HEAD"
    client.droppableAt = nil
    client.deadline.schedule(afterMilliseconds: answerMilliseconds)
    onRequest?(request, client.token)
    // One place less can be made free, perhaps none.
    makeRoom()
  }

  private func refuse(_ client: HTTPServerClient, _ status: Int, _ reason: String? = nil) {
    finish(client, status, contentType: "text/plain", body: httpRefusalText(status, reason))
  }

  /// Answers and waits for the client to close, which it is asked to do, so that it can read the answer whatever else
  /// it was sending.
  private func finish(_ client: HTTPServerClient, _ status: Int, contentType: String, body: String) {
    client.parser = HTTPRequestParser()
    client.phase = .leaving
    client.deadline.schedule(afterMilliseconds: requestMilliseconds)
    client.socket.write(httpResponse(status, contentType: contentType, body: body, isHead: client.isHead))
    client.socket.endWriting()
    client.droppableAt = loop.now.advanced(
      byMilliseconds: client.socket.bytesWaiting == 0 ? 0 : ReactorLimits.httpServerGraceMilliseconds)
    makeRoom()
  }

  private func expired(_ client: HTTPServerClient) {
    switch client.phase {
    case .sending where client.parser.heldBytes > 0: refuse(client, 408)
    case .waiting: refuse(client, 503)
    case .sending, .leaving: forget(client)
    }
  }

  /// One that has closed its side may still be reading its answer, until its deadline.
  private func ended(_ client: HTTPServerClient) {
    client.socket.closeAfterWriting()
    if !client.socket.isOpen { forget(client) }
  }

  private func forget(_ client: HTTPServerClient) {
    client.drop()
    clients = clients.filter { $0 !== client }
    makeRoom()
  }

  /// Takes the place of the longest idle client while all are taken; who comes next waits for that.
  private func makeRoom() {
    guard !isClosed, let server else { return }
    makeRoomLater.cancel()
    guard clients.count >= ReactorLimits.httpServerClientsMax, let (client, instant) = longestIdle() else {
      return server.resumeAccepting()
    }
    if instant <= loop.now {
      if client.phase == .sending { crowdedOut &+= 1 }
      forget(client)
    } else {
      server.pauseAccepting()
      makeRoomLater.schedule(at: instant)
    }
  }

  /// nil if the requests of all were handed over.
  private func longestIdle() -> (HTTPServerClient, Instant)? {
    var result: (client: HTTPServerClient, instant: Instant)?
    for client in clients {
      guard let instant = client.droppableAt else { continue }
      if let result, result.instant <= instant { continue }
      result = (client, instant)
    }
    return result
  }
}
