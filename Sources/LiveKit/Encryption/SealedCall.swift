import Base
import WebRTC

/// A room with one participant who has our passphrase, as far as frames go: what `board/bench audio` counts. It is not
/// part of the daemon.
package final class SealedCall {
  private let room: Room

  /// A key of 16 or 32 bytes; nil if this machine has no ciphers.
  package init?(keyBytes: Int) {
    guard let certificate = try? Certificate(),
      let key = EncryptionKey(
        owner: nil, index: 0, material: [], key: [UInt8](repeating: 1, count: keyBytes))
    else { return nil }
    room = Room(
      configuration: .init(certificate: certificate, productVersion: ""), random: SeededRandom(seed: 1))
    var settings = EncryptionSettings()
    settings.mode = .required
    settings.keys = [key]
    room.core.encryption = Encryption(settings)
    room.core.encryption.chooseOwn("a")
    // A server sends one, and every frame is compared with it.
    room.core.encryption.trailer = Array("the end of what a server makes".utf8)
    let subscription = Subscription(
      trackSID: "TR_A", participantSID: "PA_A", identity: "a", slot: 0, mid: "0", isEncrypted: true)
    room.core.encryption.subscribed(subscription)
  }

  /// What leaves in place of a frame.
  package func seal(_ frame: [UInt8]) -> [UInt8] { room.core.encryption.seal(frame, room.random) ?? [] }

  /// What is heard of it.
  package func open(_ frame: [UInt8]) -> [UInt8] {
    room.opened(ReceivedAudio(slot: 0, sequence: 0, timestamp: 0, payload: frame))?.payload ?? []
  }
}
