import Base

@testable import WebRTC

/// The TURN server of a `StreamPeer`: asks nobody who he is, and hands what it relays to `onData`.
final class FakeRelay {
  static let address = SocketAddress(ip: IPAddress(v4: 0xCB00_7105), port: 3478)
  static let relayed = SocketAddress(ip: IPAddress(v4: 0xCB00_7105), port: 50_000)

  var isSilent = false
  private(set) var allocations = 0
  private(set) var releases = 0
  private(set) var channels: [(number: UInt16, peer: SocketAddress)] = []
  /// What a client sent to a peer.
  var onData: (([UInt8], SocketAddress) -> Void)?

  /// -> the answer to the client, if there is one.
  func handle(_ bytes: [UInt8]) -> [UInt8]? {
    if isSilent { return nil }
    if DatagramKind(bytes) == .turnChannel {
      let number = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
      let length = Int(bytes[2]) << 8 | Int(bytes[3])
      if let channel = channels.first(where: { $0.number == number }) {
        onData?(Array(bytes[4..<4 + length]), channel.peer)
      }
      return nil
    }
    guard let request = try? STUNMessage.parse(bytes) else { return nil }
    let peer = request.maskedAddress(STUNAttributeType.xorPeerAddress)
    var answer = STUNMessage(.success, method: request.method, transaction: request.transaction)
    switch request.method {
    case TURNMethod.allocate:
      allocations += 1
      answer.addMasked(STUNAttributeType.xorRelayedAddress, FakeRelay.relayed)
      answer.add(STUNAttributeType.lifetime, number32: 600)
    case TURNMethod.refresh:
      releases += 1
      answer.add(STUNAttributeType.lifetime, number32: 0)
    case TURNMethod.send:
      if let data = request.value(STUNAttributeType.data), let peer { onData?(data, peer) }
      return nil
    case TURNMethod.channelBind:
      if let number = request.value(STUNAttributeType.channelNumber), let peer {
        channels.append((UInt16(number[0]) << 8 | UInt16(number[1]), peer))
      }
    default: break
    }
    return answer.serialized()
  }

  /// What a peer sends to the relayed address, as the client gets it.
  func wrap(_ data: [UInt8], from peer: SocketAddress) -> [UInt8] {
    var message = STUNMessage(
      .indication, method: TURNMethod.data, transaction: TransactionID(high: 1, low: 2))
    message.addMasked(STUNAttributeType.xorPeerAddress, peer)
    message.add(STUNAttributeType.data, data)
    return message.serialized()
  }
}
