import Base
import Device
import Reactor

/// Takes what servers of the telephone tell this door over HTTP, behind a reverse proxy that has the certificate. What
/// it means and who may say it is decided elsewhere.
final class WebhookPort {
  /// A whole request: method, path, query without its question mark, headers, body, and the number that `answer` takes.
  /// Path and query are as they were sent, for signatures are over that.
  var onRequest: ((String, String, String, [HTTPHeader], [UInt8], Int) -> Void)?
  /// Whether webhooks are taken, and why not.
  var onPart: ((BoardPart) -> Void)?

  private let server: HTTPServer

  /// nil if none is configured.
  init?(_ loop: EventLoop, listen: String?) {
    guard let address = listen.flatMap({ SocketAddress($0) }) else { return nil }
    server = HTTPServer(loop, address: address)
  }

  func start() {
    server.onListening = { failure in
      let problem = failure.map { "webhooks are not taken: \($0)" }
      self.onPart?(BoardPart(name: "webhook", place: "http://\(self.server.address)", problem: problem))
    }
    server.onRequest = { request, number in
      self.onRequest?(
        request.method, request.path, request.query, request.headers, request.body, number)
    }
    server.start()
  }

  /// Nothing happens if whoever asked has gone. Without an answer they get a 503 after 20 s.
  func answer(_ number: Int, status: Int, contentType: String, body: String) {
    server.answer(number, status: status, contentType: contentType, body: body)
  }

  func close() { server.close() }
}
