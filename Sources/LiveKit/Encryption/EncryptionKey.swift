import Base
import COpenSSL

/// What `[e2ee] mode` asks for.
public enum EncryptionMode: Equatable, Sendable {
  case off
  /// What we send is encrypted; what comes in the clear is taken, too.
  case wanted
  /// What comes in the clear is refused.
  case required

  /// Why a track is not played; nil: it is.
  func refusal(of track: RemoteTrack) -> String? {
    if track.isEncrypted, self == .off { return "it is encrypted, and [e2ee] mode is off" }
    if !track.isEncrypted, self == .required { return "it is not encrypted, and [e2ee] mode is required" }
    return nil
  }
}

/// What is encrypted from end to end, and with what.
public struct EncryptionSettings: Equatable, Sendable {
  public var mode = EncryptionMode.off
  public var keys: [EncryptionKey] = []
  /// The place in the ring of what we encrypt with.
  public var index = 0

  public init() {}

  /// Tells the same keys from others, and nothing of what they are; empty without any. Two devices that understand each
  /// other by one passphrase show the same.
  public var fingerprint: String {
    guard !keys.isEmpty else { return "" }
    var text = Array("lintel-fingerprint".utf8)
    // In an order of its own, as a file may be sorted otherwise.
    for key in keys.sorted(by: { $0.place.lexicographicallyPrecedes($1.place) }) {
      text += [UInt8(truncatingIfNeeded: key.place.count)] + key.place + key.key
    }
    var words = ""
    for (index, byte) in sha256(text).prefix(8).enumerated() {
      words += (index > 0 && index % 2 == 0 ? "-" : "") + hexadecimal([byte])
    }
    return words
  }
}

/// One key of the ring: what was agreed on, and what is encrypted with.
public struct EncryptionKey: Equatable, Sendable {
  /// Whose it is; nil: of everybody who has none of his own.
  public let owner: Name?
  /// Its place in the ring.
  public let index: Int
  /// What it was derived from, and the next one is.
  let material: [UInt8]
  /// 16 or 32 bytes.
  let key: [UInt8]

  /// Places of a participant's ring.
  public static let ringSize = 16
  private static let salt = Array("LKFrameEncryptionKey".utf8)
  private static let iterations: Int32 = 100_000
  private static let materialBytes = 32

  /// A key that was stretched from its material, of 16 or 32 bytes; nil for one that is none.
  public init?(owner: Name?, index: Int, material: [UInt8], key: [UInt8]) {
    guard key.count == 16 || key.count == 32 else { return nil }
    self.owner = owner
    self.index = index & (Self.ringSize - 1)
    self.material = material
    self.key = key
  }

  /// The one that follows when its owner ratchets.
  public func ratcheted() -> EncryptionKey? {
    let next = Self.stretched(material, bytes: Self.materialBytes)
    let bytes = Self.stretched(next, bytes: key.count)
    return EncryptionKey(owner: owner, index: index, material: next, key: bytes)
  }

  /// As LiveKit's clients make a key of a passphrase: PBKDF2 (RFC 8018 §5.2) with HMAC-SHA256, which takes some tens of
  /// milliseconds and therefore happens apart from the loop. Empty if the library refuses.
  public static func stretched(_ material: [UInt8], bytes: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      let isDone = material.withUnsafeBytes { material in
        PKCS5_PBKDF2_HMAC(
          material.bindMemory(to: CChar.self).baseAddress, CInt(material.count), salt, CInt(salt.count),
          iterations, EVP_sha256(), CInt(bytes), buffer.baseAddress)
      }
      count = isDone == 1 ? bytes : 0
    }
  }

  fileprivate var place: [UInt8] { [UInt8(index)] + (owner?.bytes ?? []) }
}

/// SHA-256 (FIPS 180-4). Empty if the library refuses.
private func sha256(_ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    var length: UInt32 = 0
    let done = EVP_Digest(message, message.count, buffer.baseAddress, &length, EVP_sha256(), nil)
    count = done == 1 ? Int(length) : 0
  }
}
