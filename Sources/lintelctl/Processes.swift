import Base
import CLinux
import System

/// Programs of the system that are run for their output.
enum Processes {
  /// What the program writes to its standard output until its end, at most so many bytes and for so long; then it is
  /// ended. nil if it cannot be started. `input` is what it reads.
  static func output(
    of program: String, _ words: [String], input: [UInt8]? = nil, isQuiet: Bool = false, bytesMax: Int,
    milliseconds: Int
  ) -> [UInt8]? {
    var ends: [CInt] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
    var source: CInt?
    if let input {
      source = memory(with: input)
      guard source != nil else {
        close(ends[0])
        close(ends[1])
        return nil
      }
    }
    let process = spawn(program, words, input: source, output: ends[1], isQuiet: isQuiet)
    if let source { close(source) }
    close(ends[1])
    guard let process else {
      close(ends[0])
      return nil
    }
    let (bytes, isWhole) = read(ends[0], bytesMax: bytesMax, milliseconds: milliseconds)
    // Whoever writes on is told that nobody reads.
    close(ends[0])
    if !isWhole { kill(process, SIGKILL) }
    _ = end(of: process)
    return bytes
  }

  private static func read(_ descriptor: CInt, bytesMax: Int, milliseconds: Int) -> ([UInt8], isWhole: Bool) {
    let deadline = monotonicNow().advanced(byMilliseconds: milliseconds)
    var bytes: [UInt8] = []
    while bytes.count < bytesMax {
      var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let left = deadline.milliseconds(since: monotonicNow())
      guard left > 0, poll(&watched, 1, CInt(truncatingIfNeeded: left)) > 0 else { return (bytes, false) }
      let more = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(0, CLinux.read(descriptor, buffer.baseAddress, buffer.count))
      }
      if more.isEmpty { return (bytes, true) }
      bytes += more
    }
    return (bytes, false)
  }

  /// A file without a name, at its beginning.
  private static func memory(with bytes: [UInt8]) -> CInt? {
    let descriptor = memfd_create("lintel", UInt32(MFD_CLOEXEC))
    guard descriptor >= 0 else { return nil }
    guard Files.write(bytes, to: descriptor), lseek(descriptor, 0, SEEK_SET) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// nil if it cannot be started.
  static func spawn(
    _ program: String, _ words: [String], input: CInt? = nil, output: CInt, isQuiet: Bool = false
  ) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    if let input { posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if isQuiet { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
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
  static func end(of process: pid_t) -> CInt {
    var status: CInt = 0
    while waitpid(process, &status, 0) < 0, lintel_errno() == EINTR {}
    return status
  }
}
