import Base
import CLinux
import Control
import JSON

/// Without a daemon a self-test is made by linteld itself, in a process of its own and with the rights of whoever
/// asks. nil if there is no linteld, neither beside this program nor where packages put it, or if it said nothing.
func standIn(configuration: String?, json: Bool) -> ExitCode? {
  guard let program = daemonProgram() else { return nil }
  let words = ["linteld", "--doctor"] + (configuration.map { ["--config", $0] } ?? [])
  if !json { _ = write("linteld does not run; testing without it\n", to: STDERR_FILENO) }
  guard let result = try? JSONValue.parse(output(of: program, words)) else { return nil }
  let text = json ? result.text + "\n" : Doctor.render(result)
  return perform([.print(text), .finish(Doctor.succeeded(result) ? .done : .failed)])
}

/// A mistake in the configuration is why a daemon does not run, so linteld itself checks the files then. It says what
/// is wrong where this program would. nil if there is no linteld.
func standInCheck() -> ExitCode? {
  guard let program = daemonProgram() else { return nil }
  _ = write("linteld does not run; checking without it\n", to: STDERR_FILENO)
  guard let process = spawn(program, ["linteld", "--check-config"], output: STDOUT_FILENO) else { return nil }
  return end(of: process) == 0 ? .done : .failed
}

/// linteld, beside this program or where packages put it.
private func daemonProgram() -> String? {
  for folder in [ownFolder(), "/usr/sbin/", "/usr/bin/"] {
    if let folder, access(folder + "linteld", X_OK) == 0 { return folder + "linteld" }
  }
  return nil
}

/// What the program writes to its standard output until its end.
private func output(of program: String, _ words: [String]) -> [UInt8] {
  var ends: [CInt] = [0, 0]
  guard pipe2(&ends, O_CLOEXEC) == 0 else { return [] }
  defer { close(ends[0]) }
  let process = spawn(program, words, output: ends[1])
  close(ends[1])
  guard let process else { return [] }
  var bytes: [UInt8] = []
  while bytes.count < ControlLimits.replyLineBytesMax {
    let more = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, read(ends[0], buffer.baseAddress, buffer.count))
    }
    if more.isEmpty { break }
    bytes += more
  }
  _ = end(of: process)
  return bytes
}

/// nil if it cannot be started.
private func spawn(_ program: String, _ words: [String], output: CInt) -> pid_t? {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
  defer { posix_spawn_file_actions_destroy(&actions) }
  var pointers: [UnsafeMutablePointer<CChar>?] = []
  for word in words { pointers.append(strdup(word)) }
  pointers.append(nil)
  var process: pid_t = 0
  let code = posix_spawn(&process, program, &actions, nil, pointers, lintel_environment())
  for pointer in pointers { free(pointer) }
  return code == 0 ? process : nil
}

/// What the process ended with, as wait(2) has it; 0 is success.
private func end(of process: pid_t) -> CInt {
  var status: CInt = 0
  while waitpid(process, &status, 0) < 0, lintel_errno() == EINTR {}
  return status
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
