import Base

/// The links and addresses of this machine, as rtnetlink(7) tells them. Its messages are in the byte order of the
/// machine.
struct NetworkTable: Equatable {
  struct Link: Equatable {
    var index: UInt32
    /// Up, and there is a carrier.
    var isRunning: Bool
    /// A bridge or an end of one, as containers and virtual machines have them.
    var isInner: Bool
  }

  struct Address: Equatable {
    var link: UInt32
    var ip: IPAddress
    /// RFC 8981: changes by itself, so that nobody is followed by it.
    var isTemporary: Bool
    /// RFC 4862 §5.5.4: what is there goes on, but nothing new should begin.
    var isDeprecated: Bool
  }

  private(set) var links: [Link] = []
  private(set) var addresses: [Address] = []
  /// The answer to a question is whole, or there is none.
  private(set) var isDone = false

  func link(of address: Address) -> Link? { links.first { $0.index == address.link } }

  /// Takes what one read brought.
  mutating func read(_ bytes: [UInt8]) {
    isDone = false
    netlinkMessages(bytes) { type, body in
      switch type {
      case 2, 3: isDone = true  // NLMSG_ERROR, NLMSG_DONE
      case 16: readLink(body)
      case 20: readAddress(body)
      default: break
      }
    }
  }

  /// struct ifinfomsg, and of the attributes IFLA_LINKINFO with IFLA_INFO_KIND.
  private mutating func readLink(_ body: NativeReader) {
    guard let index = body.u32(at: 4), let flags = body.u32(at: 8),
      links.count < ReactorLimits.networkLinksMax
    else { return }
    var link = Link(index: index, isRunning: flags & 0x41 == 0x41, isInner: false)  // IFF_UP, IFF_RUNNING
    body.attributes(from: 16) { type, value in
      guard type == 18 else { return }
      value.attributes(from: 0) { type, kind in
        guard type == 1 else { return }
        link.isInner = kind.spells("bridge") || kind.spells("veth")
      }
    }
    links.append(link)
  }

  /// struct ifaddrmsg, and of the attributes IFA_LOCAL, which is ours where IFA_ADDRESS is the other end's, and
  /// IFA_FLAGS, which has more bits than the byte in the message.
  private mutating func readAddress(_ body: NativeReader) {
    guard let flagsByte = body.u8(at: 2), let link = body.u32(at: 4),
      addresses.count < ReactorLimits.interfaceAddressesMax
    else { return }
    var ip: IPAddress?
    var isLocal = false
    var flags = UInt32(flagsByte)
    body.attributes(from: 8) { type, value in
      switch type {
      case 1 where !isLocal: ip = IPAddress(bytes: value.array)
      case 2:
        ip = IPAddress(bytes: value.array)
        isLocal = true
      case 8: flags = value.u32(at: 0) ?? flags
      default: break
      }
    }
    // IFA_F_TENTATIVE without IFA_F_OPTIMISTIC, or IFA_F_DADFAILED: it cannot be used yet, or ever.
    guard let ip, flags & 0x44 != 0x40, flags & 0x08 == 0 else { return }
    addresses.append(
      Address(
        link: link, ip: ip, isTemporary: ip.family == .v6 && flags & 0x01 != 0,
        isDeprecated: flags & 0x20 != 0))
  }
}

/// Whether one of the messages tells of a link, an address or a route that came, went or changed.
func tellsOfNetworkChange(_ bytes: [UInt8]) -> Bool {
  var changed = false
  netlinkMessages(bytes) { type, _ in
    switch type {
    case 16, 17, 20, 21, 24, 25: changed = true
    default: break
    }
  }
  return changed
}

/// struct nlmsghdr, again and again.
private func netlinkMessages(_ bytes: [UInt8], _ body: (UInt16, NativeReader) -> Void) {
  let all = NativeReader(bytes: bytes, start: 0, end: bytes.count)
  var offset = 0
  while let length = all.u32(at: offset), let type = all.u16(at: offset + 4), length >= 16,
    Int(clamping: length) <= bytes.count - offset
  {
    body(type, NativeReader(bytes: bytes, start: offset + 16, end: offset + Int(length)))
    offset += (Int(length) + 3) & ~3
  }
}

/// A part of a netlink message.
private struct NativeReader {
  let bytes: [UInt8]
  let start: Int
  let end: Int

  var array: [UInt8] { Array(bytes[start..<end]) }

  func u8(at offset: Int) -> UInt8? { start + offset < end ? bytes[start + offset] : nil }

  func u16(at offset: Int) -> UInt16? { number(at: offset, UInt16.self) }
  func u32(at offset: Int) -> UInt32? { number(at: offset, UInt32.self) }

  private func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _: Number.Type) -> Number?
  {
    guard start + offset + MemoryLayout<Number>.size <= end else { return nil }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start + offset, as: Number.self) }
  }

  /// Text up to its zero.
  func spells(_ text: String) -> Bool { bytes[start..<end].prefix { $0 != 0 }.spells(text) }

  /// struct rtattr, again and again.
  func attributes(from offset: Int, _ body: (UInt16, NativeReader) -> Void) {
    var offset = offset
    while let length = u16(at: offset), let type = u16(at: offset + 2), length >= 4,
      start + offset + Int(length) <= end
    {
      // The two upper bits are flags.
      body(
        type & 0x3FFF,
        NativeReader(bytes: bytes, start: start + offset + 4, end: start + offset + Int(length)))
      offset += (Int(length) + 3) & ~3
    }
  }
}
