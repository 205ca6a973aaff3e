import Base
import CLinux

/// Asks for SCHED_FIFO at `priority` for the calling thread. Answers why it was refused.
func askForRealtime(_ priority: Int32) -> AudioDeviceEvent? {
  var parameter = sched_param()
  parameter.sched_priority = priority
  let code = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter)
  return code == 0 ? nil : .realtimeRefused(reason: systemReason(code))
}

/// Runs `body` on a thread of its own, with a stack for the codec and the sound library.
func startThread(_ operation: String, _ body: @escaping () -> Void) throws(BoardFailure) -> pthread_t {
  let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setstacksize(&attributes, BoardLimits.audioThreadStackBytes)
  var started = pthread_t()
  let code = pthread_create(&started, &attributes, runThreadBody, argument)
  guard code == 0 else {
    Unmanaged<ThreadBody>.fromOpaque(argument).release()
    throw .system(operation: operation, reason: systemReason(code))
  }
  return started
}

/// What a C thread function gets: Swift closures do not fit through a C pointer.
private final class ThreadBody {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}

/// The calling thread's, which tells it apart in `top -H` and in tests.
func nameThread(_ name: StaticString) {
  name.withUTF8Buffer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { name in
      if let start = name.baseAddress { pthread_setname_np(pthread_self(), start) }
    }
  }
}

/// A stack that is there from the start.
func touchAudioStack() { lintel_touch_stack(BoardLimits.audioThreadStackBytesTouched) }

/// Lets go of what linking and starting read of the programs' files: symbols, relocations, code that runs once. Memory
/// is locked only after that, so the lock holds what a call uses, and the kernel may have the rest.
func forgetStarting() { lintel_drop_pages(0) }

/// The same of the libraries' files when a room was joined or left, as handshakes, certificates and descriptions need
/// much of the libraries and a call little. To be called once things have settled: whatever is used comes back page by
/// page, each at the price of a fault. The audio thread hardly notices, as its work is in the program's own file.
public func forgetJoining() { lintel_drop_pages(1) }

/// Asks that what is mapped now is never paged out; each page stays from its first use on (all at once would make
/// every library resident). To be asked again when a device was opened, as that brings libraries and buffers.
/// MCL_FUTURE would spare that, but turn the limit on locked memory into a limit on allocations. Answers why it
/// was refused.
func askForLockedMemory() -> AudioDeviceEvent? {
  if mlockall(Int32(MCL_CURRENT) | Int32(MCL_ONFAULT)) == 0 { return nil }
  return .memoryNotLocked(reason: systemReason(lintel_errno()))
}

/// The sound library takes a lock in each call of a device unless it is told that one thread alone uses it, as
/// here. To be called before the first device is opened: the library looks once.
func promiseOneThreadPerSoundDevice() { setenv("LIBASOUND_THREAD_SAFE", "0", 1) }
