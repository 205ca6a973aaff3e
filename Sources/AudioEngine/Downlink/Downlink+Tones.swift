/// The device's own sounds, from the reactor thread. They are played at the master's volume, over the tracks.
extension Downlink {
  /// Plays `tone` after those that play and wait; it ends one that repeats for ever. False if too many wait.
  @discardableResult
  public func play(_ tone: Tone) -> Bool { tones.play(tone) }

  /// Ends the tone that plays and forgets those that wait.
  public func stopTones() { tones.stop() }
}
