// swift-tools-version: 6.2
// Lintel: one package, one folder per room. See README.md for the picture of the parts.
//
// LINTEL_EMBEDDED=1  builds every product target in Embedded Swift (what is shipped).
// LINTEL_OPUS=DIR    links DIR/lib/libopus.a (board/opus makes one); otherwise, or for "system", Debian's libopus.
// LINTEL_UNICODE=FILE  links these tables of Unicode into Embedded programs instead of the toolchain's own.
// LINTEL_NARROW=1    adds the `narrow` executable, the fuzz targets without libFuzzer (see board/cross).
// LINTEL_SIMULATE=1  adds the `simulate` executable, whole sessions in virtual time (see board/simulate).
// LINTEL_SEALING=1   adds the `sealing` executable, which board/bench counts.
// LINTEL_FUZZ=1      instruments the parsers and adds the `fuzz` executable (see board/fuzz).
import PackageDescription

let embedded = Context.environment["LINTEL_EMBEDDED"] == "1"
let opusFolder = Context.environment["LINTEL_OPUS"].flatMap { $0 == "" || $0 == "system" ? nil : $0 }
let fuzzing = Context.environment["LINTEL_FUZZ"] == "1"
let narrow = Context.environment["LINTEL_NARROW"] == "1"
let simulating = Context.environment["LINTEL_SIMULATE"] == "1"
let sealing = Context.environment["LINTEL_SEALING"] == "1"

/// CLinux needs _GNU_SOURCE, and the C library's headers mean other types with it than without: every module,
/// the compiler's own Glibc included, must be read with the same answer. The same goes for the width of file sizes
/// and inode numbers, which matters where a machine word has 32 bits.
let commonSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .treatAllWarnings(as: .error),
  .unsafeFlags(["-Xcc", "-D_GNU_SOURCE", "-Xcc", "-D_FILE_OFFSET_BITS=64"]),
]

let productSettings: [SwiftSetting] =
  commonSettings
  + (embedded
    ? [
      .enableExperimentalFeature("Embedded"),
      .unsafeFlags(["-wmo", "-Osize", "-enforce-exclusivity=unchecked", "-Xfrontend", "-function-sections"]),
      // Swift's own alias analysis promises LLVM that retaining touches no memory that anybody reads. In Embedded Swift
      // "is it held once?" is a plain read of it, which then comes before the retain: a copy that is written changes
      // what it was copied from.
      .unsafeFlags(["-Xfrontend", "-disable-swift-specific-llvm-optzns"]),
    ]
    : [
      // Both modules come unasked, and with them libdispatch; the product has neither async/await nor regexes.
      .unsafeFlags([
        "-Xfrontend", "-disable-implicit-concurrency-module-import", "-Xfrontend",
        "-disable-implicit-string-processing-module-import",
      ])
    ])
  + (fuzzing ? [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library", "-enable-testing"])] : [])
  + (narrow || simulating ? [.unsafeFlags(["-enable-testing"])] : [])
  // Swift 6.3 stops in this pass at a getter of `ICEAgent` when it optimises ordinary Swift.
  + (simulating && !embedded ? [.unsafeFlags(["-Xllvm", "-sil-disable-pass=copy-propagation"])] : [])

/// Embedded Swift leaves its tables of Unicode, which comparing text needs, to whoever links. They lie beside the
/// libraries of the toolchain, where the linker looks anyway; board/cross names the file for another architecture.
#if arch(arm64)
  let hostTriple = "aarch64-unknown-linux-gnu"
#else
  let hostTriple = "x86_64-unknown-linux-gnu"
#endif
let unicodeTables =
  Context.environment["LINTEL_UNICODE"] ?? "-l:../embedded/\(hostTriple)/libswiftUnicodeDataTables.a"

/// The lean modules come to the linker as LLVM's bitcode. It makes machine code of what the program needs of them all,
/// optimising nothing a second time: constants that nobody reads are left out, and what many functions end with is one
/// piece of code, which LLVM does by itself for ARM alone, and else not in functions that several modules share. That
/// alone makes linteld 7 % smaller.
let leanLinkerSettings: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker", "--lto-O0", "-Xlinker", "--lto-CGO2", "-Xlinker", "-mllvm", "-Xlinker",
    "-enable-machine-outliner=always", "-Xlinker", "-mllvm", "-Xlinker", "-enable-linkonceodr-outlining",
  ])
]

