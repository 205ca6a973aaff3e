import Base

/// Somebody who is connected to an `HTTPServer`.
final class HTTPServerClient {
  enum Phase {
    /// Its request is not whole yet.
    case sending
    /// Its request was handed over and is not answered yet.
    case waiting
    /// It was answered and is expected to close.
    case leaving
  }

  let socket: StreamSocket
  let token: HTTPServer.Token
  /// The end of its phase.
  let deadline: Timer
  var parser: HTTPRequestParser
  var phase = Phase.sending
  /// Its request was HEAD, so that the answer has no body.
  var isHead = false
  /// When its place may be given to somebody else; nil while its request is worked on.
  var droppableAt: Instant?
  /// What it sent after its request.
  var surplusBytes = 0

  init(_ socket: StreamSocket, _ deadline: Timer, token: HTTPServer.Token, parser: HTTPRequestParser) {
    self.socket = socket
    self.deadline = deadline
    self.token = token
    self.parser = parser
  }

  /// Closes at once. The handlers go, too, for they point to whoever may go before this does.
  func drop() {
    socket.close()
    deadline.cancel()
  }
}
