import Glibc

/// libFuzzer's own `main` cannot be used: SwiftPM links an executable with `main` defined as `fuzz_main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@_cdecl("fuzz_main")
public func fuzzMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  let name = getenv("LINTEL_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = targets.first(where: { $0.name == name }) else {
    print("unknown fuzz target '\(name)'; there are: " + targets.map(\.name).joined(separator: " "))
    return 2
  }
  chosen = target.run
  var count = count
  var arguments = arguments
  return runDriver(&count, &arguments) { start, count in
    chosen(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
  }
}

/// The target that LINTEL_FUZZ_TARGET names, set once before libFuzzer starts.
nonisolated(unsafe) private var chosen: ([UInt8]) -> Void = { _ in }
