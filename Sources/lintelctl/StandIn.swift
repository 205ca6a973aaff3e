import Base
import CLinux
import Control
import JSON
import System

/// Without a daemon a self-test is made by linteld itself, in a process of its own and with the rights of whoever
/// asks. nil if there is no linteld, neither beside this program nor where packages put it, or if it said nothing.
func standIn(configuration: String?, json: Bool) -> JSONValue? {
  guard let program = daemonProgram() else { return nil }
  let words = ["linteld", "--doctor"] + (configuration.map { ["--config", $0] } ?? [])
  if !json { _ = write("linteld does not run; testing without it\n", to: STDERR_FILENO) }
  let output = Processes.output(
    of: program, words, bytesMax: ControlLimits.replyLineBytesMax, milliseconds: standInMillisecondsMax)
  guard let result = output.flatMap({ try? JSONValue.parse($0) }) else { return nil }
  let folder = parentFolder(of: absolutePath(configuration ?? defaultConfiguration))
  let unreadable = Credentials.files(of: nil, in: folder).filter {
    access($0, F_OK) == 0 && access($0, R_OK) != 0
  }
  return DoctorFindings.complete(
    result, .init(socket: nil, clockIsKept: clockIsKept, unreadable: unreadable))
}

/// What linteld reads if nobody names another.
let defaultConfiguration = "/etc/lintel/lintel.conf"

/// The longest connect-timeout twice, and the tests of the sound.
private let standInMillisecondsMax = 260_000

/// Whether the kernel's clock follows a better one (adjtimex(2)); nil if it does not tell.
var clockIsKept: Bool? {
  switch lintel_clock_is_kept() {
  case 0: false
  case 1: true
  default: nil
  }
}

/// The result of a self-test as it was asked for.
func show(_ result: JSONValue, json: Bool) -> ExitCode {
  let text = json ? result.text + "\n" : Doctor.render(result)
  return perform([.print(text), .finish(Doctor.succeeded(result) ? .done : .failed)])
}

/// A mistake in the configuration is why a daemon does not run, so linteld itself checks the files then. It says what
/// is wrong where this program would. nil if there is no linteld.
func standInCheck() -> ExitCode? {
  guard let program = daemonProgram() else { return nil }
  _ = write("linteld does not run; checking without it\n", to: STDERR_FILENO)
  guard let process = Processes.spawn(program, ["linteld", "--check-config"], output: STDOUT_FILENO) else {
    return nil
  }
  return Processes.end(of: process) == 0 ? .done : .failed
}

/// linteld, beside this program or where packages put it.
private func daemonProgram() -> String? {
  for folder in [ownFolder(), "/usr/sbin/", "/usr/bin/"] {
    if let folder, access(folder + "linteld", X_OK) == 0 { return folder + "linteld" }
  }
  return nil
}

/// Where this program lies, with the slash.
private func ownFolder() -> String? {
  let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
    count = buffer.withMemoryRebound(to: CChar.self) { room in
      room.baseAddress.map { max(0, readlink("/proc/self/exe", $0, room.count)) } ?? 0
    }
  }
  guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
  return String(decoding: bytes[...slash], as: UTF8.self)
}
