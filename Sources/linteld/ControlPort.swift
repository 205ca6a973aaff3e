import Base
import CLinux
import Configuration
import Control
import Device
import JSON
import Reactor
import System

/// The technician's socket: clients in, requests to the device, answers and events back.
final class ControlPort {
  var onRequest: ((ControlRequest, Device.ClientID) -> Void)?
  /// A client has gone.
  var onLeft: ((Device.ClientID) -> Void)?

  private final class Client {
    let connection: StreamSocket
    let session = ControlSession()
    let rights: ClientRights
    var isPaused = false
    init(_ connection: StreamSocket, _ rights: ClientRights) {
      self.connection = connection
      self.rights = rights
    }
  }

  private let server: StreamServer
  private var clients: [Device.ClientID: Client] = [:]
  private var nextClient = 0
  private let adminGroup: String?
  private let adminGroupIdentifier: UInt32?

  init(_ loop: EventLoop, _ settings: ControlSettings) throws(StartFailure) {
    // There were such groups when the configuration was read; without one the socket is the daemon's own.
    let group = settings.group.flatMap { groupIdentifier(named: $0) }
    adminGroup = settings.adminGroup
    adminGroupIdentifier = settings.adminGroup.flatMap { groupIdentifier(named: $0) }
    do throws(ReactorFailure) {
      if let passed = ServiceManager.takeControlSocket() {
        server = try StreamServer(loop, listening: passed, path: settings.socket)
        Self.tellUnused(settings, path: Self.path(of: passed))
      } else {
        server = try StreamServer(loop, path: settings.socket, mode: 0o660, group: group)
      }
    } catch {
      throw .reactor(error)
    }
    server.onConnection = { self.accept($0) }
  }

  /// A socket that was passed has its path and its group from whoever made it.
  private static func tellUnused(_ settings: ControlSettings, path: String) {
    if settings.socket != path {
      Journal.write(
        .warning,
        "[control] socket = \(settings.socket) does not count: systemd listens at \(path) (linteld.socket)")
    }
    if let group = settings.group {
      Journal.write(
        .warning,
        "[control] group = \(group) does not count: systemd made the socket (SocketGroup= of linteld.socket)")
    }
  }

  private static func path(of descriptor: Int32) -> String {
    var path = [CChar](repeating: 0, count: 108)
    lintel_socket_path(descriptor, &path, path.count)
    return path.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
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

  private func accept(_ connection: StreamSocket) {
    guard clients.count < DeviceLimits.controlClientsMax else {
      let words = "\(clients.count) clients are connected already, which is as many as there may be"
      connection.write(Reply.failure(.failed(code: "too-many-clients", message: words), to: .null))
      return connection.closeAfterWriting()
    }
    nextClient += 1
    let number = nextClient
    clients[number] = Client(connection, rights(of: connection))
    connection.onBytes = { self.receive($0, from: number) }
    connection.onDrained = { self.work(number) }
    connection.onEnd = { _ in self.forget(number) }
  }

  private func rights(of connection: StreamSocket) -> ClientRights {
    ClientRights(
      user: connection.peerCredentials?.userIdentifier ?? UInt32.max, groups: connection.peerGroups,
      owner: geteuid(), adminGroup: adminGroupIdentifier)
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
      if let refusal = client.rights.refusal(of: request.request, adminGroup: adminGroup) {
        client.session.refuse(request, refusal)
        continue
      }
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
