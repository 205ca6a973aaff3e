import Base
import Configuration
import Control
import Reactor

/// Serves the figures over HTTP to whoever can reach the address: a few clients at a time, each for one request.
final class MetricsPort {
  /// The text of this moment.
  var onScrape: (() -> String)?

  private final class Client {
    let socket: StreamSocket
    let deadline: Timer
    var received: [UInt8] = []
    init(_ socket: StreamSocket, _ deadline: Timer) {
      self.socket = socket
      self.deadline = deadline
    }
  }

  private static let clientsMax = 8
  private static let requestBytesMax = 4096
  private static let clientMilliseconds = 5000
  private let loop: EventLoop
  private let server: StreamServer
  private var clients: [Client] = []

  init(_ loop: EventLoop, address: SocketAddress) throws(ReactorFailure) {
    self.loop = loop
    server = try StreamServer(loop, address: address)
    server.onConnection = { self.accept($0) }
  }

  func close() {
    server.close()
    for client in clients { client.socket.close() }
    clients = []
  }

  private func accept(_ socket: StreamSocket) {
    guard clients.count < Self.clientsMax else { return socket.close() }
    let client = Client(socket, Timer(loop))
    clients.append(client)
    let back = Unowned(client)
    socket.onBytes = { self.receive($0, from: back.owner) }
    socket.onEnd = { _ in self.forget(back.owner) }
    client.deadline.onFire = { self.forget(back.owner) }
    client.deadline.schedule(at: loop.now.advanced(byMilliseconds: Self.clientMilliseconds))
  }

  private func forget(_ client: Client) {
    client.socket.close()
    clients.removeAll { $0 === client }
  }

  private func receive(_ bytes: [UInt8], from client: Client) {
    client.received += bytes
    guard client.received.count <= Self.requestBytesMax else {
      return refuse("431 Request Header Fields Too Large", client)
    }
    switch HTTPRequestHead.read(client.received) {
    case .incomplete: break
    case .malformed: refuse("400 Bad Request", client)
    case .complete(let head) where head.path != "/metrics": refuse("404 Not Found", client)
    case .complete(let head) where head.method != "GET": refuse("405 Method Not Allowed", client)
    case .complete:
      answer(httpResponse("200 OK", contentType: Metrics.contentType, body: onScrape?() ?? ""), client)
    }
  }

  private func refuse(_ status: String, _ client: Client) {
    answer(httpResponse(status, contentType: "text/plain", body: status + "\n"), client)
  }

  /// One that does not read keeps its place until its deadline.
  private func answer(_ response: [UInt8], _ client: Client) {
    client.socket.write(response)
    client.socket.closeAfterWriting()
    if !client.socket.isOpen { forget(client) }
  }
}

extension MetricsPort {
  /// nil if none is configured.
  static func of(_ settings: MetricsSettings, _ loop: EventLoop) throws(StartFailure) -> MetricsPort? {
    guard let address = settings.listen.flatMap({ SocketAddress($0) }) else { return nil }
    do throws(ReactorFailure) {
      return try MetricsPort(loop, address: address)
    } catch {
      throw .reactor(error)
    }
  }
}
