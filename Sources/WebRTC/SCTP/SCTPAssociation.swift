import Base
import CUsrSCTP

/// One SCTP association (RFC 9260) over the DTLS of a peer connection (RFC 8261), without socket, clock or thread.
///
/// Drive it so: call a method once, then drain `nextPacket` and `nextEvent`, then come back at `nextTimeout`. Both
/// sides start by themselves and find each other (RFC 9260 §5.2.1).
final class SCTPAssociation {
  enum Event {
    /// It stands, with so many streams out.
    case up(streams: Int)
    case message(stream: UInt16, protocol: UInt32, [UInt8])
    /// Longer than this room takes; the bytes are gone.
    case oversized(stream: UInt16)
    /// The peer will send no more on these streams (RFC 6525 §4.1). Empty: on none of them.
    case incomingReset([UInt16])
    /// Our own reset came to an end, one way or the other; empty means every stream.
    case outgoingReset([UInt16], failed: Bool)
    /// The peer began again from nothing (RFC 9260 §5.2.4, action A).
    case restarted
    case ended(String)
  }

  enum SendResult { case accepted, full, refused }

  private enum State { case starting, up, ended }

  /// What usrsctp wants sent, filled by its callback.
  var packets: [[UInt8]] = []
  private(set) var bufferedBytes = 0
  private var state = State.starting
  private var events: [Event] = []
  private var socket: OpaquePointer?
  private var handle: UnsafeMutableRawPointer?
  private var assembly = MessageAssembly()
  private var resetsOutstanding = false
  private var lastAdvance: Instant
  private var lastPacket: Instant

  init(localPort: UInt16, remotePort: UInt16, now: Instant) {
    lastAdvance = now
    lastPacket = now
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    handle = SCTPLibrary.register(self, now: now)
    SCTPLibrary.tick(now: now)
    socket = lintel_usrsctp_socket(sctpReceive, sctpSent, handle)
    if let socket, configure(socket),
      lintel_usrsctp_connect(socket, handle, localPort, remotePort) != 0
    {
      return
    }
    end("SCTP could not be set up")
  }

  deinit { abandon() }

  // Running.

  func receive(_ packet: [UInt8], now: Instant) {
    guard state != .ended else { return }
    lastPacket = now
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    SCTPLibrary.tick(now: now)
    packet.withUnsafeBytes { usrsctp_conninput(handle, $0.baseAddress, $0.count, 0) }
  }

  func advance(now: Instant) {
    guard state != .ended else { return }
    lastAdvance = now
    // At rest no timer of it matters, and the others' are not its affair.
    guard nextTimeout != nil else { return }
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    SCTPLibrary.tick(now: now)
    if !packets.isEmpty { lastPacket = now }
  }

  var isDrained: Bool { packets.isEmpty && events.isEmpty }
  func nextPacket() -> [UInt8]? { packets.isEmpty ? nil : packets.remove(at: 0) }
  func nextEvent() -> Event? { events.isEmpty ? nil : events.remove(at: 0) }

  /// usrsctp keeps its timers to itself, so it is looked after while it can have one that matters.
  var nextTimeout: Instant? {
    guard state != .ended else { return nil }
    let quiet = lastAdvance.milliseconds(since: lastPacket)
    let isWaiting = state == .starting || bufferedBytes > 0 || resetsOutstanding
    guard isWaiting || quiet < Limits.sctpQuietMilliseconds else { return nil }
    return lastAdvance.advanced(
      byMilliseconds: quiet < 1000 ? Limits.sctpTickMilliseconds : Limits.sctpSlowTickMilliseconds)
  }

  // Sending.

  func send(
    _ message: [UInt8], stream: UInt16, protocol identifier: UInt32, ordered: Bool, maxRetransmits: UInt16?,
    now: Instant
  ) -> SendResult {
    guard state == .up, let socket else { return .refused }
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    SCTPLibrary.tick(now: now)
    // Before the call, as it tells at once if the message leaves at once.
    bufferedBytes += message.count
    lastPacket = now
    let result = message.withUnsafeBytes {
      lintel_usrsctp_send(
        socket, $0.baseAddress, $0.count, stream, identifier, ordered ? 1 : 0,
        maxRetransmits.map { CInt($0) } ?? -1)
    }
    if result == 0 { return .accepted }
    bufferedBytes -= message.count
    return result == EWOULDBLOCK ? .full : .refused
  }

  /// Tells the peer that this stream is done (RFC 6525), once all that waits on it is sent. False: not now, as
  /// another reset is under way.
  func resetOutgoing(_ stream: UInt16, now: Instant) -> Bool {
    guard state == .up, let socket else { return false }
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    SCTPLibrary.tick(now: now)
    lastPacket = now
    // struct sctp_reset_streams: association (two halves), direction, how many, which.
    let request: [UInt16] = [0, 0, UInt16(SCTP_STREAM_RESET_OUTGOING), 1, stream]
    guard lintel_usrsctp_set(socket, SCTP_RESET_STREAMS, request, request.count * 2) != 0 else {
      return false
    }
    resetsOutstanding = true
    return true
  }

  /// Says goodbye and ends: with SHUTDOWN if everything is acknowledged (RFC 9260 §9.2), else with ABORT. Nobody
  /// waits for an answer. What is to be sent for it is in `nextPacket`.
  func close(now: Instant) {
    guard state == .up, let socket, bufferedBytes == 0 else { return abandon() }
    SCTPLibrary.enter()
    SCTPLibrary.tick(now: now)
    packets = []
    usrsctp_shutdown(socket, CInt(SHUT_WR))
    let goodbye = packets
    SCTPLibrary.leave()
    abandon()
    if !goodbye.isEmpty { packets = goodbye }
  }

  private func abandon() {
    SCTPLibrary.enter()
    defer { SCTPLibrary.leave() }
    state = .ended
    // Closing says ABORT while the association stands, and that must still find its way into `packets`.
    if let socket { usrsctp_close(socket) }
    socket = nil
    if handle != nil { SCTPLibrary.forget(handle) }
    handle = nil
    bufferedBytes = 0
  }

  // What the callbacks say. usrsctp is in the middle of something then, so nothing is called from here.

  func take(_ bytes: UnsafeRawBufferPointer, _ origin: MessageAssembly.Origin, isLast: Bool) {
    events += assembly.take(bytes, origin, isLast: isLast)
  }

  func freeBytesChanged(_ freeBytes: Int) { bufferedBytes = max(0, Limits.sctpBufferBytes - freeBytes) }

  func isNowUp(streams: Int) {
    guard state == .starting else { return }
    state = .up
    events.append(.up(streams: streams))
  }

  func restarted(streams: Int) {
    assembly = MessageAssembly()
    resetsOutstanding = false
    events.append(.restarted)
    events.append(.up(streams: streams))
  }

  func end(_ reason: String) {
    guard state != .ended else { return }
    state = .ended
    bufferedBytes = 0
    events.append(.ended(reason))
  }

  func partialDeliveryAborted(stream: UInt16) { events += assembly.abort(stream: stream) }

  func streamsReset(_ streams: [UInt16], flags: CInt) {
    let failed = flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED) != 0
    if flags & SCTP_STREAM_RESET_OUTGOING_SSN != 0 {
      resetsOutstanding = false
      events.append(.outgoingReset(streams, failed: failed))
    }
    if flags & SCTP_STREAM_RESET_INCOMING_SSN != 0, !failed { events.append(.incomingReset(streams)) }
  }
}
