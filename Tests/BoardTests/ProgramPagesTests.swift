import Board
import Foundation
import Testing

@Suite struct ProgramPagesTests {
  /// Resident kilobytes that files back (proc_pid_status(5)).
  private func fileKilobytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
    return try #require(Int(line.filter { $0.isNumber }))
  }

  @Test func whatJoiningReadIsGivenBackAndComesBack() throws {
    // The libraries are in use, by other tests at the same time, too.
    let words = (0..<64).map { String(format: "%08x", $0) }.joined()
    let before = try fileKilobytes()
    forgetJoining()
    let after = try fileKilobytes()
    #expect(after < before)
    #expect((0..<64).map { String(format: "%08x", $0) }.joined() == words)
  }
}
