import CLinux

/// `board/simulate` runs this: many seeds, or one with its time line.
@main struct Simulate {
  struct Options {
    var first: UInt64 = 1
    var seeds: UInt64 = 200
    var minutes = 10
    var seconds = 0
    var faults: UInt32?
    var isTracing = false
    var showsCoverage = false
    var isAlone = false
    var mistake = 0
    var digests = false
    var firstOnly = false
  }

  static func main() {
    var options = Options()
    var words = Array(CommandLine.arguments.dropFirst())[...]
    while let word = words.popFirst() {
      switch word {
      case "--seed":
        options.first = UInt64(words.popFirst() ?? "") ?? 1
        options.seeds = 1
        options.isAlone = true
      case "--from": options.first = UInt64(words.popFirst() ?? "") ?? 1
      case "--seeds": options.seeds = UInt64(words.popFirst() ?? "") ?? 1
      case "--minutes": options.minutes = Int(words.popFirst() ?? "") ?? 10
      case "--seconds": options.seconds = Int(words.popFirst() ?? "") ?? 0
      case "--hours": options.seconds = (Int(words.popFirst() ?? "") ?? 1) * 3600
      case "--trace": options.isTracing = true
      case "--coverage": options.showsCoverage = true
      case "--first": options.firstOnly = true
      case "--digests": options.digests = true
      case "--mistake": options.mistake = Int(words.popFirst() ?? "") ?? 0
      case "--faults": options.faults = bits(words.popFirst() ?? "")
      default:
        print("simulate: what is \(word)?")
        exit(2)
      }
    }
    if options.seconds > 0, !options.isAlone { options.seeds = .max }
    exit(run(options))
  }

  private static func bits(_ list: String) -> UInt32 {
    var bits: UInt32 = 0
    for word in list.utf8.split(separator: UInt8(ascii: ",")) {
      let name = String(decoding: word, as: UTF8.self)
      for fault in Fault.allCases where fault.rawValue == name { bits |= fault.bit }
    }
    return bits
  }

  private static func run(_ options: Options) -> Int32 {
    // MISTAKE
    let begun = time(nil)
    var done: UInt64 = 0
    var failed = 0
    var milliseconds = 0
    var all: UInt64 = 0
    while done < options.seeds {
      if options.seconds > 0, time(nil) - begun >= options.seconds { break }
      var scenario = Scenario(seed: options.first &+ done, minutes: options.minutes)
      scenario.mistake = options.mistake
      if let faults = options.faults { scenario.faults = faults }
      if options.isAlone {
        print("seed \(scenario.seed), \(scenario.mode.rawValue), faults: \(scenario.names)")
      }
      let result = one(scenario, isTracing: options.isTracing)
      done += 1
      milliseconds += result.milliseconds
      all = (all ^ result.digest) &* 0x100_0000_01B3
      if options.digests || options.isAlone { print("seed \(scenario.seed) digest \(result.digest)") }
      guard let failure = result.failure else { continue }
      if options.firstOnly {
        print("seed \(scenario.seed): \(failure)")
        return 1
      }
      failed += 1
      print("seed \(scenario.seed): \(failure)")
      if !options.isTracing { Shrinking.report(scenario, failure) }
      if failed >= 5 { break }
    }
    if options.firstOnly { return 0 }
    if options.showsCoverage { print(Coverage.table) }
    print("\(done) seeds, \(milliseconds / 3_600_000) simulated hours, \(failed) broken, digest \(all)")
    return failed == 0 ? 0 : 1
  }

  static func one(_ scenario: Scenario, isTracing: Bool) -> World.Result {
    Coverage.begin()
    return World(scenario, isTracing: isTracing).run()
  }
}

/// Fewer faults and less time that break the same promise.
enum Shrinking {
  static func report(_ scenario: Scenario, _ failure: String) {
    var best = scenario
    for fault in Fault.allCases where best.has(fault) {
      var fewer = best
      fewer.faults &= ~fault.bit
      if Simulate.one(fewer, isTracing: false).failure == failure { best = fewer }
    }
    let result = Simulate.one(best, isTracing: false)
    let minutes = result.milliseconds / 60_000 + 1
    best.minutes = min(best.minutes, minutes)
    for line in result.lines.suffix(25) { print("    " + line) }
    print("  needs: \(best.names)")
    print("  " + best.command)
  }
}
