import Base
import Configuration
import Control
import Device
import Reactor

/// Serves the figures over HTTP to whoever can reach the address. A door is a door without it.
final class MetricsPort {
  /// The text of this moment.
  var onScrape: (() -> String)?
  /// Whether the figures are served, and why not.
  var onPart: ((BoardPart) -> Void)?

  private static let path = "/metrics"
  /// Of the head, and of the body that nobody here asks for.
  private static let requestBytesMax = 4096
  private let server: HTTPServer

  /// nil if none is configured.
  init?(_ loop: EventLoop, _ settings: MetricsSettings) {
    guard let address = settings.listen.flatMap({ SocketAddress($0) }) else { return nil }
    server = HTTPServer(
      loop, address: address, headBytesMax: Self.requestBytesMax, bodyBytesMax: Self.requestBytesMax)
  }

  func start() {
    server.onListening = { failure in
      let place = "http://\(self.server.address)\(Self.path)"
      let problem = failure.map { "figures are not served: \($0)" }
      self.onPart?(BoardPart(name: "metrics", place: place, problem: problem))
    }
    server.onRequest = { request, token in
      if request.path != Self.path {
        self.server.refuse(token, status: 404)
      } else if request.method != "GET" {
        self.server.refuse(token, status: 405)
      } else {
        let figures = self.onScrape?() ?? ""
        self.server.answer(token, status: 200, contentType: Metrics.contentType, body: figures)
      }
    }
    server.start()
  }

  func close() { server.close() }
}