let productLinkerSettings: [LinkerSetting] =
  [.linkedLibrary("m")]
  + (embedded
    ? [
      .unsafeFlags([
        "-use-ld=lld", "-Xlinker", "--icf=all", "-Xlinker", "-zpack-relative-relocs", "-Xlinker",
        "--gc-sections", "-Xlinker", "--as-needed", "-Xlinker", "--no-eh-frame-hdr", "-Xlinker",
        "--script=\(Context.packageDirectory)/board/lean.ld", "-Xlinker", unicodeTables,
      ])
    ] + leanLinkerSettings
    : [])

/// Most of the product runs once a call, not once a frame: a function that is already long takes in no others (above
/// all the standard library's for text and arrays), and a function's traps are one place. A loop of the standard
/// library is compiled once for a type of elements and calls its closure, where it would be once for every closure; a
/// module is emitted as one, so that what its files have in common is found, and as bitcode (`leanLinkerSettings`). All
/// of it makes linteld a fifth smaller. The audio engine goes without: its hot loop is counted.
let leanSettings: [SwiftSetting] =
  embedded
  ? [
    .unsafeFlags([
      "-Xllvm", "-sil-inline-block-limit-denominator=5", "-Xllvm", "-inline-threshold=0", "-Xfrontend",
      "-mergeable-traps", "-Xfrontend", "-enable-single-module-llvm-emission", "-Xllvm",
      "-sil-disable-pass=closure-specialize", "-Xfrontend", "-emit-bc", "-Xfrontend", "-lto=llvm-full",
    ])
  ] : []

/// Whoever links the audio engine links the codec; its headers are those of libopus-dev either way.
let opusLinkerSettings: [LinkerSetting] =
  opusFolder.map { [.unsafeFlags(["\($0)/lib/libopus.a"]), .linkedLibrary("m")] } ?? [.linkedLibrary("opus")]

/// The audio engine and its tests play hours of sound: they are optimised in debug builds, too.
let alwaysOptimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], folders: [String] = [],
  settings: [SwiftSetting] = [], linkerSettings: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies,
    exclude: ["README.md"] + folders.map { "\($0)/README.md" },
    swiftSettings: productSettings + (name == "AudioEngine" ? [] : leanSettings) + settings,
    linkerSettings: linkerSettings)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies + (embedded ? ["CRetain"] : []), exclude: ["README.md"],
    swiftSettings: productSettings + leanSettings,
    linkerSettings: productLinkerSettings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [],
  settings: [SwiftSetting] = [], linkerSettings: [LinkerSetting] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, exclude: ["README.md"],
    resources: resources, swiftSettings: commonSettings + settings, linkerSettings: linkerSettings)
}

