import Base

@testable import WebRTC

/// A network in memory and in virtual time: it delays, loses, translates and, with the same seed, repeats itself.
final class SimulatedNetwork {
  struct Flight {
    var arrival: Instant
    var order: Int
    var datagram: [UInt8]
    var from: SocketAddress
    var to: SocketAddress
  }

  private(set) var now = Instant(microseconds: 1_000_000)
  let random: SeededRandom
  /// Of 100 datagrams so many are lost.
  var lossPercent = 0
  var delayMicroseconds = 200...400
  /// Datagrams from or to these vanish.
  var dead: Set<SocketAddress> = []
  var isCut = false
  var nats: [SimulatedNAT] = []
  private(set) var delivered = 0

  private var nodes: [AgentNode] = []
  private var services: [SocketAddress: ([UInt8], SocketAddress) -> [UInt8]?] = [:]
  private var flights: [Flight] = []
  private var order = 0

  init(seed: UInt64 = 1) { random = SeededRandom(seed: seed) }

  func add(_ node: AgentNode) { nodes.append(node) }

  /// Something that answers a datagram at once, such as a STUN server.
  func serve(_ address: SocketAddress, _ answer: @escaping ([UInt8], SocketAddress) -> [UInt8]?) {
    services[address] = answer
  }

  func send(_ datagram: [UInt8], from: SocketAddress, to: SocketAddress) {
    if isCut || dead.contains(from) || dead.contains(to) { return }
    if random.next(below: 100) < lossPercent { return }
    var source = from
    if let nat = nats.first(where: { $0.isInside(from) && !$0.isInside(to) }) {
      source = nat.outbound(from, to: to)
    }
    var destination = to
    if let nat = nats.first(where: { $0.publicIP == to.ip }) {
      guard let inside = nat.inbound(to, from: source) else { return }
      destination = inside
    } else if nats.contains(where: { $0.isInside(to) && !$0.isInside(from) }) {
      return
    }
    let span = delayMicroseconds.upperBound - delayMicroseconds.lowerBound
    let delay = delayMicroseconds.lowerBound + random.next(below: span + 1)
    order += 1
    flights.append(
      Flight(
        arrival: now.advanced(byMicroseconds: delay), order: order, datagram: datagram, from: source,
        to: destination))
  }

  /// Runs until `condition` holds; false if it did not within the time.
  @discardableResult
  func run(milliseconds: Int, until condition: () -> Bool = { false }) -> Bool {
    let end = now.advanced(byMilliseconds: milliseconds)
    while true {
      // What one agent signals is for the other to act on at once.
      while nodes.reduce(false, { node, other in other.drain(self) || node }) {}
      var next: Instant?
      for node in nodes { next = earliest(next, node.wakeAt) }
      if condition() { return true }
      for flight in flights { next = earliest(next, flight.arrival) }
      guard let next, next <= end else {
        now = end
        return condition()
      }
      now = max(now, next)
      deliverDue()
    }
  }

  private func deliverDue() {
    let due = flights.filter { $0.arrival <= now }.sorted { ($0.arrival, $0.order) < ($1.arrival, $1.order) }
    flights.removeAll { $0.arrival <= now }
    for flight in due {
      delivered += 1
      if let service = services[flight.to] {
        if let answer = service(flight.datagram, flight.from) {
          send(answer, from: flight.to, to: flight.from)
        }
      }
      for node in nodes where node.addresses.contains(flight.to) {
        node.receive(flight.datagram, from: flight.from, to: flight.to, self)
      }
    }
  }
}

/// An address translator with one public address (RFC 4787).
final class SimulatedNAT {
  let publicIP: IPAddress
  /// A mapping of its own for each destination.
  let isSymmetric: Bool
  private let insidePrefix: UInt64
  private var mappings: [(inside: SocketAddress, destination: SocketAddress?, port: UInt16)] = []
  private var permitted: Set<[SocketAddress]> = []

  /// `inside`: any address of the /24 behind it.
  init(inside: IPAddress, publicIP: IPAddress, isSymmetric: Bool = false) {
    insidePrefix = inside.low >> 8
    self.publicIP = publicIP
    self.isSymmetric = isSymmetric
  }

  func isInside(_ address: SocketAddress) -> Bool {
    address.ip.family == .v4 && address.ip.low >> 8 == insidePrefix
  }

  func outbound(_ from: SocketAddress, to: SocketAddress) -> SocketAddress {
    permitted.insert([from, to])
    let destination = isSymmetric ? to : nil
    if let known = mappings.first(where: { $0.inside == from && $0.destination == destination }) {
      return SocketAddress(ip: publicIP, port: known.port)
    }
    let port = UInt16(40000 + mappings.count)
    mappings.append((from, destination, port))
    return SocketAddress(ip: publicIP, port: port)
  }

  /// Nil: filtered, as nothing was sent to that address and port before.
  func inbound(_ to: SocketAddress, from: SocketAddress) -> SocketAddress? {
    guard let mapping = mappings.first(where: { $0.port == to.port }) else { return nil }
    if let destination = mapping.destination, destination != from { return nil }
    return permitted.contains([mapping.inside, from]) ? mapping.inside : nil
  }
}
