import Base

/// One WebSocket connection (RFC 6455) to a `ws` or `wss` URL. `connect` may be called once; make another for the
/// next attempt.
///
/// Either `onOpened` or `onFailed` follows `connect`. After `onOpened` come messages and then exactly one of
/// `onClosed` (a close handshake, by either side) and `onFailed` (everything else). After that, after `cancel`, and
/// when this object is let go, no handler is called and all handlers are released.
public final class WebSocketClient {
  public var onOpened: (() -> Void)?
  /// A whole message, text or binary, of at most `webSocketMessageBytesMax`.
  public var onMessage: (([UInt8], _ isText: Bool) -> Void)?
  /// The close code (1005: none given, 1006: our close was not answered) and the server's words.
  public var onClosed: ((UInt16, String) -> Void)?
  public var onFailed: ((WebSocketFailure) -> Void)?

  private enum State {
    case idle
    case connecting
    case upgrading
    case open
    case closing(UInt16)
    case ended
  }

  private let loop: EventLoop
  private let stream: ClientStream
  private let random: SystemRandom
  private let timer: Timer
  private var state = State.idle
  private var timeoutMilliseconds = 0
  private var host = "the server"
  private var address: WebAddress?
  private var bearer: String?
  private var handshake: WebSocketHandshake
  private var response = HTTPResponseParser(
    bodyBytesMax: ReactorLimits.refusalBodyBytesMax, truncatesBody: true)
  private var decoder = WebSocketFrameDecoder(messageBytesMax: ReactorLimits.webSocketMessageBytesMax)

  public init(_ loop: EventLoop, resolver: Resolver, tls: TLSContext) {
    self.loop = loop
    stream = ClientStream(loop, resolver: resolver, tls: tls)
    random = SystemRandom()
    handshake = WebSocketHandshake(random: random.bytes(16))
    timer = Timer(loop)
  }

  deinit { stream.close() }

  /// The server's address that was last tried or is connected.
  public var remoteAddress: SocketAddress? { stream.remoteAddress }

  public var isOpen: Bool {
    if case .open = state { return true }
    return false
  }

  /// - Parameters:
  ///   - bearer: goes into the Authorization header and into no failure text.
  ///   - timeoutMilliseconds: for everything from the look-up to the server's 101.
  public func connect(
    url: String, bearer: String?, headers: [HTTPHeader] = [],
    timeoutMilliseconds: Int = ReactorLimits.connectTimeoutMilliseconds
  ) {
    guard case .idle = state else { return }
    state = .connecting
    self.bearer = bearer
    self.timeoutMilliseconds = timeoutMilliseconds
    let back = Unowned(self)
    do throws(ReactorFailure) {
      let address = try WebAddress(url)
      self.address = address
      host = address.hostAndPort
      let request = try handshake.request(address, headers: headers, bearer: bearer)
      stream.onOpened = { back.owner.connected(request) }
      stream.onBytes = { back.owner.received($0) }
      stream.onEnd = { back.owner.ended($0) }
      timer.onFire = { back.owner.expired() }
      timer.schedule(afterMilliseconds: timeoutMilliseconds)
      stream.connect(
        host: address.host, port: address.port, secure: address.isSecure, carriesSecret: bearer != nil)
    } catch {
      loop.later { self.fail(error) }
    }
  }

  /// Sends a whole message. false: not open, too large, or the server does not read, in which case `onFailed`
  /// follows.
  @discardableResult
  public func send(_ message: [UInt8], isText: Bool = false) -> Bool {
    guard isOpen, message.count <= ReactorLimits.webSocketSendBytesMax else { return false }
    return sendFrame(isText ? WebSocketOpcode.text : WebSocketOpcode.binary, message)
  }

  /// Starts the close handshake; `onClosed` follows within `closeTimeoutMilliseconds`. Before the connection is
  /// open this is `cancel`.
  public func close(code: UInt16 = 1000, reason: String = "") {
    switch state {
    case .open:
      state = .closing(code)
      sendFrame(WebSocketOpcode.close, WebSocketFrameEncoder.closePayload(code: code, reason: reason))
      timer.schedule(afterMilliseconds: ReactorLimits.closeTimeoutMilliseconds)
    case .idle, .connecting, .upgrading: cancel()
    case .closing, .ended: break
    }
  }

  /// Drops the connection, or the attempt to make one, at once. No handler is called.
  public func cancel() {
    stream.close()
    forget()
  }

  private func connected(_ request: [UInt8]) {
    state = .upgrading
    stream.write(request)
  }

  private func received(_ bytes: [UInt8]) {
    switch state {
    case .upgrading: upgrade(bytes)
    case .open, .closing:
      decoder.feed(bytes)
      deliver()
    case .idle, .connecting, .ended: break
    }
  }

