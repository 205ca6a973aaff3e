import Base

/// One client of the control socket, as the daemon sees it: bytes in, requests out; replies and events in, bytes out.
///
/// The owner feeds what it read to `receive`, takes requests with `next`, answers each with `reply`, and writes
/// `outgoing`. A client that does not read gets no further request taken (`wantsInput` turns false) and loses
/// events, which are counted and told when it reads again; so it costs a bounded amount of memory and nobody else
/// anything.
public final class ControlSession {
  /// What has to be written to the client, oldest first.
  public private(set) var outgoing: [UInt8] = []
  /// Whether `events.subscribe` was answered.
  public private(set) var isSubscribed = false
  /// The client broke the protocol: write what is in `outgoing`, then close.
  public private(set) var shouldClose = false
  private var lines = LineBuffer(lineBytesMax: ControlLimits.requestLineBytesMax)
  private var droppedEvents = 0

  public init() {}

  /// Whether the owner should read from the client now.
  public var wantsInput: Bool { !shouldClose && outgoing.count < ControlLimits.outgoingBytesMax }

  /// Takes bytes that were read. Take all requests before the next ones.
  public func receive(_ bytes: [UInt8]) { lines.append(bytes) }

  /// The next request, or nil if more bytes are needed or the client has to read first. Lines that are no request
  /// are answered here.
  public func next() -> ControlRequest? {
    while wantsInput {
      guard let line = lines.next() else {
        if lines.isBroken {
          let message = "a line is longer than \(ControlLimits.requestLineBytesMax) bytes"
          outgoing += Reply.failure(.invalidRequest(message), to: .null)
          shouldClose = true
        }
        return nil
      }
      do throws(RefusedRequest) {
        return try Request.parse(line)
      } catch {
        outgoing += Reply.failure(error.failure, to: error.id)
      }
    }
    return nil
  }

  public func reply(_ result: JSONValue, to request: ControlRequest) {
    outgoing += Reply.result(result, to: request.id)
  }

  public func refuse(_ request: ControlRequest, _ failure: ControlFailure) {
    outgoing += Reply.failure(failure, to: request.id)
  }

  /// Answers `events.subscribe`; from now on `notify` reaches this client.
  public func subscribe(_ request: ControlRequest, status: JSONValue, recent: [JSONValue]) {
    isSubscribed = true
    reply(.object([.init("status", status), .init("recent", .array(recent))]), to: request)
  }

  /// Sends `event` (`Event.json`) if the client subscribed and reads.
  public func notify(_ event: JSONValue, unixMilliseconds: Int64) {
    guard isSubscribed, !shouldClose else { return }
    guard outgoing.count < ControlLimits.outgoingBytesMax else {
      droppedEvents += 1
      return
    }
    if droppedEvents > 0 {
      let dropped = Event.eventsDropped(count: droppedEvents)
      outgoing += Reply.event(dropped.json(unixMilliseconds: unixMilliseconds))
      droppedEvents = 0
    }
    outgoing += Reply.event(event)
  }

  /// The first `count` bytes of `outgoing` were written.
  public func didWrite(_ count: Int) { outgoing.removeFirst(min(max(0, count), outgoing.count)) }
}
