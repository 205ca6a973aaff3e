import Base
import Control
import Device
import Reactor

/// The technician's socket: clients in, requests to the device, answers and events back.
final class ControlPort {
  var onRequest: ((ControlRequest, Device.ClientID) -> Void)?
  /// A client has gone.
  var onLeft: ((Device.ClientID) -> Void)?

  private final class Client {
    let connection: UnixConnection
    let session = ControlSession()
    var isPaused = false
    init(_ connection: UnixConnection) { self.connection = connection }
  }

  private let server: UnixServer
  private var clients: [Device.ClientID: Client] = [:]
  private var nextClient = 0

  init(_ loop: EventLoop, path: String, group: String?) throws(StartFailure) {
    var groupIdentifier: UInt32?
    if let group {
      groupIdentifier = UnixServer.groupIdentifier(named: group)
      guard groupIdentifier != nil else { throw .unknownGroup(group) }
    }
    do throws(ReactorFailure) {
      server = try UnixServer(loop, path: path, mode: 0o660, group: groupIdentifier)
    } catch {
      throw .reactor(error)
    }
    server.onConnection = { self.accept($0) }
  }

  func close() {
    server.close()
    for client in clients.values { client.connection.closeAfterWriting() }
    clients = [:]
  }

  func send(_ answer: Device.Answer, to request: ControlRequest, client number: Device.ClientID) {
    // It may have gone while its request was worked on.
    guard let client = clients[number] else { return }
    switch answer {
    case .result(let value): client.session.reply(value, to: request)
    case .refused(let failure): client.session.refuse(request, failure)
    case .subscribed(let status, let recent):
      client.session.subscribe(request, status: status, recent: recent)
    }
    flush(number, client)
  }

  func notify(_ event: JSONValue, unixMilliseconds: Int64) {
    for (number, client) in clients {
      client.session.notify(event, unixMilliseconds: unixMilliseconds)
      flush(number, client)
    }
  }

  private func accept(_ connection: UnixConnection) {
    guard clients.count < DeviceLimits.controlClientsMax else { return connection.close() }
    nextClient += 1
    let number = nextClient
    clients[number] = Client(connection)
    connection.onBytes = { self.receive($0, from: number) }
    connection.onDrained = { self.work(number) }
    connection.onEnd = { _ in self.forget(number) }
  }

  private func forget(_ number: Device.ClientID) {
    guard clients.removeValue(forKey: number) != nil else { return }
    onLeft?(number)
  }

  private func receive(_ bytes: [UInt8], from number: Device.ClientID) {
    guard let client = clients[number] else { return }
    client.session.receive(bytes)
    work(number)
  }

  /// Takes what the client asks as far as it reads what it is answered.
  private func work(_ number: Device.ClientID) {
    guard let client = clients[number] else { return }
    while let request = client.session.next() {
      onRequest?(request, number)
      // Answering may have ended the connection.
      guard clients[number] != nil else { return }
    }
    flush(number, client)
  }

  /// Writes when the kernel took everything before; until then the session holds what comes, within its bound.
  private func flush(_ number: Device.ClientID, _ client: Client) {
    let session = client.session
    if client.connection.bytesWaiting == 0, !session.outgoing.isEmpty {
      let bytes = session.outgoing
      session.didWrite(bytes.count)
      guard client.connection.write(bytes) else { return }
    }
    if session.shouldClose {
      client.connection.closeAfterWriting()
      forget(number)
    } else if session.wantsInput == client.isPaused {
      client.isPaused = !session.wantsInput
      if client.isPaused { client.connection.pauseReading() } else { client.connection.resumeReading() }
    }
  }
}
