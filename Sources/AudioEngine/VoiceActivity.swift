/// Tells speech from the background by its level: the floor follows the quietest blocks quickly downwards and
/// slowly upwards, and whatever stands well above it is voice. Whole decibels; one call a frame of 20 ms.
struct VoiceActivity {
  private var floorSixteenths = 70 * 16
  private var hangoverFrames = 0

  /// `level` in -dBov as `Level.decibels` gives it.
  mutating func isVoice(level: UInt8) -> Bool {
    let loudness = Int(level) * 16
    if loudness > floorSixteenths {
      floorSixteenths += (min(loudness, quietestFloor) - floorSixteenths) / 4
    } else {
      // 0.6 dB a second upwards: a sentence does not become its own background.
      floorSixteenths -= hangoverFrames > 0 ? 0 : 1
    }
    floorSixteenths = max(loudestFloor, floorSixteenths)
    if Int(level) < audibleLevel && loudness + marginSixteenths < floorSixteenths {
      hangoverFrames = hangoverFramesMax
    } else if hangoverFrames > 0 {
      hangoverFrames -= 1
    }
    return hangoverFrames > 0
  }
}

/// Quieter than this is never called voice.
private let audibleLevel = 60
/// Voice is at least 9 dB above the background.
private let marginSixteenths = 9 * 16
private let quietestFloor = 90 * 16
private let loudestFloor = 30 * 16
/// The pause between two words is still speech: 200 ms.
private let hangoverFramesMax = 10
