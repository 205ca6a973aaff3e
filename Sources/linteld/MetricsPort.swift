import Base
import Configuration
import Control
import Reactor

/// Serves the figures over HTTP to whoever can reach the address: a few clients at a time, each for one request.
final class MetricsPort {
  /// The text of this moment.
  var onScrape: (() -> String)?

  private final class Client {
    let socket: TCPSocket
    let deadline: Timer
    var received: [UInt8] = []
    init(_ socket: TCPSocket, _ deadline: Timer) {
      self.socket = socket
      self.deadline = deadline
    }
  }

  private static let clientsMax = 8
  private static let requestBytesMax = 4096
  private static let clientMilliseconds = 5000
  private let loop: EventLoop
  private let server: TCPServer
  private var clients: [Int: Client] = [:]
  private var nextClient = 0

  init(_ loop: EventLoop, address: SocketAddress) throws(ReactorFailure) {
    self.loop = loop
    server = try TCPServer(loop, address: address)
    server.onConnection = { self.accept($0) }
  }

  func close() {
    server.close()
    for client in clients.values { client.socket.close() }
    clients = [:]
  }

  private func accept(_ socket: TCPSocket) {
    guard clients.count < Self.clientsMax else { return socket.close() }
    nextClient += 1
    let number = nextClient
    let client = Client(socket, Timer(loop))
    clients[number] = client
    socket.onBytes = { self.receive($0, from: number) }
    socket.onEnd = { _ in self.clients[number] = nil }
    client.deadline.onFire = { self.forget(number) }
    client.deadline.schedule(at: loop.now.advanced(byMilliseconds: Self.clientMilliseconds))
  }

  private func forget(_ number: Int) { clients.removeValue(forKey: number)?.socket.close() }

  private func receive(_ bytes: [UInt8], from number: Int) {
    guard let client = clients[number] else { return }
    client.received += bytes
    guard client.received.count <= Self.requestBytesMax else {
      return refuse("431 Request Header Fields Too Large", number)
    }
    switch HTTPRequestHead.read(client.received) {
    case .incomplete: break
    case .malformed: refuse("400 Bad Request", number)
    case .complete(let head) where head.path != "/metrics": refuse("404 Not Found", number)
    case .complete(let head) where head.method != "GET": refuse("405 Method Not Allowed", number)
    case .complete:
      answer(httpResponse("200 OK", contentType: Metrics.contentType, body: onScrape?() ?? ""), number)
    }
  }

  private func refuse(_ status: String, _ number: Int) {
    answer(httpResponse(status, contentType: "text/plain", body: status + "\n"), number)
  }

  /// One that does not read keeps its place until its deadline.
  private func answer(_ response: [UInt8], _ number: Int) {
    guard let client = clients[number] else { return }
    client.socket.write(response)
    client.socket.closeAfterWriting()
    if !client.socket.isOpen { clients[number] = nil }
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
