import Base
import CLinux
import Testing

@testable import Reactor

/// Which addresses are used, and which of them first.
@Suite struct NetworkTests {
  /// A machine with interfaces that are numbered from 1.
  private struct Machine {
    var message: [UInt8] = []
    var links: UInt32 = 0

    /// An interface with its addresses; flags of an address behind a slash.
    mutating func add(kind: String = "", isRunning: Bool = true, _ addresses: String...) {
      links += 1
      let flags: UInt32 = isRunning ? 0x1_0043 : 0x1003
      let detail = kind.isEmpty ? [] : attribute(18, attribute(1, Array(kind.utf8) + [0]))
      append(16, [0, 0] + bytes(UInt16(1)) + bytes(links) + bytes(flags) + bytes(UInt32(0)) + detail)
      for text in addresses {
        let parts = text.split(separator: "/")
        guard let ip = IPAddress(String(parts[0])) else { return #expect(Bool(false), "\(text)") }
        let flags = parts.count > 1 ? UInt32(parts[1], radix: 16) ?? 0 : 0
        let family: UInt8 = ip.family == .v4 ? 2 : 10
        append(
          20,
          [family, 24, UInt8(truncatingIfNeeded: flags), 0] + bytes(links) + attribute(1, ip.bytes)
            + attribute(8, bytes(flags)))
      }
    }

    mutating func append(_ type: UInt16, _ body: [UInt8]) {
      message += bytes(UInt32(16 + body.count)) + bytes(type) + bytes(UInt16(2)) + bytes(UInt32(0))
      message += bytes(UInt32(0)) + body
      while message.count % 4 != 0 { message.append(0) }
    }

    func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
      let whole = bytes(UInt16(4 + value.count)) + bytes(type) + value
      return whole + [UInt8](repeating: 0, count: (4 - whole.count % 4) % 4)
    }

