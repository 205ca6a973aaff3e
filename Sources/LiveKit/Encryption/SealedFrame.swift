import Base
import WebRTC

/// One frame of sound as it travels: a clear byte (what an Opus frame is, RFC 6716 §3.1), the encrypted rest, the tag,
/// the IV, and two bytes that say how long that is and which key of the ring it was. A packet has the same without the
/// clear byte, in fields.
enum SealedFrame {
  static let clearBytes = 1
  /// Behind the tag: the IV, its length, the index of the key.
  static let trailerBytes = GaloisCipher.ivBytes + 2
  static let overheadBytes = GaloisCipher.tagBytes + trailerBytes

  /// Which key it was; nil: it is no such frame.
  static func keyIndex(_ frame: [UInt8]) -> Int? {
    guard frame.count >= clearBytes + overheadBytes,
      frame[frame.count - 2] == UInt8(GaloisCipher.ivBytes)
    else { return nil }
    return Int(frame[frame.count - 1])
  }

  /// Writes a frame, sealed, into `sealed`, which keeps its memory from frame to frame. The frame is not empty.
  static func seal(
    _ frame: [UInt8], iv: (UInt64, UInt32), index: Int, with cipher: GaloisCipher, into sealed: inout [UInt8]
  ) -> Bool {
    let text = frame.count
    return frame.withUnsafeBufferPointer { frame in
      guard let plain = frame.baseAddress else { return false }
      resize(&sealed, text + overheadBytes, frame)
      return sealed.withUnsafeMutableBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return false }
        let tag = start + text
        let end = UnsafeMutableRawPointer(tag + GaloisCipher.tagBytes)
        end.storeBytes(of: iv.0.bigEndian, as: UInt64.self)
        end.storeBytes(of: iv.1.bigEndian, toByteOffset: 8, as: UInt32.self)
        end.storeBytes(of: UInt8(GaloisCipher.ivBytes), toByteOffset: 12, as: UInt8.self)
        end.storeBytes(of: UInt8(truncatingIfNeeded: index), toByteOffset: 13, as: UInt8.self)
        start[0] = plain[0]
        return cipher.run(
          iv: tag + GaloisCipher.tagBytes, clear: plain, input: plain + clearBytes, count: text - clearBytes,
          output: start + clearBytes, tag: tag, encrypts: true)
      }
    }
  }

  /// To be written over. The library copies byte by byte, so only what is missing since the last frame is filled in.
  private static func resize(_ bytes: inout [UInt8], _ count: Int, _ filler: UnsafeBufferPointer<UInt8>) {
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    while bytes.count < count {
      let missing = min(count - bytes.count, filler.count)
      bytes.append(contentsOf: UnsafeBufferPointer(start: filler.baseAddress, count: missing))
    }
  }

  /// Writes what a frame holds into `opened`. False if the key is another one, or the frame is none.
  static func open(_ frame: [UInt8], with cipher: GaloisCipher, into opened: inout [UInt8]) -> Bool {
    guard keyIndex(frame) != nil else { return false }
    let text = frame.count - overheadBytes
    return frame.withUnsafeBufferPointer { frame in
      guard let sealed = frame.baseAddress else { return false }
      resize(&opened, text, frame)
      return opened.withUnsafeMutableBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return false }
        start[0] = sealed[0]
        return cipher.run(
          iv: sealed + text + GaloisCipher.tagBytes, clear: sealed, input: sealed + clearBytes,
          count: text - clearBytes, output: start + clearBytes,
          tag: UnsafeMutablePointer(mutating: sealed + text),
          encrypts: false)
      }
    }
  }

  /// The same for a packet: the encrypted text, then the tag.
  static func seal(_ packet: [UInt8], iv: [UInt8], with cipher: GaloisCipher) -> [UInt8]? {
    var sealed = packet + [UInt8](repeating: 0, count: GaloisCipher.tagBytes)
    let count = packet.count
    let isSealed = sealed.withUnsafeMutableBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return false }
      return cipher.run(
        iv: iv, clear: nil, input: start, count: count, output: start, tag: start + count, encrypts: true)
    }
    return isSealed ? sealed : nil
  }

  static func open(_ sealed: [UInt8], iv: [UInt8], with cipher: GaloisCipher) -> [UInt8]? {
    guard iv.count == GaloisCipher.ivBytes, sealed.count >= GaloisCipher.tagBytes else { return nil }
    var opened = sealed
    let count = sealed.count - GaloisCipher.tagBytes
    let isOpen = opened.withUnsafeMutableBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return false }
      return cipher.run(
        iv: iv, clear: nil, input: start, count: count, output: start, tag: start + count, encrypts: false)
    }
    guard isOpen else { return nil }
    opened.removeLast(GaloisCipher.tagBytes)
    return opened
  }

  static func bytes(of iv: (UInt64, UInt32)) -> [UInt8] {
    var bytes: [UInt8] = []
    append(iv, to: &bytes)
    return bytes
  }

  private static func append(_ iv: (UInt64, UInt32), to bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: iv.0 >> shift))
    }
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: iv.1 >> shift))
    }
  }
}

/// Frames that the server puts into an encrypted track by itself, as while it is muted: what is known to be silence,
/// and the room's trailer behind it. Anything else with that trailer could be anybody's words.
enum InjectedFrame {
  private static let silenceBytes = 80
  private static let silence: [UInt8] = [0xF8, 0xFF, 0xFE]

  static func has(_ trailer: [UInt8], _ frame: [UInt8]) -> Bool {
    guard !trailer.isEmpty, frame.count >= trailer.count else { return false }
    let start = frame.count - trailer.count
    // The last byte differs in nearly every other frame.
    guard frame[frame.count - 1] == trailer[trailer.count - 1] else { return false }
    for index in trailer.indices where frame[start + index] != trailer[index] { return false }
    return true
  }

  /// Of what has it.
  static func isSilence(_ frame: [UInt8], trailer: [UInt8]) -> Bool {
    guard frame.count == silenceBytes + trailer.count else { return false }
    for index in 0..<silenceBytes where frame[index] != (index < silence.count ? silence[index] : 0) {
      return false
    }
    return true
  }
}
