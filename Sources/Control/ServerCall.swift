import Base
import JSON

/// A call of the server API that a command stands for, and what is told of its answer.
public struct ServerCall: Equatable, Sendable {
  public private(set) var request: ServerAPIRequest
  /// What is still to be read before it can be sent; see `with`.
  public private(set) var input: Input?
  let text: ServerText

  public struct Input: Equatable, Sendable {
    /// `-` is standard input.
    public let path: String
    let part: Part

    enum Part: Equatable, Sendable {
      case body
      /// A session description: an `offer` or an `answer`.
      case description(type: String)
    }
  }

  init(
    _ service: String, _ method: String, _ body: [JSONValue.Member] = [], input: Input? = nil,
    text: ServerText
  ) {
    request = ServerAPIRequest(
      service: service, method: method, body: .object(body.filter { !$0.value.isNull }))
    self.input = input
    self.text = text
  }

  /// The most that is read of a file: what one request has.
  public static let inputBytesMax = ControlLimits.requestLineBytesMax

  /// The call with what was read.
  public func with(_ bytes: [UInt8]) throws(ControlFailure) -> ServerCall {
    guard let input else { return self }
    let name = input.path == "-" ? "standard input" : shortened(input.path)
    guard bytes.count <= Self.inputBytesMax else {
      throw .invalidParameters("\(name) is longer than \(Self.inputBytesMax) bytes")
    }
    var call = self
    call.input = nil
    switch input.part {
    case .body:
      do throws(JSONFailure) { call.request.body = try JSONValue.parse(bytes) } catch {
        throw .invalidParameters("\(name): \(error.description)")
      }
    case .description(let type):
      // RFC 8866 §5.1: it is the first line.
      guard bytes.starts(with: "v=0".utf8) else {
        throw .invalidParameters("\(name) is no session description; one begins with v=0")
      }
      guard case .object(let members) = request.body else { return self }
      let description: [JSONValue.Member] = [
        .init("type", .string(type)), .init("sdp", .string(String(decoding: bytes, as: UTF8.self))),
      ]
      call.request.body = .object(members + [.init("sdp", .object(description))])
    }
    try Request.serverAPI(call.request).checkAsRead()
    return call
  }
}
