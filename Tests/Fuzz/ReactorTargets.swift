import Base
import Reactor

/// Server frames: the same bytes in one piece and in pieces make the same events and end in the same way. The first
/// byte is the size of the pieces.
func fuzzWebSocketFrames(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let stream = Array(bytes.dropFirst())
  precondition(frameEvents(stream, piece: .max) == frameEvents(stream, piece: Int(first) + 1))
}

private struct FrameEvents: Equatable {
  var events: [WebSocketFrameDecoder.Event] = []
  var violation: WebSocketViolation?
}

private func frameEvents(_ stream: [UInt8], piece: Int) -> FrameEvents {
  var result = FrameEvents()
  var decoder = WebSocketFrameDecoder(messageBytesMax: 4096)
  var rest = stream[...]
  do throws(WebSocketViolation) {
    while !rest.isEmpty {
      decoder.feed(Array(rest.prefix(piece)))
      rest = rest.dropFirst(piece)
      while let event = try decoder.next() {
        if case .message(let message, _) = event { precondition(message.count <= 4096) }
        result.events.append(event)
      }
    }
  } catch {
    result.violation = error
  }
  return result
}

/// Responses: in one piece and in pieces the same head, body and rest, within the limit. The first byte is the size of
/// the pieces; its lowest bit also says whether the body may be cut.
func fuzzHTTPResponse(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let stream = Array(bytes.dropFirst())
  let whole = response(stream, piece: .max, truncates: first & 1 == 1)
  let pieces = response(stream, piece: Int(first >> 1) + 1, truncates: first & 1 == 1)
  precondition((whole == nil) == (pieces == nil))
  guard let whole, let pieces else { return }
  precondition(whole.head == pieces.head && whole.body == pieces.body)
  precondition(whole.isComplete == pieces.isComplete && whole.body.count <= 1024)
}

/// The same for a body of chunks with extensions: whatever is read ahead of its meaning is bounded.
func fuzzHTTPChunks(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  fuzzHTTPResponse(
    [first] + Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8) + bytes.dropFirst())
}

/// nil if the parser refused.
private func response(_ stream: [UInt8], piece: Int, truncates: Bool) -> HTTPResponseParser? {
  var parser = HTTPResponseParser(bodyBytesMax: 1024, truncatesBody: truncates)
  var rest = stream[...]
  do throws(HTTPParseFailure) {
    while !rest.isEmpty {
      if try parser.feed(Array(rest.prefix(piece))) { return parser }
      precondition(parser.waitingBytes <= ReactorLimits.httpHeadBytesMax + min(piece, rest.count))
      rest = rest.dropFirst(piece)
    }
    return parser
  } catch {
    return nil
  }
}

/// What a proxy says to CONNECT: in one piece and in pieces the same verdict, the same first bytes of the tunnel, and
/// nothing held beyond a head. The first byte is the size of the pieces.
func fuzzProxyAnswer(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let stream = Array(bytes.dropFirst())
  let whole = proxyVerdict(stream, piece: .max)
  let pieces = proxyVerdict(stream, piece: Int(first) + 1)
  precondition(whole.isOpen == pieces.isOpen && whole.tunnel == pieces.tunnel)
  precondition((whole.failure == nil) == (pieces.failure == nil))
  if let words = whole.failure?.description { precondition(words.utf8.count < 300) }
}

private func proxyVerdict(
  _ stream: [UInt8], piece: Int
) -> (isOpen: Bool, tunnel: [UInt8], failure: ReactorFailure?) {
  var answer = ProxyAnswer(proxy: "proxy.lan:3128", target: "door.example:443", hasUser: true)
  var rest = stream[...]
  do throws(ReactorFailure) {
    while !rest.isEmpty {
      let isOpen = try answer.feed(Array(rest.prefix(piece)))
      rest = rest.dropFirst(piece)
      if isOpen { return (true, answer.leftover + rest, nil) }
      precondition(answer.waitingBytes <= ReactorLimits.httpHeadBytesMax + min(piece, stream.count))
    }
    return (false, [], nil)
  } catch {
    return (false, [], error)
  }
}

/// Proxies and exceptions as they are configured: what is accepted fits into a request line, and a rule matches what it
/// names.
func fuzzProxySettings(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  if let address = try? ProxyAddress(text) {
    for byte in Array(address.user.utf8) + Array(address.host.utf8) {
      precondition(byte > 0x20 && byte < 0x7F)
    }
    precondition(address.port > 0 && !address.host.utf8.isEmpty && !address.user.utf8.contains(0x3A))
  }
  if let rules = HostRules(text) {
    for part in Array(text.utf8).split(separator: UInt8(ascii: ",")) {
      let host = String(decoding: trimmed(part), as: UTF8.self)
      if IPAddress(host) != nil { precondition(rules.match(host)) }
    }
    _ = rules.match("door.example.org")
  }
}

/// Requests to a server: in one piece and in pieces the same request or the same fault, within the bounds. The first
/// byte is the size of the pieces; with its lowest bit the rest is a body of chunks.
func fuzzHTTPServerRequest(_ bytes: [UInt8]) {
  guard let first = bytes.first else { return }
  let head = first & 1 == 1 ? "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" : ""
  let stream = Array(head.utf8) + bytes.dropFirst()
  let whole = serverRequest(stream, piece: .max)
  let pieces = serverRequest(stream, piece: Int(first >> 1) + 1)
  precondition(whole.fault == pieces.fault)
  guard whole.fault == nil else { return }
  precondition(whole.parser.request == pieces.parser.request)
  precondition(whole.parser.isComplete == pieces.parser.isComplete)
}

private func serverRequest(
  _ stream: [UInt8], piece: Int
) -> (parser: HTTPRequestParser, fault: HTTPRequestFault?) {
  var parser = HTTPRequestParser(headBytesMax: 512, bodyBytesMax: 256)
  var rest = stream[...]
  do throws(HTTPRequestFault) {
    while !rest.isEmpty {
      let isComplete = try parser.feed(Array(rest.prefix(piece)))
      // A head, a body and, of the next line, at most what a size with its extension may have.
      precondition(parser.request.body.count <= 256 && parser.heldBytes <= 512 + 10 + 256)
      if isComplete { break }
      rest = rest.dropFirst(piece)
    }
  } catch {
    return (parser, error)
  }
  return (parser, nil)
}

/// URLs: what is accepted can be written into a request without ending a line.
func fuzzWebAddress(_ bytes: [UInt8]) {
  do throws(ReactorFailure) {
    let address = try WebAddress(String(decoding: bytes, as: UTF8.self))
    for byte in Array(address.target.utf8) + Array(address.hostHeader.utf8) {
      precondition(byte > 0x20 && byte < 0x7F)
    }
    precondition(address.port > 0 && address.target.utf8.first == UInt8(ascii: "/"))
  } catch {
    precondition(!error.description.utf8.isEmpty)
  }
}
