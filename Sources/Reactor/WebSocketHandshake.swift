import Base
import COpenSSL

/// The opening handshake of RFC 6455 §4, the client's part.
struct WebSocketHandshake {
  /// 16 random bytes in base64.
  let key: String

  init(random: [UInt8]) { key = Base64.encode(random) }

  func request(
    _ address: WebAddress, headers: [HTTPHeader], bearer: String?
  ) throws(ReactorFailure) -> [UInt8] {
    let upgrade = [
      HTTPHeader("Upgrade", "websocket"), HTTPHeader("Connection", "Upgrade"),
      HTTPHeader("Sec-WebSocket-Key", key), HTTPHeader("Sec-WebSocket-Version", "13"),
    ]
    return try httpRequestHead(method: "GET", address: address, headers: upgrade + headers, bearer: bearer)
  }

  /// RFC 6455 §4.1, the checks of the answer; nil if it is right. We offer neither extension nor subprotocol.
  func problem(with head: HTTPResponseHead) -> String? {
    if !head.lists("websocket", in: "upgrade") || !head.lists("upgrade", in: "connection") {
      return "its answer does not say Upgrade: websocket"
    }
    guard let accept = head.value(of: "sec-websocket-accept"), accept == expectedAccept else {
      return "its Sec-WebSocket-Accept does not fit our key"
    }
    if head.value(of: "sec-websocket-extensions") != nil { return "it agreed to an extension nobody offered" }
    if head.value(of: "sec-websocket-protocol") != nil { return "it chose a subprotocol nobody offered" }
    return nil
  }

  /// base64(SHA-1(key + GUID)), RFC 6455 §4.2.2 step 5.4.
  var expectedAccept: String {
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
    return Base64.encode(digest)
  }
}
