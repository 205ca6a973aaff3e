import Base

/// Every fuzz target by the name that `board/fuzz NAME` takes. Each file of this folder adds its own here.
nonisolated(unsafe) let targets: [(name: String, run: ([UInt8]) -> Void)] = [
  ("ip-address", { bytes in _ = IPAddress(String(decoding: bytes, as: UTF8.self)) }),
  ("configuration", fuzzConfiguration),
]
