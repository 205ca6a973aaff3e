import Base
import CLinux
import Control
import JSON

/// Without a daemon a self-test is made by linteld itself, in a process of its own and with the rights of whoever
/// asks. nil if there is no linteld, neither beside this program nor where packages put it, or if it said nothing.
func standIn(configuration: String?, json: Bool) -> ExitCode? {
  let words = ["linteld", "--doctor"] + (configuration.map { ["--config", $0] } ?? [])
  for folder in [ownFolder(), "/usr/sbin/", "/usr/bin/"] {
    guard let folder, access(folder + "linteld", X_OK) == 0 else { continue }
    if !json { _ = write("linteld does not run; testing without it\n", to: STDERR_FILENO) }
    guard let result = try? JSONValue.parse(output(of: folder + "linteld", words)) else { return nil }
    let text = json ? result.text + "\n" : Doctor.render(result)
    return perform([.print(text), .finish(Doctor.succeeded(result) ? .done : .failed)])
  }
  return nil
}

/// What the program writes to its standard output until its end.
private func output(of program: String, _ words: [String]) -> [UInt8] {
  var ends: [CInt] = [0, 0]
  guard pipe2(&ends, O_CLOEXEC) == 0 else { return [] }
  defer { close(ends[0]) }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
  defer { posix_spawn_file_actions_destroy(&actions) }
  var pointers: [UnsafeMutablePointer<CChar>?] = []
  for word in words { pointers.append(strdup(word)) }
  pointers.append(nil)
  var process: pid_t = 0
  let code = posix_spawn(&process, program, &actions, nil, pointers, lintel_environment())
  close(ends[1])
  for pointer in pointers { free(pointer) }
  guard code == 0 else { return [] }
  var bytes: [UInt8] = []
  while bytes.count < ControlLimits.replyLineBytesMax {
    let more = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      count = max(0, read(ends[0], buffer.baseAddress, buffer.count))
    }
    if more.isEmpty { break }
    bytes += more
  }
  var status: CInt = 0
  waitpid(process, &status, 0)
  return bytes
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
