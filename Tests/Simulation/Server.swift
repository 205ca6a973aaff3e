import Base

@testable import LiveKit

/// The room server, as far as the device can tell: signalling of both versions, media, who is in the room.
final class Server {
  let clock: Clockwork
  let link: Link
  var isUp = true
  var isOld = false
  var refuses = 0
  /// Of each message.
  var slowMilliseconds = 0
  var forgets = false
  private(set) var goodSince: Instant?
  var session: ServerSession?
  var guests: [Guest] = []
  var peers: [(address: SocketAddress, peer: ModelPeer)] = []
  var nextPort: UInt16 = 40_000
  private var nextName = 0
  /// What the device hears of the server: a whole message, the end of a connection.
  var onMessage: (([UInt8], ServerConnection) -> Void)?
  var onClosed: ((ServerConnection, UInt16, String) -> Void)?
  var onDatagram: (([UInt8], SocketAddress, SocketAddress) -> Void)?
  /// The world's.
  var onJoined: ((ServerSession) -> Void)?
  var onGone: ((String) -> Void)?
  var onAudio: (([UInt8]) -> Void)?
  var onData: ((DataPacket) -> Void)?
  /// Of the wall clock, which the server has right.
  var unixSeconds: () -> Int64 = { 0 }

  init(_ clock: Clockwork, _ link: Link) {
    self.clock = clock
    self.link = link
    goodSince = clock.now
    housekeep()
  }

  func disturbed() { goodSince = clock.now }
  func changed() { goodSince = isUp && refuses == 0 && slowMilliseconds < 1_500 ? clock.now : nil }

  func name(_ prefix: String) -> String {
    nextName += 1
    return "\(prefix)_\(nextName)"
  }

  // MARK: - Connections

  /// What an upgrade comes to.
  enum Dialled {
    case opened(ServerConnection)
    case refused(TransportFailure)
    case silence
  }

  func dialled(_ number: Int, url: String, token: String) -> Dialled {
    guard isUp else { return .refused(.refused("nothing listens there")) }
    if refuses > 0 { return .refused(.http(status: refuses, body: Array("no".utf8))) }
    if isOld, JoinURL(url).isOne {
      return .refused(.http(status: 404, body: Array("404 page not found".utf8)))
    }
    guard let access = try? AccessToken(token) else {
      return .refused(.http(status: 401, body: Array("invalid token".utf8)))
    }
    if let end = access.expires, end < unixSeconds() {
      return .refused(.http(status: 401, body: Array("token is expired".utf8)))
    }
    let connection = ServerConnection(number, clock, link)
    connection.toDevice.onBroken = { self.broken(connection) }
    clock.after(slowMilliseconds) { self.opened(connection, url) }
    return .opened(connection)
  }

  private func broken(_ connection: ServerConnection) {
    connection.isOpen = false
    if connection.session?.connection === connection { connection.session?.connection = nil }
  }

  private func opened(_ connection: ServerConnection, _ url: String) {
    guard isUp, connection.isOpen else { return close(connection, 1006, "") }
    let request = JoinURL(url)
    if let sid = request.resumes { return resume(sid, connection) }
    if let session { end(session, leave: Wire().number(2, 2).number(3, 0)) }
    join(request, connection)
  }

  func send(_ wire: Wire, _ connection: ServerConnection?) {
    guard let connection, connection.isOpen else { return }
    connection.toDevice.send { self.onMessage?(wire.bytes, connection) }
  }

  func close(_ connection: ServerConnection?, _ code: UInt16, _ reason: String) {
    guard let connection, connection.isOpen else { return }
    connection.isOpen = false
    connection.toServer.close()
    connection.toDevice.send { self.onClosed?(connection, code, reason) }
  }

  /// From the device; what it sends arrives here after its way.
  func received(_ bytes: [UInt8], _ connection: ServerConnection) {
    let delay = slowMilliseconds == 0 ? 0 : clock.draw(0...slowMilliseconds)
    clock.after(delay) {
      guard self.isUp, let session = connection.session, session === self.session,
        let fields = Fields(bytes), let field = fields.all.first
      else { return }
      session.heardAt = self.clock.now
      self.handle(field.number, fields.message(field.number), session)
    }
  }

  func connectionGone(_ connection: ServerConnection) {
    connection.isOpen = false
    connection.toDevice.close()
    if connection.session?.connection === connection { connection.session?.connection = nil }
  }
}
