import Base
import Configuration
import Testing

@testable import Device

/// The table of `DoorPolicy`, a test a row; it stands in the README of Device.
@Suite struct DoorPolicyTests {
  struct Row: Sendable {
    var caller: Caller
    var way: DoorWay
    var circumstances = DoorPolicy.Circumstances()
    var settings = DoorSettings()
    var verdict: DoorVerdict

    init(
      _ kind: String, _ way: DoorWay, _ verdict: DoorVerdict, _ change: (inout Row) -> Void = { _ in }
    ) {
      caller = Caller(kind: kind, identity: kind == "local" ? "lintelctl" : Name("\(kind)-1") ?? "")
      self.way = way
      self.verdict = verdict
      change(&self)
    }
  }

  static let right = DoorWay.code(isRight: true)
  static let wrong = DoorWay.code(isRight: false)

  static let rows: [Row] = [
    Row("sip", right, .open), Row("agent", .rpc, .open), Row("local", .local, .open),
    // Who.
    Row("standard", right, .refused(.notAllowed)), Row("standard", wrong, .refused(.notAllowed)),
    Row("agent", right, .refused(.notAllowed)), Row("unknown", right, .refused(.notAllowed)),
    Row("standard", .rpc, .refused(.notAllowed)), Row("sip", .rpc, .refused(.notAllowed)),
    Row("server", .rpc, .refused(.notAllowed)),
    Row("server", .rpc, .open) { $0.settings.rpcAllow = AllowRules([.init(kind: "server")]) },
    Row("sip", right, .open) { $0.settings.codeAllow = AllowRules([.init(kind: "sip", pattern: "sip-*")]) },
    Row("sip", right, .refused(.notAllowed)) {
      $0.settings.codeAllow = AllowRules([.init(kind: "sip", pattern: "desk-*")])
    },
    Row("sip", right, .refused(.notAllowed)) { $0.settings.codeAllow = AllowRules([]) },
    Row("standard", right, .open) { $0.settings.codeAllow = AllowRules([.init(kind: "any")]) },
    // How.
    Row("sip", wrong, .refused(.wrongCode)),
    Row("sip", right, .refused(.noCode)) { $0.circumstances.hasCode = false },
    Row("sip", right, .refused(.lockedOut)) { $0.circumstances.isLockedOut = true },
    Row("sip", wrong, .refused(.lockedOut)) { $0.circumstances.isLockedOut = true },
    Row("agent", .rpc, .open) { $0.circumstances.isLockedOut = true },
    Row("local", .local, .open) { $0.circumstances.isLockedOut = true },
    // When.
    Row("sip", right, .refused(.noCall)) { $0.circumstances.inCall = false },
    Row("sip", wrong, .refused(.noCall)) { $0.circumstances.inCall = false },
    Row("agent", .rpc, .refused(.noCall)) { $0.circumstances.inCall = false },
    Row("local", .local, .open) { $0.circumstances.inCall = false },
    Row("sip", right, .open) {
      $0.circumstances.inCall = false
      $0.settings.codeWhen = .always
    },
    Row("agent", .rpc, .open) {
      $0.circumstances.inCall = false
      $0.settings.rpcWhen = .always
    },
    Row("local", .local, .refused(.noCall)) {
      $0.circumstances.inCall = false
      $0.settings.localWhen = .inCall
    },
    Row("sip", right, .refused(.never)) { $0.settings.codeWhen = .never },
    Row("agent", .rpc, .refused(.never)) { $0.settings.rpcWhen = .never },
    Row("local", .local, .refused(.never)) { $0.settings.localWhen = .never },
    Row("local", .override, .open) {
      $0.circumstances.inCall = false
      $0.settings.localWhen = .never
    },
    // With a lock that does not work, which nobody learns who could not open it anyway.
    Row("sip", right, .refused(.lockFailed)) { $0.circumstances.lockWorks = false },
    Row("sip", wrong, .refused(.wrongCode)) { $0.circumstances.lockWorks = false },
    Row("local", .override, .refused(.lockFailed)) { $0.circumstances.lockWorks = false },
    // Nobody holds it open for ever.
    Row("agent", .rpc, .refused(.held)) { $0.circumstances.wasHeldOpen = true },
    Row("local", .override, .refused(.held)) { $0.circumstances.wasHeldOpen = true },
    Row("sip", wrong, .refused(.wrongCode)) { $0.circumstances.wasHeldOpen = true },
    // Whom the server does not announce, or has not yet.
    Row("hidden", .rpc, .refused(.notAllowed)) { $0.settings.rpcAllow = AllowRules([.init(kind: "server")]) },
    Row("hidden", right, .refused(.notAllowed)),
    // At the keypad of the device.
    Row("keypad", right, .refused(.notAllowed)),
    Row("keypad", right, .open) { $0.settings.codeAllow = AllowRules([.init(kind: "keypad")]) },
    // Without a door.
    Row("sip", right, .refused(.noDoor)) { $0.circumstances.hasDoor = false },
    Row("agent", .rpc, .refused(.noDoor)) { $0.circumstances.hasDoor = false },
    Row("local", .local, .refused(.noDoor)) { $0.circumstances.hasDoor = false },
    Row("local", .override, .refused(.noDoor)) { $0.circumstances.hasDoor = false },
  ]

  @Test(arguments: rows.indices) func decidesAsTheTableSays(index: Int) {
    let row = Self.rows[index]
    #expect(DoorPolicy.verdict(row.caller, row.way, row.circumstances, row.settings) == row.verdict)
  }

  @Test func theReadmeHasTheTable() throws {
    let rows = Self.rows.map { row in
      let rules: String
      switch row.way {
      case .code: rules = "\(row.settings.codeAllow.text), \(row.settings.codeWhen.rawValue)"
      case .rpc: rules = "\(row.settings.rpcAllow.text), \(row.settings.rpcWhen.rawValue)"
      case .local: rules = row.settings.localWhen.rawValue
      case .override: rules = "none"
      }
      var way = row.way.word
      if case .code(let isRight) = row.way { way += isRight ? ", right" : ", wrong" }
      let circumstances = row.circumstances
      let lock =
        !circumstances.hasDoor
        ? "none" : circumstances.wasHeldOpen ? "held" : circumstances.lockWorks ? "works" : "broken"
      let code = !circumstances.hasCode ? "none" : circumstances.isLockedOut ? "locked out" : "taken"
      let verdict = DoorPolicy.verdict(row.caller, row.way, circumstances, row.settings)
      var outcome = "open"
      if case .refused(let refusal) = verdict { outcome = refusal.rawValue }
      return [row.caller.kind, way, circumstances.inCall ? "yes" : "no", code, lock, rules, outcome]
    }
    try expectTable(
      rows, in: "Sources/Device/README.md", after: "## The tables",
      columns: ["who", "how", "call", "code", "lock", "rules", "verdict"])
    // Every reason that there is stands in the table.
    #expect(Set(rows.map { $0[6] }) == Set(DoorRefusal.allCases.map { $0.rawValue } + ["open"]))
  }

  @Test(arguments: [
    ("1234", "1234", true), ("1234", "1235", false), ("1234", "123", false), ("1234", "12345", false),
    ("1234", "", false), ("0000", "000", false), ("1234567890123456", "1234567890123456", true),
    ("1234567890123456", "12345678901234567", false), ("1234567890123456", "1234567890123457", false),
  ]) func comparesWholeCodes(code: String, typed: String, isRight: Bool) {
    #expect(DoorPolicy.isCode(Array(typed.utf8), Array(code.utf8)) == isRight)
  }
}
