import Foundation
import Testing

/// The .proto files against the generated C, and against LiveKit's own descriptors.
@Suite struct ProtocolFilesTests {
  static let house = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let proto = house.appendingPathComponent("Sources/CLiveKitProtocol/proto")
  static let hasNanopb =
    FileManager.default.fileExists(atPath: "/usr/bin/nanopb_generator.py")
    && FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc")
  static let peerPython = ProcessInfo.processInfo.environment["LINTEL_PEER_PYTHON"]

  @Test(.enabled(if: hasNanopb, "nanopb and protobuf-compiler are not installed"))
  func theGeneratedFilesAreThoseOfTheProtoFiles() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let (status, words) = try Self.run(
      Self.house.appendingPathComponent("board/protobuf").path, [folder.path])
    #expect(status == 0, "\(words)")
    let room = Self.house.appendingPathComponent("Sources/CLiveKitProtocol")
    for name in ["livekit_models", "livekit_rtc", "livekit_data"] {
      for file in ["\(name).pb.c", "include/\(name).pb.h"] {
        let fresh = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
        let committed = try String(contentsOf: room.appendingPathComponent(file), encoding: .utf8)
        #expect(fresh == committed, "run board/protobuf: \(file) is not what the .proto files say")
      }
    }
  }

  @Test(
    .enabled(if: peerPython != nil, "LINTEL_PEER_PYTHON names no interpreter with livekit-protocol"),
    .enabled(if: hasNanopb, "protobuf-compiler is not installed"))
  func everyFieldIsTheOneOfLiveKit() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let compiled = folder.appendingPathComponent("lintel.set").path
    let (status, words) = try Self.run(
      "/usr/bin/protoc",
      [
        "-I", Self.proto.path, "-o", compiled, "livekit_models.proto", "livekit_rtc.proto",
        "livekit_data.proto",
      ])
    #expect(status == 0, "\(words)")
    let script = Self.house.appendingPathComponent("Tests/Interop/compare_descriptors.py").path
    let (difference, report) = try Self.run(try #require(Self.peerPython), [script, compiled])
    #expect(difference == 0, "\(report)")
  }

  static func scratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  static func run(_ program: String, _ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
