import Base
import Configuration
import Control
import Device
import Reactor

/// Serves the figures over HTTP to whoever can reach the address: a few clients at a time, each for one request. An
/// address that is in use, or not there yet, is asked for again, for ever: a door is a door without it.
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
  /// Whether the figures are served, and why not.
  var onPart: ((BoardPart) -> Void)?

  private static let retryMilliseconds = 5000
  private let address: SocketAddress
  private let retry: Timer
  private var server: StreamServer?
  private var clients: [Client] = []

  /// nil if none is configured.
  init?(_ loop: EventLoop, _ settings: MetricsSettings) {
    guard let address = settings.listen.flatMap({ SocketAddress($0) }) else { return nil }
    self.loop = loop
    self.address = address
    retry = Timer(loop)
  }

  func start() {
    retry.onFire = { self.listen() }
    listen()
  }

  private func listen() {
    var part = BoardPart(name: "metrics", place: "http://\(address)/metrics", problem: nil)
    do throws(ReactorFailure) {
      let server = try StreamServer(loop, address: address)
      server.onConnection = { self.accept($0) }
      self.server = server
    } catch {
      part.problem = "figures are not served: \(error)"
      retry.schedule(afterMilliseconds: Self.retryMilliseconds)
    }
    onPart?(part)
  }

  func close() {
    retry.cancel()
    server?.close()
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
