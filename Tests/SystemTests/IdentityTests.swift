import Testing

@testable import System

@Suite struct IdentityTests {
  private func identity(_ machine: String, host: String = "host") -> String {
    DeviceIdentity.defaultID(machine: Array(machine.utf8), host: host)
  }

  @Test func eightCharactersOfTheMachine() {
    let first = identity("0123456789abcdef0123456789abcdef\n")
    #expect(first == identity("0123456789abcdef0123456789abcdef"))
    #expect(first.hasPrefix("lintel-") && first.utf8.count == 15)
    #expect(!"0123456789abcdef0123456789abcdef".contains(first.suffix(8)))
    var seen: Set<String> = []
    for digit in "0123456789abcdef" { seen.insert(identity(String(repeating: digit, count: 32))) }
    #expect(seen.count == 16)
  }

  @Test(arguments: [
    ("", "lobby-3", "lobby-3"), ("uninitialized\n", "lobby", "lobby"), ("0123", "a b/c", "abc"),
    ("", "", "lintel"),
    ("g123456789abcdef0123456789abcdef", "x", "x"),
  ])
  func elseTheHost(machine: String, host: String, expected: String) {
    #expect(identity(machine, host: host) == expected)
  }

  @Test func thisMachineHasOne() { #expect(!DeviceIdentity.defaultID.isEmpty) }
}
