import Base

/// The request line of a small HTTP/1.1 server (RFC 9112 §3), which is all that it looks at.
public struct HTTPRequestHead: Equatable, Sendable {
  public var method: String
  /// Without the query.
  public var path: String

  public enum Reading: Equatable, Sendable {
    case incomplete
    case malformed
    case complete(HTTPRequestHead)
  }

  /// Reads what came so far; whoever calls bounds it.
  public static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = endOfHead(bytes) else { return .incomplete }
    guard let lineEnd = bytes[..<end].firstIndex(of: 0x0A) else { return .malformed }
    var line = bytes[..<lineEnd]
    if line.last == 0x0D { line = line.dropLast() }
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, !words[0].isEmpty, words[1].first == UInt8(ascii: "/"),
      words[2].starts(with: "HTTP/1.".utf8)
    else { return .malformed }
    for byte in line where byte < 0x20 || byte >= 0x7F { return .malformed }
    let path = words[1].prefix { $0 != UInt8(ascii: "?") }
    return .complete(
      HTTPRequestHead(
        method: String(decoding: words[0], as: UTF8.self), path: String(decoding: path, as: UTF8.self)))
  }

  /// Just after the empty line that ends the head; line ends may lack their CR (RFC 9112 §2.2).
  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    var lineIsEmpty = false
    for (index, byte) in bytes.enumerated() {
      if byte == 0x0A {
        if lineIsEmpty { return index + 1 }
        lineIsEmpty = true
      } else if byte != 0x0D {
        lineIsEmpty = false
      }
    }
    return nil
  }
}

/// A whole response after which the connection is closed.
public func httpResponse(_ status: String, contentType: String, body: String) -> [UInt8] {
  let content = Array(body.utf8)
  let head =
    "HTTP/1.1 \(status)\r\nContent-Type: \(contentType)\r\nContent-Length: \(content.count)\r\n"
    + "Connection: close\r\n\r\n"
  return Array(head.utf8) + content
}
