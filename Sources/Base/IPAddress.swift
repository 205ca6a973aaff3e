/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable {
  public enum Family: Sendable { case v4, v6 }

  public let family: Family
  /// The address as a number: 32 bits in `low` for IPv4, 128 bits for IPv6.
  public let high: UInt64
  public let low: UInt64

  public init(v4: UInt32) {
    family = .v4
    high = 0
    low = UInt64(v4)
  }

  public init(v6High: UInt64, low: UInt64) {
    family = .v6
    high = v6High
    self.low = low
  }

  /// Network byte order, 4 or 16 bytes; any other count gives nil.
  public init?(bytes: [UInt8]) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    switch bytes.count {
    case 4:
      for byte in bytes { low = low << 8 | UInt64(byte) }
      self.init(v4: UInt32(low))
    case 16:
      for byte in bytes[0..<8] { high = high << 8 | UInt64(byte) }
      for byte in bytes[8..<16] { low = low << 8 | UInt64(byte) }
      self.init(v6High: high, low: low)
    default:
      return nil
    }
  }

  /// Network byte order: 4 bytes for IPv4, 16 for IPv6.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    if family == .v6 {
      for shift in stride(from: 56, through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: high >> shift))
      }
      for shift in stride(from: 56, through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: low >> shift))
      }
    } else {
      for shift in stride(from: 24, through: 0, by: -8) {
        result.append(UInt8(truncatingIfNeeded: low >> shift))
      }
    }
    return result
  }

  public var isLoopback: Bool {
    family == .v4 ? low >> 24 == 127 : high == 0 && low == 1
  }

  /// 169.254.0.0/16 or fe80::/10, which are of no use beyond the link.
  public var isLinkLocal: Bool {
    family == .v4 ? low >> 16 == 0xA9FE : high >> 54 == 0x3FA
  }

  public var isUnspecified: Bool { high == 0 && low == 0 }
}

extension IPAddress {
  /// Parses dotted-decimal IPv4 or RFC 4291 §2.2 IPv6 text. No scope, no brackets.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    if bytes.contains(UInt8(ascii: ":")) {
      guard let (high, low) = IPAddress.parseV6(bytes) else { return nil }
      self.init(v6High: high, low: low)
    } else {
      guard let v4 = IPAddress.parseV4(bytes[...]) else { return nil }
      self.init(v4: v4)
    }
  }

  private static func parseV4(_ text: ArraySlice<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard part.count <= 3, let number = decimal(part, max: 255) else { return nil }
      value = value << 8 | UInt32(number)
    }
    return value
  }

  private static func parseV6(_ text: [UInt8]) -> (UInt64, UInt64)? {
    var groups: [UInt16] = []
    var gap: Int?
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count >= 3, parts.count <= 9 else { return nil }
    var index = 0
    // A leading or trailing "::" yields two empty parts; take them as the one gap that they are.
    if parts[0].isEmpty {
      guard parts[1].isEmpty else { return nil }
      gap = 0
      index = 2
    }
    while index < parts.count {
      let part = parts[index]
      if part.isEmpty {
        let trailing = index == parts.count - 1
        if trailing, gap == groups.count { break }
        guard gap == nil else { return nil }
        gap = groups.count
        if index == parts.count - 2, parts[index + 1].isEmpty { break }
        guard !trailing else { return nil }
      } else if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let v4 = parseV4(part) else { return nil }
        groups.append(UInt16(v4 >> 16))
        groups.append(UInt16(v4 & 0xFFFF))
      } else {
        guard part.count <= 4, let group = hexadecimal(part) else { return nil }
        groups.append(group)
      }
      index += 1
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: [UInt16](repeating: 0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for group in groups[0..<4] { high = high << 16 | UInt64(group) }
    for group in groups[4..<8] { low = low << 16 | UInt64(group) }
    return (high, low)
  }

  private static func hexadecimal(_ text: ArraySlice<UInt8>) -> UInt16? {
    var value: UInt16 = 0
    for digit in text {
      guard let nibble = hexadecimalDigitValue(digit) else { return nil }
      value = value << 4 | UInt16(nibble)
    }
    return value
  }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted decimal, or the canonical IPv6 text of RFC 5952.
  public var description: String {
    if family == .v4 { return "\(low >> 24).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)" }
    var groups: [UInt16] = []
    for word in [high, low] {
      for shift in stride(from: 48, through: 0, by: -16) {
        groups.append(UInt16(truncatingIfNeeded: word >> shift))
      }
    }
    let gap = longestRunOfZeros(groups)
    var text = ""
    var index = 0
    while index < 8 {
      if index == gap.lowerBound, !gap.isEmpty {
        text += "::"
        index = gap.upperBound
        continue
      }
      if !text.isEmpty, !text.utf8.spells("::"), text.utf8.last != UInt8(ascii: ":") {
        text += ":"
      }
      text += String(groups[index], radix: 16)
      index += 1
    }
    return text
  }

  /// RFC 5952 §4.2: only runs of two or more groups are shortened, the longest first, the first of equals.
  private func longestRunOfZeros(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > max(1, best.count) { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}

/// An address and a UDP or TCP port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  public let ip: IPAddress
  public let port: UInt16

  public init(ip: IPAddress, port: UInt16) {
    self.ip = ip
    self.port = port
  }

  /// `192.0.2.1:3478` or `[2001:db8::1]:3478`.
  public var description: String { ip.family == .v4 ? "\(ip):\(port)" : "[\(ip)]:\(port)" }
}

extension SocketAddress {
  /// Reads what `description` writes; nil if it is anything else. Port 0 is none.
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), colon > 0,
      let port = portNumber(bytes[(colon + 1)...])
    else { return nil }
    var host = bytes[..<colon]
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard let ip = IPAddress(String(decoding: host, as: UTF8.self)), (ip.family == .v6) == isBracketed else {
      return nil
    }
    self.init(ip: ip, port: port)
  }
}
