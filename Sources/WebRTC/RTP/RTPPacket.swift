import Base

/// An RTP packet (RFC 3550 §5.1) with its header extensions (RFC 8285).
struct RTPPacket: Equatable, Sendable {
  struct ExtensionElement: Equatable, Sendable {
    /// As `a=extmap` numbers it.
    var id: UInt8
    var value: [UInt8]
  }

  var marker = false
  var payloadType: UInt8
  var sequence: UInt16
  var timestamp: UInt32
  var ssrc: UInt32
  var contributors: [UInt32] = []
  var extensions: [ExtensionElement] = []
  var payload: [UInt8]

  func extensionValue(_ id: UInt8?) -> [UInt8]? {
    guard let id, !extensions.isEmpty else { return nil }
    return extensions.first { $0.id == id }?.value
  }
}

/// True for RTCP, false for RTP, on a port that carries both (RFC 5761 §4).
func isControlPacket(_ packet: [UInt8]) -> Bool {
  packet.count >= 2 && (192...223).contains(packet[1])
}

extension RTPPacket {
  /// Reads a decrypted packet. Extensions of an unknown form are skipped, padding is removed.
  static func parse(_ bytes: [UInt8]) throws(RTPFailure) -> RTPPacket {
    guard let first = bytes.first else { throw .truncated }
    guard first >> 6 == 2 else { throw .version }
    var packet: RTPPacket
    do throws(ByteError) { packet = try parse(first, ByteReader(bytes, from: 1, to: bytes.count)) } catch {
      throw .truncated
    }
    if first & 0x20 != 0 {
      let padding = Int(packet.payload.last ?? 0)
      guard padding > 0, padding <= packet.payload.count else { throw .padding }
      packet.payload.removeLast(padding)
    }
    return packet
  }

  private static func parse(_ first: UInt8, _ rest: ByteReader) throws(ByteError) -> RTPPacket {
    var reader = rest
    let second = try reader.u8()
    var packet = RTPPacket(
      marker: second & 0x80 != 0, payloadType: second & 0x7F, sequence: try reader.u16(),
      timestamp: try reader.u32(), ssrc: try reader.u32(), payload: [])
    for _ in 0..<first & 15 { packet.contributors.append(try reader.u32()) }
    if first & 0x10 != 0 {
      let profile = try reader.u16()
      let length = Int(try reader.u16()) * 4
      packet.extensions = parseExtensions(try reader.slice(length), profile: profile)
    }
    packet.payload = reader.rest()
    return packet
  }

  /// RFC 8285 §4.2 and §4.3. An element that runs over the end hides itself and what follows, not the packet.
  private static func parseExtensions(_ elements: ByteReader, profile: UInt16) -> [ExtensionElement] {
    let isOneByte = profile == 0xBEDE
    guard isOneByte || profile >> 4 == 0x100 else { return [] }
    var reader = elements
    var found: [ExtensionElement] = []
    while !reader.isAtEnd, found.count < Limits.rtpExtensionsMax {
      guard let first = try? reader.u8() else { break }
      if first == 0 { continue }
      var id = first
      var length: UInt8
      if isOneByte {
        id = first >> 4
        length = (first & 15) + 1
        // §4.2: id 15 is reserved and ends the list; id 0 with a length is padding that went wrong.
        if id == 15 || id == 0 { break }
      } else {
        guard let second = try? reader.u8() else { break }
        length = second
      }
      guard let value = try? reader.take(Int(length)) else { break }
      found.append(ExtensionElement(id: id, value: value))
    }
    return found
  }

  /// In network form, without padding. `tagBytes` are reserved at the end for SRTP to append to.
  func serialized(tagBytes: Int = 0) -> [UInt8] {
    let block = extensionBlock()
    var writer = ByteWriter(capacity: 12 + contributors.count * 4 + block.count + payload.count + tagBytes)
    writer.u8(0x80 | (block.isEmpty ? 0 : 0x10) | UInt8(contributors.count & 15))
    writer.u8(payloadType & 0x7F | (marker ? 0x80 : 0))
    writer.u16(sequence)
    writer.u32(timestamp)
    writer.u32(ssrc)
    for contributor in contributors.prefix(15) { writer.u32(contributor) }
    writer.append(block)
    writer.append(payload)
    return writer.bytes
  }

  private func extensionBlock() -> [UInt8] {
    guard !extensions.isEmpty else { return [] }
    // The two-byte form is for what the one-byte form cannot say (RFC 8285 §4.1.2).
    let isOneByte = extensions.allSatisfy { $0.id <= 14 && (1...16).contains($0.value.count) }
    var writer = ByteWriter(capacity: 32)
    writer.u16(isOneByte ? 0xBEDE : 0x1000)
    writer.u16(0)
    for element in extensions {
      if isOneByte {
        writer.u8(element.id << 4 | UInt8(element.value.count - 1))
      } else {
        writer.u8(element.id)
        writer.u8(UInt8(min(element.value.count, 255)))
      }
      writer.append(element.value.prefix(255))
    }
    writer.pad(toMultipleOf: 4)
    writer.patch(UInt16(writer.count / 4 - 1), at: 2)
    return writer.bytes
  }
}

/// RFC 6464 §3: the level of the sound in one packet.
struct AudioLevel: Equatable, Sendable {
  /// -dBov: 0 is the loudest, 127 silence.
  var level: UInt8
  var voice: Bool

  init(level: UInt8, voice: Bool) {
    self.level = min(level, 127)
    self.voice = voice
  }

  init?(_ value: [UInt8]) {
    guard let byte = value.first else { return nil }
    level = byte & 0x7F
    voice = byte & 0x80 != 0
  }

  var value: [UInt8] { [level | (voice ? 0x80 : 0)] }
}

/// Why a decrypted packet could not be read.
enum RTPFailure: Error, Equatable, Sendable {
  case truncated
  case version
  case padding
  /// The lengths inside a compound RTCP packet contradict each other.
  case inconsistent

  var description: String {
    switch self {
    case .truncated: "the packet ends within a field"
    case .version: "not RTP version 2"
    case .padding: "more padding than packet"
    case .inconsistent: "the lengths in the packet contradict each other"
    }
  }
}
