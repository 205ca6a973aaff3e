import Base

/// A connection to a named host, with or without TLS, through the owner's proxy if there is one for it: look-up, its
/// addresses against each other, the proxy's consent, handshake, then bytes.
///
/// It has no deadline of its own: who uses it has a timer, and `step` says what was waited for.
/// `connect` may be called once. `onOpened` or `onEnd` follows, then bytes until `onEnd` or `close`.
public final class ClientStream {
  public var onOpened: (() -> Void)?
  public var onBytes: (([UInt8]) -> Void)?
  public var onEnd: ((StreamEnd) -> Void)?
  /// The other end's, or the proxy's.
  public private(set) var remoteAddress: SocketAddress?
  private let loop: EventLoop
  private let resolver: Resolver
  private let context: TLSContext
  private var host = ""
  private var port: UInt16 = 0
  private var isSecure = false
  private var isOpen = false
  private var isClosed = false
  private var dialler: HostDialler?
  /// The host that was dialled, whose address is worth remembering once it has proven who it is.
  private var dialledHost = ""
  private var proxy: HTTPProxy?
  private var proxyAnswer: ProxyAnswer?
  private var socket: StreamSocket?
  private var session: TLSSession?

  public init(_ loop: EventLoop, resolver: Resolver, tls context: TLSContext) {
    self.loop = loop
    self.resolver = resolver
    self.context = context
  }

  deinit { close() }

  /// What is being waited for, in words that complete "timed out, waiting for".
  public var step: String {
    if isOpen || isClosed { return "nothing" }
    if let dialler { return dialler.step }
    if proxyAnswer != nil, let proxy { return "the answer of the proxy \(proxy.hostAndPort)" }
    return isSecure && socket != nil ? "the TLS handshake with \(host)" : "nothing"
  }

  /// - Parameters:
  ///   - secure: TLS, with the certificate checked for `host`.
  ///   - carriesSecret: what will be written is for `host` alone.
  public func connect(host: String, port: UInt16, secure: Bool, carriesSecret: Bool = false) {
    guard dialler == nil, socket == nil, !isClosed else { return }
    self.host = host
    self.port = port
    isSecure = secure
    let onlyPrivate = carriesSecret && !secure && resolver.rules.requiresTLS
    guard !onlyPrivate || isPrivateHost(host) else { return endLater(.failed(.clearText(host: host))) }
    proxy = resolver.rules.proxy(for: host)
    let dialler = makeDialler()
    if let proxy {
      dialledHost = proxy.address.host
      dialler.dial(dialledHost, port: proxy.address.port, onlyPrivate: false)
    } else {
      dialledHost = host
      dialler.dial(host, port: port, onlyPrivate: onlyPrivate)
    }
  }

  /// With the look-up done.
  func connect(to found: [IPAddress], port: UInt16) { makeDialler().dial(found, of: host, port: port) }

  private func makeDialler() -> HostDialler {
    let dialler = HostDialler(loop, resolver: resolver)
    self.dialler = dialler
    let back = Unowned(self)
    dialler.onConnected = { back.owner.connected($0) }
    dialler.onFailed = { back.owner.end(.failed($0)) }
    return dialler
  }

  /// false: not open, or the peer does not read and the connection ends.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool {
    guard isOpen, let socket else { return false }
    guard let session else { return socket.write(bytes) }
    do throws(ReactorFailure) {
      try session.write(bytes)
      return flush()
    } catch {
      endLater(.failed(error))
      return false
    }
  }

  /// Our end; nil without a connection.
  public var localAddress: SocketAddress? { socket?.localAddress }

  /// Written and not on its way yet.
  public var unsentBytes: Int { socket?.unsentBytes ?? 0 }

  /// No handler is called any more.
  public func close() {
    onEnd = nil
    shut()
  }

  /// Closes once everything written has gone out.
  public func closeAfterWriting() {
    onEnd = nil
    finishWriting()
  }

  /// A socket that still has bytes to send; it goes with this object.
  private var lingering: StreamSocket?

  private func finishWriting() {
    guard isOpen, let socket else { return shut() }
    session?.closeNotify()
    _ = flush()
    socket.closeAfterWriting()
    lingering = socket
    self.socket = nil
    shut()
  }

  private func shut() {
    isClosed = true
    isOpen = false
    onOpened = nil
    onBytes = nil
    dialler = nil
    socket?.close()
    socket = nil
    session = nil
  }

  private func connected(_ socket: StreamSocket) {
    dialler = nil
    self.socket = socket
    remoteAddress = socket.remoteAddress
    socket.onBytes = { [back = Unowned(self)] in back.owner.received($0) }
    socket.onEnd = { [back = Unowned(self)] in back.owner.ended($0) }
    guard let proxy else { return reached() }
    let target = joined(host, port)
    proxyAnswer = ProxyAnswer(proxy: proxy.hostAndPort, target: target, hasUser: proxy.hasUser)
    socket.write(proxy.request(for: target))
  }

  /// Whatever is written now goes to the host.
  private func reached() {
    guard isSecure else { return opened() }
    do throws(ReactorFailure) {
      session = try TLSSession(context, host: host, port: port)
    } catch {
      return end(.failed(error))
    }
    received([])
  }

  private func receivedFromProxy(_ bytes: [UInt8]) {
    do throws(ReactorFailure) {
      guard try proxyAnswer?.feed(bytes) ?? false else { return }
    } catch {
      return end(.failed(error))
    }
    let leftover = proxyAnswer?.leftover ?? []
    proxyAnswer = nil
    reached()
    if !leftover.isEmpty, !isClosed { received(leftover) }
  }

  private func opened() {
    isOpen = true
    if let remoteAddress { resolver.remember(dialledHost, remoteAddress.ip) }
    onOpened?()
  }

  private func received(_ bytes: [UInt8]) {
    guard proxyAnswer == nil else { return receivedFromProxy(bytes) }
    guard let session else {
      onBytes?(bytes)
      return
    }
    if !bytes.isEmpty { session.feed(bytes) }
    do throws(ReactorFailure) {
      if !isOpen {
        guard try session.handshake() else {
          _ = flush()
          return
        }
        _ = flush()
        opened()
      }
      try deliver(session)
    } catch {
      // The peer is told why by an alert, which waits in the session.
      _ = flush()
      end(.failed(error))
    }
  }

  private func deliver(_ session: TLSSession) throws(ReactorFailure) {
    // The handlers may close this stream at any time.
    while !isClosed {
      let plaintext = try session.read()
      _ = flush()
      if !plaintext.isEmpty {
        onBytes?(plaintext)
        continue
      }
      if session.isEnded { end(.endOfStream) }
      return
    }
  }

  private func flush() -> Bool {
    guard let session, let socket else { return false }
    let ciphertext = session.outgoing()
    return ciphertext.isEmpty || socket.write(ciphertext)
  }

  private func ended(_ reason: StreamEnd) {
    guard let proxyAnswer else { return end(reason) }
    end(.failed(proxyAnswer.ended()))
  }

  private func end(_ reason: StreamEnd) {
    if reason == .endOfStream { finishWriting() } else { shut() }
    let tell = onEnd
    onEnd = nil
    tell?(reason)
  }

  /// From inside the owner's call. If the owner closes before the next turn, it is not told.
  private func endLater(_ reason: StreamEnd) {
    shut()
    loop.later {
      let tell = self.onEnd
      self.onEnd = nil
      tell?(reason)
    }
  }
}
