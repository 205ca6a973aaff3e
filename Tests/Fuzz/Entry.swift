import Glibc

/// The target that LINTEL_FUZZ_TARGET names; libFuzzer calls the entry below for each input.
nonisolated(unsafe) private let chosen: ([UInt8]) -> Void = {
  let name = getenv("LINTEL_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  for target in targets where target.name == name { return target.run }
  print("unknown fuzz target '\(name)'; there are: " + targets.map(\.name).joined(separator: " "))
  exit(2)
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  chosen(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
