import Base

/// What takes the place of SDP between two `ModelPeer`s. The room and the server pass it on unread.
struct ModelDescription {
  struct Section: Equatable {
    var mid: String
    var isActive: Bool
    var stream: String
    var track: String
  }

  /// New with every ICE restart.
  var generation: Int
  var fingerprint: Int
  var addresses: [SocketAddress] = []
  var sections: [Section] = []
  var receivers = 0

  var text: String {
    var text = "model \(generation) \(fingerprint) \(receivers)\n"
    for address in addresses {
      var number: UInt32 = 0
      for byte in address.ip.bytes.suffix(4) { number = number << 8 | UInt32(byte) }
      text += "a \(number) \(address.port)\n"
    }
    for section in sections {
      text += "s \(section.mid) \(section.isActive ? 1 : 0) \(section.stream) \(section.track)\n"
    }
    return text
  }

  init(generation: Int, fingerprint: Int, addresses: [SocketAddress], sections: [Section], receivers: Int) {
    self.generation = generation
    self.fingerprint = fingerprint
    self.addresses = addresses
    self.sections = sections
    self.receivers = receivers
  }

  init?(_ text: String) {
    generation = 0
    fingerprint = 0
    var isModel = false
    for line in Array(text.utf8).split(separator: 0x0A) {
      let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
      switch words.first {
      case "model":
        guard words.count == 4, let one = Int(words[1]), let two = Int(words[2]), let three = Int(words[3])
        else { return nil }
        (generation, fingerprint, receivers) = (one, two, three)
        isModel = true
      case "a":
        guard words.count == 3, let number = UInt32(words[1]), let port = UInt16(words[2]) else { return nil }
        addresses.append(SocketAddress(ip: IPAddress(v4: number), port: port))
      case "s":
        guard words.count == 5 else { return nil }
        sections.append(.init(mid: words[1], isActive: words[2] == "1", stream: words[3], track: words[4]))
      default: return nil
      }
    }
    guard isModel else { return nil }
  }
}

/// One datagram between two `ModelPeer`s.
struct ModelPacket {
  enum Kind: UInt8 {
    case check = 1
    case checked, hello, helloBack, finished, audio, data, ack, bye
  }

  var kind: Kind
  /// Generations, as the user names of STUN; who sends, as the keys of DTLS.
  var to: Int
  var from: Int
  var sender: Int
  var payload: [UInt8]

  init(kind: Kind, to: Int, from: Int, sender: Int, payload: [UInt8]) {
    self.kind = kind
    self.to = to
    self.from = from
    self.sender = sender
    self.payload = payload
  }

  var bytes: [UInt8] {
    var bytes = [kind.rawValue]
    for number in [to, from, sender] {
      for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
    return bytes + payload
  }

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 13, let kind = Kind(rawValue: bytes[0]) else { return nil }
    self.kind = kind
    func number(_ at: Int) -> Int {
      Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
    }
    (to, from, sender) = (number(1), number(5), number(9))
    payload = Array(bytes[13...])
  }
}

/// A reliable channel: numbered, kept until it is acknowledged, handed over in order. The lossy one is not repeated.
struct ModelChannel {
  let label: String
  var isOpen = false
  private(set) var waiting: [(number: Int, bytes: [UInt8])] = []
  private(set) var buffered = 0
  private var next = 1
  private var received = 0
  private var early: [(number: Int, message: [UInt8])] = []

  init(label: String) { self.label = label }

  private var isReliable: Bool { label == "_reliable" }

  mutating func packet(_ message: [UInt8], _ index: Int) -> [UInt8] {
    let bytes = [UInt8(index)] + Self.bytes(next) + message
    if isReliable {
      waiting.append((next, bytes))
      buffered += bytes.count
    }
    next += 1
    return bytes
  }

  mutating func receive(_ payload: [UInt8]) -> [[UInt8]] {
    guard payload.count >= 5 else { return [] }
    let (number, message) = (Self.number(payload), Array(payload[5...]))
    guard isReliable else { return [message] }
    guard number > received, number < received + 256, !early.contains(where: { $0.number == number }) else {
      return []
    }
    early.append((number, message))
    var messages: [[UInt8]] = []
    while let index = early.firstIndex(where: { $0.number == received + 1 }) {
      messages.append(early.remove(at: index).message)
      received += 1
    }
    return messages
  }

  func acknowledgement(_ index: Int) -> [UInt8] { [UInt8(index)] + Self.bytes(received) }

  mutating func acknowledged(_ payload: [UInt8]) {
    guard payload.count >= 5 else { return }
    let number = Self.number(payload)
    while let first = waiting.first, first.number <= number {
      buffered -= first.bytes.count
      waiting.removeFirst()
    }
  }

  private static func bytes(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
  private static func number(_ bytes: [UInt8]) -> Int {
    Int(bytes[1]) << 24 | Int(bytes[2]) << 16 | Int(bytes[3]) << 8 | Int(bytes[4])
  }
}
