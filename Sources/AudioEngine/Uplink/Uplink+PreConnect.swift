/// The pre-connect buffer, from the reactor thread: the button was pressed and nobody listens yet.
///
/// Frames keep coming out of `pop` all the time. Those before `PreConnectRecording.handOver` are in the recording
/// as well; from it on they are live alone. So whoever sends the recording leaves out the earlier frames, and not
/// one sample is missing or doubled.
extension Uplink {
  /// Begins to record, with what was heard in the last `preRollMilliseconds`. A recording that is longer than the
  /// buffer keeps the newest.
  public func start(preRollMilliseconds: Int) {
    preConnect.start(preRoll: max(0, preRollMilliseconds) * AudioFormat.samplesPerMillisecond)
  }

  /// Ends the recording with the next frame; `preConnectRecording` has it then, within the length of a frame.
  public func handOver() { preConnect.handOver() }

  /// What was recorded, once it was handed over; nil before. It stays until `endPreConnect`.
  public var preConnectRecording: PreConnectRecording? { preConnect.recording }

  /// Copies recorded samples from `position` on and answers how many; 0 at the hand-over and outside of the
  /// recording.
  public func readPreConnect(from position: UInt32, into target: UnsafeMutableBufferPointer<Int16>) -> Int {
    preConnect.read(from: position, into: target)
  }

  /// The recording was sent, or nobody wants it any more.
  public func endPreConnect() { preConnect.release() }
}
