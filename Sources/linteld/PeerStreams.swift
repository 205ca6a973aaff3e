import Base
import LiveKit
import Reactor

/// The TCP and TLS connections of both peer connections: to the room server itself, or to a relay.
final class PeerStreams {
  struct Key: Equatable {
    var id: Int
    var peer: Room.Peer
  }

  /// 200 ms of speech. A voice that comes later than that had better not come at all.
  static let unsentMediaBytesMax = 2_048
  /// Without an answer from the other end this is minutes of questions; the connection is of no use any more.
  static let unsentBytesMax = 65_536

  var onInput: ((Room.Input) -> Void)?
  private let loop: EventLoop
  private let resolver: Resolver
  private let tls: TLSContext
  private var streams: [(key: Key, stream: ClientStream)] = []

  init(_ loop: EventLoop, resolver: Resolver, tls: TLSContext) {
    self.loop = loop
    self.resolver = resolver
    self.tls = tls
  }

  func open(_ key: Key, host: String, port: UInt16, secure: Bool) {
    let stream = ClientStream(loop, resolver: resolver, tls: tls)
    streams.append((key, stream))
    stream.onOpened = { self.opened(key) }
    stream.onBytes = { self.onInput?(.streamBytes(key.id, $0, peer: key.peer)) }
    stream.onEnd = { self.ended(key, $0) }
    stream.connect(host: host, port: port, secure: secure)
  }

  func send(_ bytes: [UInt8], isMedia: Bool, on key: Key) {
    guard let stream = streams.first(where: { $0.key == key })?.stream else { return }
    let unsent = stream.unsentBytes
    guard unsent <= (isMedia ? PeerStreams.unsentMediaBytesMax : PeerStreams.unsentBytesMax) else { return }
    // What cannot be written ends in onEnd.
    stream.write(bytes)
  }

  func close(_ key: Key) {
    for stream in streams where stream.key == key { stream.stream.close() }
    streams = streams.filter { $0.key != key }
  }

  func close(all peer: Room.Peer) {
    for stream in streams where stream.key.peer == peer { stream.stream.closeAfterWriting() }
    streams = streams.filter { $0.key.peer != peer }
  }

  private func opened(_ key: Key) {
    guard let stream = streams.first(where: { $0.key == key })?.stream else { return }
    guard let local = stream.localAddress else { return ended(key, .endOfStream) }
    onInput?(.streamOpened(key.id, local: local, peer: key.peer))
  }

  private func ended(_ key: Key, _ end: StreamEnd) {
    close(key)
    let reason =
      switch end {
      case .endOfStream: "the other end closed the connection"
      case .failed(let failure): failure.description
      }
    onInput?(.streamEnded(key.id, reason: reason, peer: key.peer))
  }
}