func systemLibrary(_ name: String, pkgConfig: String?, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

var targets: [Target] = [
  // The programs.
  program(
    "linteld",
    [
      "Base", "JSON", "WebRTC", "LiveKit", "AudioEngine", "Board", "Reactor", "Configuration", "Control",
      "Device", "System", "Telephony", "CLinux",
    ]),
  program("lintelctl", ["Base", "JSON", "Control", "Configuration", "System", "CLinux"]),

  // The rooms, each allowed to use only those below it.
  library(
    "Device", ["Base", "JSON", "WebRTC", "LiveKit", "AudioEngine", "Control", "Configuration", "Telephony"],
    folders: ["Call", "Token", "Door", "Microphone", "Panel", "Messaging", "Doctor", "Report", "Phone"]),
  library("Control", ["Base", "JSON"], folders: ["CommandLine", "Methods", "Text"]),
  library("Telephony", ["Base", "JSON", "LiveKit", "COpenSSL"], folders: ["Webhooks"]),
  library("Configuration", ["Base"]),
  library(
    "LiveKit", ["Base", "JSON", "WebRTC", "COpenSSL", "CLiveKitProtocol"],
    folders: ["Data", "Encryption", "Streams"]),
  library(
    "WebRTC", ["Base", "COpenSSL", "CUsrSCTP"],
    folders: ["SDP", "STUN", "ICE", "TURN", "DTLS", "SRTP", "RTP", "SCTP"],
    linkerSettings: [.linkedLibrary("usrsctp")]),
  library(
    "Board", ["AudioEngine", "Base", "CALSA", "CGPIOD", "CLinux"],
    folders: ["AudioThread", "Lines", "Memory", "Sound"]),
  library(
    "AudioEngine", ["COpus", "CSpeexDSP"], folders: ["Uplink", "Downlink", "Echo", "Signal"],
    settings: alwaysOptimized, linkerSettings: opusLinkerSettings),
  library("Reactor", ["Base", "CUv", "COpenSSL", "CLinux"]),
  library("System", ["Base", "Configuration", "CLinux"]),
  library("JSON", ["Base", "CJansson"]),
  library("Base"),

  // The C libraries: a module map and a shim header each.
  systemLibrary("CLinux", pkgConfig: nil, package: "libc6-dev"),
  systemLibrary("CALSA", pkgConfig: "alsa", package: "libasound2-dev"),
  systemLibrary("CGPIOD", pkgConfig: "libgpiod", package: "libgpiod-dev"),
  systemLibrary("COpus", pkgConfig: nil, package: "libopus-dev"),
  systemLibrary("CSpeexDSP", pkgConfig: "speexdsp", package: "libspeexdsp-dev"),
  systemLibrary("COpenSSL", pkgConfig: "openssl", package: "libssl-dev"),
  systemLibrary("CUsrSCTP", pkgConfig: nil, package: "libusrsctp-dev"),
  systemLibrary("CUv", pkgConfig: "libuv", package: "libuv1-dev"),
  systemLibrary("CJansson", pkgConfig: "jansson", package: "libjansson-dev"),
  // The protobuf messages, generated by nanopb from the .proto files beside them (board/protobuf).
  .target(
    name: "CLiveKitProtocol", exclude: ["README.md", "proto"],
    linkerSettings: [.linkedLibrary("protobuf-nanopb")]),

  tests("Base"),
  tests("JSON"),
  tests(
    "WebRTC", ["Base", "COpenSSL", "CUsrSCTP"], resources: [.copy("SDP/Captures")],
    // usrsctp looks at the wall clock, which has to be virtual where time is.
    linkerSettings: [.unsafeFlags(["-Xlinker", "--export-dynamic-symbol=gettimeofday"])]),
  tests("LiveKit", ["Base", "WebRTC"], resources: [.copy("Encryption/vectors.txt")]),
  tests("AudioEngine", ["COpus"], settings: alwaysOptimized),
  tests("Board", ["AudioEngine", "Base"]),
  tests("Reactor", ["Base", "CLinux"]),
  tests("System", ["Base", "Configuration"]),
  tests("Configuration", ["Base"]),
  tests("Telephony", ["Base", "JSON", "LiveKit"]),
  tests("Control", ["Base", "JSON", "lintelctl"]),
  tests("Device", ["Base", "JSON", "LiveKit", "Control", "Configuration"]),
]

/// What the fuzz targets read.
let fuzzed: [Target.Dependency] = [
  "Base", "JSON", "WebRTC", "LiveKit", "Configuration", "Control", "Device", "AudioEngine", "Board",
  "Reactor", "Telephony", "CUsrSCTP",
]
if embedded {
  targets.append(.target(name: "CRetain", exclude: ["README.md"]))
}
if sealing {
  targets.append(
    .executableTarget(
      name: "sealing", dependencies: ["LiveKit", "System", "CLinux"] + (embedded ? ["CRetain"] : []),
      path: "board/hotloop/sealing", swiftSettings: productSettings + leanSettings,
      linkerSettings: productLinkerSettings))
}
if narrow {
  targets.append(
    .executableTarget(
      name: "narrow", dependencies: fuzzed + ["CLinux"] + (embedded ? ["CRetain"] : []), path: "Tests/Fuzz",
      exclude: ["README.md", "integers.dict", "Entry.swift", "Narrow/README.md"],
      swiftSettings: productSettings, linkerSettings: productLinkerSettings))
}
if simulating {
  targets.append(
    .executableTarget(
      name: "simulate",
      dependencies: [
        "Base", "JSON", "WebRTC", "LiveKit", "AudioEngine", "Configuration", "Control", "Device", "CLinux",
      ] + (embedded ? ["CRetain"] : []), path: "Tests/Simulation",
      exclude: ["README.md", "mistakes.py", "regressions.txt"],
      swiftSettings: productSettings, linkerSettings: productLinkerSettings))
}
if fuzzing {
  targets.append(
    .executableTarget(
      name: "fuzz", dependencies: fuzzed, path: "Tests/Fuzz",
      exclude: ["README.md", "integers.dict", "Narrow"], swiftSettings: productSettings,
      linkerSettings: [.linkedLibrary("m"), .unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}

let package = Package(
  name: "lintel",
  products: [
    .executable(name: "linteld", targets: ["linteld"]),
    .executable(name: "lintelctl", targets: ["lintelctl"]),
  ],
  targets: targets)