  private func upgrade(_ bytes: [UInt8]) {
    do throws(HTTPParseFailure) {
      guard try response.feed(bytes) else { return }
    } catch {
      return fail(.notWebSocket(host: host, reason: words(error)))
    }
    guard let head = response.head, head.status == 101 else { return refused() }
    if let problem = handshake.problem(with: head) {
      return fail(.notWebSocket(host: host, reason: problem))
    }
    timer.cancel()
    state = .open
    bearer = nil
    decoder.feed(response.leftover)
    onOpened?()
    deliver()
  }

  /// The server answered with a page instead of an upgrade.
  private func refused() {
    guard let head = response.head else { return fail(.closedDuringHandshake(host: host)) }
    if let address, let reason = interception(head, body: response.body, of: address) {
      return fail(.intercepted(host: host, reason: reason))
    }
    if head.status < 300 {
      return fail(.notWebSocket(host: host, reason: "it answered HTTP \(head.status) instead of 101"))
    }
    var body = shownText(response.body, hiding: bearer)
    if head.status < 400, let location = head.value(of: "location") {
      let place = location.utf8.prefix { $0 != UInt8(ascii: "?") }
      body = "it redirects to " + shownText(Array(place), hiding: bearer)
    }
    fail(.httpStatus(head.status, body: body))
  }

  private func deliver() {
    while true {
      do throws(WebSocketViolation) {
        guard isDelivering, let event = try decoder.next() else { return }
        handle(event)
      } catch {
        // RFC 6455 §7.1.7: tell the peer why, then give the connection up.
        sendFrame(
          WebSocketOpcode.close,
          WebSocketFrameEncoder.closePayload(code: error.closeCode, reason: error.reason))
        let failure: ReactorFailure =
          error.closeCode == 1009
          ? .tooLarge(what: "a message from the server", limitBytes: ReactorLimits.webSocketMessageBytesMax)
          : .protocolViolation(reason: error.reason)
        stream.closeAfterWriting()
        return fail(failure)
      }
    }
  }

  private var isDelivering: Bool {
    switch state {
    case .open, .closing: true
    case .idle, .connecting, .upgrading, .ended: false
    }
  }

  private func handle(_ event: WebSocketFrameDecoder.Event) {
    switch event {
    case .message(let bytes, let isText):
      onMessage?(bytes, isText)
    case .ping(let payload):
      if isOpen { sendFrame(WebSocketOpcode.pong, payload) }
    case .pong: break
    case .close(let code, let reason):
      if isOpen {
        // RFC 6455 §5.5.1: the answer repeats the code.
        let payload = code == 1005 ? [] : WebSocketFrameEncoder.closePayload(code: code, reason: "")
        sendFrame(WebSocketOpcode.close, payload)
      }
      closed(code, shownText(Array(reason.utf8), hiding: nil))
    }
  }

  @discardableResult
  private func sendFrame(_ opcode: UInt8, _ payload: [UInt8]) -> Bool {
    stream.write(
      WebSocketFrameEncoder.frame(opcode: opcode, payload: payload, mask: random.nextUInt32()))
  }

  private func ended(_ reason: StreamEnd) {
    switch state {
    case .upgrading where response.head != nil:
      // The body of a refusal that has no length ends with the connection.
      refused()
    case .connecting, .upgrading:
      guard case .failed(let failure) = reason else { return fail(.closedDuringHandshake(host: host)) }
      fail(duringHandshake(failure, host: host))
    case .closing(let code): closed(code, "the server closed without answering")
    case .open: fail(lost(reason))
    case .idle, .ended: break
    }
  }

  private func lost(_ reason: StreamEnd) -> ReactorFailure {
    switch reason {
    case .endOfStream: .connectionLost(reason: "the server ended it without a close message")
    case .failed(.system(_, let code)): .connectionLost(reason: systemWords(code))
    case .failed(let failure): failure
    }
  }

  private func expired() {
    switch state {
    case .connecting: fail(.timedOut(waitingFor: stream.step, milliseconds: timeoutMilliseconds))
    case .upgrading where response.head != nil: refused()
    case .upgrading:
      fail(.timedOut(waitingFor: "the answer of \(host)", milliseconds: timeoutMilliseconds))
    case .closing: closed(1006, "the server did not answer our close")
    case .idle, .open, .ended: break
    }
  }

  private func words(_ failure: HTTPParseFailure) -> String {
    switch failure {
    case .malformed(let reason): reason
    case .headTooLarge: "the head of its answer is over \(ReactorLimits.httpHeadBytesMax) bytes"
    case .bodyTooLarge, .truncated: "its answer is not complete"
    }
  }

  private func closed(_ code: UInt16, _ reason: String) {
    let tell = onClosed
    stream.closeAfterWriting()
    forget()
    tell?(code, reason)
  }

  private func fail(_ failure: ReactorFailure) {
    guard !hasEnded else { return }
    let tell = onFailed
    stream.close()
    forget()
    tell?(failure)
  }

  private var hasEnded: Bool {
    if case .ended = state { return true }
    return false
  }

  private func forget() {
    state = .ended
    bearer = nil
    timer.onFire = nil
    timer.cancel()
    onOpened = nil
    onMessage = nil
    onClosed = nil
    onFailed = nil
  }
}
