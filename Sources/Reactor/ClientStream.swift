import Base

/// A connection to a named host, with or without TLS: look-up, each address in turn, handshake, then bytes.
///
/// It has no deadline of its own: who uses it has a timer, and `step` says what was waited for.
/// `connect` may be called once. `onOpened` or `onEnd` follows, then bytes until `onEnd` or `close`.
public final class ClientStream {
  public var onOpened: (() -> Void)?
  public var onBytes: (([UInt8]) -> Void)?
  public var onEnd: ((StreamEnd) -> Void)?
  /// What is being waited for, in words that complete "timed out, waiting for".
  public private(set) var step = "nothing"
  public private(set) var remoteAddress: SocketAddress?
  private let loop: EventLoop
  private let resolver: Resolver
  private let context: TLSContext
  private var host = ""
  private var port: UInt16 = 0
  private var isSecure = false
  private var isOpen = false
  private var isClosed = false
  private var query: ResolverQuery?
  private var addresses: [IPAddress] = []
  private var socket: StreamSocket?
  private var session: TLSSession?
  private var addressTimer: Timer?
  /// Tests are in a hurry.
  var addressTimeoutMilliseconds = ReactorLimits.addressTimeoutMilliseconds

  public init(_ loop: EventLoop, resolver: Resolver, tls context: TLSContext) {
    self.loop = loop
    self.resolver = resolver
    self.context = context
  }

  deinit { close() }

  /// - Parameter secure: TLS, with the certificate checked for `host`.
  public func connect(host: String, port: UInt16, secure: Bool) {
    guard query == nil, !isClosed else { return }
    self.host = host
    self.port = port
    isSecure = secure
    step = "the address of \(host)"
    query = resolver.resolve(host) { [back = Unowned(self)] in back.owner.resolved($0) }
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
    query?.cancel()
    addressTimer = nil
    socket?.close()
    socket = nil
    session = nil
  }

  private func resolved(_ answer: Resolver.Answer) {
    switch answer {
    case .success(let found): connect(to: found, port: port)
    case .failure(let failure): end(.failed(failure))
    }
  }

  /// With the look-up done.
  func connect(to found: [IPAddress], port: UInt16) {
    self.port = port
    addresses = found
    tryNextAddress()
  }

  private func tryNextAddress() {
    // The time of the one before is not this one's.
    addressTimer?.cancel()
    guard !isClosed, !addresses.isEmpty else { return }
    let address = SocketAddress(ip: addresses.remove(at: 0), port: port)
    remoteAddress = address
    step = "a TCP connection to \(address)"
    do throws(ReactorFailure) {
      let socket = try StreamSocket(loop)
      self.socket = socket
      socket.onConnected = { [back = Unowned(self)] in back.owner.connected() }
      socket.onBytes = { [back = Unowned(self)] in back.owner.received($0) }
      socket.onEnd = { [back = Unowned(self)] in back.owner.ended($0) }
      socket.connect(to: address)
      if !addresses.isEmpty { limitThisAddress() }
    } catch {
      endLater(.failed(error))
    }
  }

  /// A host with several addresses must not be lost because the first one swallows packets.
  private func limitThisAddress() {
    let timer =
      addressTimer
      ?? Timer(loop) { [back = Unowned(self)] in
        back.owner.socket?.close()
        back.owner.tryNextAddress()
      }
    addressTimer = timer
    timer.schedule(afterMilliseconds: addressTimeoutMilliseconds)
  }

  private func connected() {
    addressTimer?.cancel()
    guard isSecure else { return opened() }
    step = "the TLS handshake with \(host)"
    do throws(ReactorFailure) {
      session = try TLSSession(context, host: host)
    } catch {
      return end(.failed(error))
    }
    received([])
  }

  private func opened() {
    isOpen = true
    step = "nothing"
    onOpened?()
  }

  private func received(_ bytes: [UInt8]) {
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
    if !isOpen, !addresses.isEmpty, session == nil { return tryNextAddress() }
    end(reason)
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
