import Base
import Configuration

/// What may go wrong in a world. A seed draws some of them, and how often they come.
enum Fault: String, CaseIterable {
  case cuts, loss, jitter
  case slowLink = "slow-link"
  case newAddress = "new-address"
  case restarts
  case slowServer = "slow-server"
  case refusals
  case sendsAway = "sends-away"
  case evicts
  case oldServer = "old-server"
  case forgetful
  case mutedByServer = "muted-by-server"
  case noAgent = "no-agent"
  case agentCrash = "agent-crash"
  case twoAgents = "two-agents"
  case twin
  case heldDoor = "held-door"
  case intruders
  case wrongCodes = "wrong-codes"
  case visitors, technicians
  case hardMute = "hard-mute"
  case reloads
  case powerCuts = "power-cuts"
  case tokenTrouble = "token-trouble"
  case clockJumps = "clock-jumps"

  var bit: UInt32 { 1 << UInt32(Fault.allCases.firstIndex(of: self) ?? 0) }
}

/// All that makes a run what it is.
struct Scenario {
  var seed: UInt64
  var faults: UInt32
  /// Of virtual time.
  var minutes: Int
  var mode: SessionMode
  var mistake = 0

  init(seed: UInt64, minutes: Int) {
    self.seed = seed
    self.minutes = minutes
    // Not the world's own sequence: that a fault is left out must not change what else is drawn.
    let swarm = SeededRandom(seed: seed &* 0x9E37_79B9 &+ 7)
    faults = 0
    // Where everything goes wrong at once nothing can be expected any more: some worlds are nearly quiet.
    let percent = [5, 12, 25, 40, 60][swarm.next(below: 5)]
    for fault in Fault.allCases where swarm.next(below: 100) < percent { faults |= fault.bit }
    mode = [.alwaysOn, .onDemand, .onDemand, .pushToTalk][swarm.next(below: 4)]
    if swarm.next(below: 3) == 0 { mode = .alwaysOn }
  }

  func has(_ fault: Fault) -> Bool { faults & fault.bit != 0 }

  var names: String {
    var text = ""
    for fault in Fault.allCases where has(fault) { text += (text.isEmpty ? "" : ",") + fault.rawValue }
    return text.isEmpty ? "none" : text
  }

  /// One command that runs this again.
  var command: String {
    let drawn = Scenario(seed: seed, minutes: minutes)
    return "board/simulate --seed \(seed) --minutes \(minutes)"
      + (drawn.faults == faults ? "" : " --faults \(names)") + (mistake == 0 ? "" : " --mistake \(mistake)")
      + " --trace"
  }
}

/// What the device of a run is told. Short limits, so that a run of ten minutes meets them.
extension Scenario {
  func settings() -> Settings {
    var settings = Settings()
    settings.device.ownID = "door"
    settings.device.board = .simulated
    settings.session.mode = mode
    settings.session.agentWaitSeconds = 15
    settings.session.agentRetries = Int(seed % 3)
    settings.session.maxDurationSeconds = 150
    settings.session.idleTimeoutSeconds = seed % 2 == 0 ? 60 : 0
    settings.token.url = "wss://room.example"
    settings.token.file = "/run/token"
    if seed % 4 == 1 {
      settings.token.source = .endpoint
      settings.token.endpoint = "https://tokens.example/door"
      settings.token.url = nil
    }
    settings.door.output = "lock"
    settings.door.code = "4711"
    settings.door.pulseMilliseconds = 3000
    settings.door.codeAllow = AllowRules([.init(kind: "sip"), .init(kind: "keypad")])
    settings.door.wrongCodesMax = 3
    settings.door.lockOutMinutes = 2
    settings.rpc.allow = AllowRules([.init(kind: "agent")])
    return settings
  }
}