    func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number) { Array($0) }
    }

    func interfaces(defaults: [String] = [], includeLoopback: Bool = false) -> NetworkInterfaces {
      var table = NetworkTable()
      table.read(message)
      return NetworkInterfaces(
        table, defaults: defaults.compactMap { IPAddress($0) }, includeLoopback: includeLoopback)
    }
  }

  private func words(_ addresses: [IPAddress]) -> String { addresses.map { "\($0)" }.joined(separator: " ") }

  @Test func order() {
    var machine = Machine()
    machine.add("127.0.0.1", "::1")
    machine.add("fe80::1", "169.254.3.4", "fd00::1", "2001:db8::1", "2001:db8::2/1", "10.0.0.2", "10.0.0.2")
    let best = "10.0.0.2 2001:db8::2 2001:db8::1 fd00::1 169.254.3.4"
    #expect(words(machine.interfaces().best) == best)
    #expect(words(machine.interfaces(includeLoopback: true).best) == best + " 127.0.0.1 ::1")
    // The way out comes first, whatever it is.
    let out = machine.interfaces(defaults: ["169.254.3.4", "fd00::1"])
    #expect(words(out.best) == "169.254.3.4 fd00::1 10.0.0.2 2001:db8::2 2001:db8::1")
    #expect(out.present == out.best)
  }

  @Test func sixteenBridgesDoNotComeFirst() {
    var machine = Machine()
    machine.add("127.0.0.1")
    for number in 1...16 { machine.add(kind: "bridge", "172.\(number).0.1") }
    machine.add(kind: "veth", "192.168.9.1")
    machine.add("192.0.2.7")
    #expect(machine.interfaces().best.first == IPAddress("192.0.2.7"))
    // Where the way out is a bridge, as on a host of virtual machines, or in a container, it is first.
    #expect(
      words(machine.interfaces(defaults: ["172.3.0.1"]).best).hasPrefix("172.3.0.1 192.0.2.7 172.1.0.1"))
    #expect(words(machine.interfaces(defaults: ["192.168.9.1"]).best).hasPrefix("192.168.9.1 192.0.2.7"))
  }

  @Test func onlyIPv6() {
    var machine = Machine()
    machine.add("127.0.0.1", "::1")
    machine.add("fe80::1", "2001:db8::5", "fd00::5")
    #expect(words(machine.interfaces(defaults: ["2001:db8::5"]).best) == "2001:db8::5 fd00::5")
  }

  /// Flags of rtnetlink(7): tentative, duplicate, deprecated, optimistic.
  @Test(arguments: [
    ("40", "", ""), ("08", "", ""), ("20", "", "2001:db8::9"), ("44", "2001:db8::9", "2001:db8::9"),
  ])
  func addressesThatAreNotToBeUsed(flags: String, best: String, present: String) {
    var machine = Machine()
    machine.add("2001:db8::9/\(flags)")
    #expect(words(machine.interfaces().best) == best)
    #expect(words(machine.interfaces().present) == present)
  }

  /// A cable that is out counts if there is nothing better.
  @Test func withoutCarrier() {
    var machine = Machine()
    machine.add("127.0.0.1")
    machine.add(isRunning: false, "192.0.2.1")
    #expect(words(machine.interfaces().best) == "192.0.2.1")
    machine.add("198.51.100.1")
    #expect(words(machine.interfaces().present) == "198.51.100.1")
    #expect(words(Machine().interfaces().best) == "")
    var alone = Machine()
    alone.add("127.0.0.1")
    #expect(words(alone.interfaces().best) == "127.0.0.1")
  }

  @Test func pointToPoint() {
    var machine = Machine()
    machine.links = 1
    // IFA_LOCAL is ours, IFA_ADDRESS the other end's.
    let link = machine.bytes(UInt32(1))
    machine.append(
      20, [2, 32, 0, 0] + link + machine.attribute(2, [10, 0, 0, 1]) + machine.attribute(1, [10, 0, 0, 2]))
    #expect(words(machine.interfaces().best) == "10.0.0.1")
  }

  @Test func malformedMessages() {
    var machine = Machine()
    machine.add(kind: "bridge", "192.0.2.1", "2001:db8::1")
    for count in 0..<machine.message.count {
      var table = NetworkTable()
      table.read(Array(machine.message.prefix(count)))
      #expect(table.addresses.count <= 1)
      #expect(!table.isDone)
    }
    for length in [0, 1, 15, 0xFFFF_FFFF] as [UInt32] {
      var table = NetworkTable()
      table.read(machine.bytes(length) + machine.message.dropFirst(4))
      #expect(table == NetworkTable())
    }
  }

  @Test func messagesOfAChange() {
    for type in UInt16(0)...40 {
      var machine = Machine()
      machine.append(type, [0, 0, 0, 0])
      #expect(tellsOfNetworkChange(machine.message) == [16, 17, 20, 21, 24, 25].contains(type))
    }
  }

  @Test func thisMachine() throws {
    #expect(try NetworkInterfaces.read(includeLoopback: true).best.contains { $0.isLoopback })
    #expect(try !NetworkInterfaces.read(includeLoopback: false).best.isEmpty)
  }

  @Test func sleep() {
    var gauge = SleepGauge(sleptMilliseconds: 1_000)
    #expect(gauge.sleptSeconds(now: 1_000) == nil)
    #expect(gauge.sleptSeconds(now: 5_999) == nil)
    #expect(gauge.sleptSeconds(now: 61_000) == 60)
    #expect(gauge.sleptSeconds(now: 61_000) == nil)
  }

  /// Milliseconds at which sending is refused (positive) or works (negative), and which of them is the end.
  @Test(
    arguments: [
      ([0, 200, 400], 2), ([0, 10, 20, 30, 199], nil), ([0, 20, 210, 220, 430, 650], 4),
      ([0, 200, -300, 400, 600], nil), ([0, 200, -210, 220, 420, 620], 5), ([0, 5_000, 60_000, 60_200], 2),
    ] as [([Int], Int?)])
  func refusals(times: [Int], end: Int?) {
    var refusals = SendRefusals()
    for (index, time) in times.enumerated() {
      if time < 0 {
        refusals.sent()
      } else {
        let isEnd = refusals.refused(now: Instant(microseconds: Int64(time) * 1000))
        #expect(isEnd == (index == end), "at \(time)")
      }
    }
  }

  /// Real changes of a real machine, where this may be done: an address of the loopback comes and goes.
  @Test(.enabled(if: geteuid() == 0, "only root changes addresses")) func watches() throws {
    let loop = try EventLoop()
    let changes = Seen<AddressWatcher.Change>()
    let watcher = try AddressWatcher(loop) { changes.values.append($0) }
    let tool = ["ip", "address", "add", "127.77.0.1/32", "dev", "lo"]
    guard spawn(tool) == 0 else { return }
    run(loop) { !changes.values.isEmpty }
    #expect(try NetworkInterfaces.read(includeLoopback: true).present.contains(IPAddress("127.77.0.1")!))
    #expect(spawn(["ip", "address", "del", "127.77.0.1/32", "dev", "lo"]) == 0)
    run(loop) { changes.values.count == 2 }
    #expect(changes.values == [.network, .network])
    withExtendedLifetime(watcher) {}
  }

  private func spawn(_ words: [String]) -> Int32 {
    var process: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    guard posix_spawnp(&process, words[0], nil, nil, arguments, lintel_environment()) == 0 else { return -1 }
    var status: Int32 = 0
    waitpid(process, &status, 0)
    return status
  }
}
