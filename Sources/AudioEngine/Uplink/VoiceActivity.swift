/// Tells speech from the background by its level: the floor follows the quietest blocks quickly downwards and
/// slowly upwards, and whatever stands well above it is voice. Whole decibels; one call a frame.
struct VoiceActivity {
  private var floorSixteenths = 70 * 16
  private var hangoverMilliseconds = 0
  /// Time for which the floor has not yet risen.
  private var risingMilliseconds = 0

  /// `level` in -dBov as `Level.decibels` gives it.
  mutating func isVoice(level: UInt8, milliseconds: Int = AudioFormat.frameMilliseconds) -> Bool {
    let loudness = Int(level) * 16
    if loudness > floorSixteenths {
      floorSixteenths += (min(loudness, quietestFloor) - floorSixteenths) / 4
    } else {
      // 3 dB a second upwards, in pauses: a sentence does not become its own background.
      if hangoverMilliseconds == 0 { risingMilliseconds += milliseconds }
      floorSixteenths -= risingMilliseconds / 20
      risingMilliseconds %= 20
    }
    floorSixteenths = max(loudestFloor, floorSixteenths)
    if Int(level) < audibleLevel && loudness + marginSixteenths < floorSixteenths {
      hangoverMilliseconds = hangoverMillisecondsMax
    } else {
      hangoverMilliseconds = max(0, hangoverMilliseconds - milliseconds)
    }
    return hangoverMilliseconds > 0
  }
}

/// Quieter than this is never called voice.
private let audibleLevel = 60
/// Voice is at least 9 dB above the background.
private let marginSixteenths = 9 * 16
private let quietestFloor = 90 * 16
private let loudestFloor = 30 * 16
/// The pause between two words is still speech.
private let hangoverMillisecondsMax = 200
