import Base
import CLinux

/// Asks for SCHED_FIFO at `priority` for the calling thread. Answers why it was refused.
func askForRealtime(_ priority: Int32) -> AudioDeviceEvent? {
  var parameter = sched_param()
  parameter.sched_priority = priority
  let code = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter)
  return code == 0 ? nil : .realtimeRefused(reason: systemReason(code))
}

extension AudioPump {
  /// Of the thread that will run it. A refusal is an event.
  func askForPrecedence(_ priority: Int32) {
    wantsLockedMemory = true
    if let refusal = askForRealtime(priority) { tell(refusal) }
  }
}

/// The calling thread's name, which tells it apart in `top -H` and in tests, and a stack that is there.
func settleAudioThread() {
  pthread_setname_np(pthread_self(), "lintel-audio")
  lintel_touch_stack(BoardLimits.audioThreadStackBytesTouched)
}

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
