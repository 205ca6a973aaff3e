/// What the microphone is wanted for.
public enum Listening: UInt8, BitwiseCopyable, Sendable {
  /// For nothing: it is closed.
  case closed
  /// What was heard last is kept for a call that may begin, and nothing else is done with it.
  case kept
  /// It is heard, recorded or tested.
  case live
}
