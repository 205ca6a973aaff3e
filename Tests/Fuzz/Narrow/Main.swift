import CLinux

/// Every check, then every target with its inputs. Which one runs is said before it does: a trap says nothing.
@main struct Narrow {
  static func main() {
    let only = getenv("LINTEL_FUZZ_TARGET").map { String(cString: $0) }
    for check in checks where only == nil {
      say("check: \(check.name)")
      check.run()
    }
    let runs = getenv("LINTEL_NARROW_RUNS").flatMap { Int(String(cString: $0)) } ?? 2_000
    var inputsRun = 0
    for target in targets where only == nil || only == target.name {
      say("target: \(target.name)")
      var inputs = Inputs(target: target.name)
      for _ in 0..<runs {
        target.run(inputs.next())
        inputsRun += 1
      }
    }
    print(
      "\(checks.count) checks and \(inputsRun) inputs of \(targets.count) targets clean, \(Int.bitWidth) bits"
    )
  }

  private static func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
