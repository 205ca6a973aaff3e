import Base
import Testing

@testable import Reactor

/// What became of a WebSocket.
enum Outcome: Equatable {
  case opened
  case message([UInt8], isText: Bool)
  case closed(UInt16, String)
  case failed(ReactorFailure)
}

/// A loop, a resolver and a TLS context for one test, and a WebSocket whose events are written down.
final class WebSocketRun {
  let loop: EventLoop
  let resolver: Resolver
  let tls: TLSContext
  let socket: WebSocketClient
  var outcomes: [Outcome] = []

  init(caFile: String? = nil) throws {
    loop = try EventLoop()
    resolver = Resolver(loop)
    tls = try TLSContext(caFile: caFile)
    socket = WebSocketClient(loop, resolver: resolver, tls: tls)
    socket.onOpened = { [unowned self] in outcomes.append(.opened) }
    socket.onMessage = { [unowned self] in outcomes.append(.message($0, isText: $1)) }
    socket.onClosed = { [unowned self] in outcomes.append(.closed($0, $1)) }
    socket.onFailed = { [unowned self] in outcomes.append(.failed($0)) }
  }

  /// Connects and runs until it failed or closed, or `until` holds.
  @discardableResult
  func connect(
    _ url: String, bearer: String? = nil, timeoutMilliseconds: Int = 5000,
    sourceLocation: SourceLocation = #_sourceLocation, until: ((WebSocketRun) -> Bool)? = nil
  ) -> [Outcome] {
    socket.connect(url: url, bearer: bearer, timeoutMilliseconds: timeoutMilliseconds)
    #expect(outcomes.isEmpty, "a handler was called inside connect")
    run(until: until ?? { $0.hasEnded }, sourceLocation: sourceLocation)
    return outcomes
  }

  func run(
    until condition: @escaping (WebSocketRun) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    ReactorTests.run(loop, atMost: 10_000, sourceLocation: sourceLocation) { [unowned self] in condition(self)
    }
  }

  var hasEnded: Bool {
    switch outcomes.last {
    case .closed, .failed: true
    default: false
    }
  }

  /// The words of the failure that it ended with.
  var failureWords: String {
    if case .failed(let failure) = outcomes.last { return failure.description }
    return "no failure: \(outcomes)"
  }
}
