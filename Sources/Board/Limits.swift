/// Everything in this room that a card or its absence could make grow, with its bound.
enum BoardLimits {
  /// What a microphone's card buffers: somebody who comes late loses nothing, and somebody who comes in time waits
  /// for nothing.
  static let captureBufferPeriods = 20
  /// What a speaker's card may buffer; `CardQueue` says what of it is filled, so that it is no delay.
  static let playbackBufferPeriods = 20
  /// What a card is asked for, the best first: ours, then what costs least to convert, then what loses something.
  /// Each has a whole number of frames in 10 ms.
  static let cardRates = [
    16_000, 48_000, 32_000, 96_000, 24_000, 192_000, 44_100, 88_200, 176_400, 12_000, 8_000,
  ]
  static let cardChannelsMax = 8
  /// 10 ms at the highest of the rates.
  static let cardPeriodFramesMax = 1_920
  /// Playback starts when this much was written.
  static let playbackStartPeriods = 2
  /// How often a microphone is read that nobody listens to, so that no wake-up is for less than ten periods.
  static let dozeMilliseconds = 100
  /// A speaker stands still after so long without a sound, where nobody is in a call.
  static let speakerRestsMilliseconds = 2_000
  /// Without anything to do the audio thread shows so often that it is not stuck.
  static let lookMilliseconds = 1_000
  /// What is moved at once in one direction; more waits for the next round, so that the other one gets its turn.
  static let roundPeriodsMax = captureBufferPeriods + 2
  /// A device that is further ahead of the time than this is no sound card.
  static let aheadMillisecondsMax = 1_000
  /// It is asked for again after this, as only somebody who changes the configuration makes a card of it, and believed
  /// when it has kept time for so long.
  static let runawayPauseMilliseconds = 60_000
  static let trialMilliseconds = 3_000
  /// The pause of a thread whose device says "ready" and moves nothing.
  static let restMilliseconds = 2
  /// How often the rest of a period is offered to a card that did not take all of it.
  static let writeAttemptsMax = 3
  /// How a lost device is asked for again: first after this, then after twice as long, up to the maximum.
  static let reopenMillisecondsMin = 100
  static let reopenMillisecondsMax = 500
  /// A card of the kernel that is not there is asked for when something appears in /dev/snd, and for so long again and
  /// again, as it may need a moment more; beside that once in so long, should the kernel have told nothing.
  static let cardSettlesMilliseconds = 2_000
  static let absentPauseMilliseconds = 10_000
  /// A device that ran for so long has worked, and its loss is a new one.
  static let workedMilliseconds = 1_000
  /// A card that moves no sample for this long is closed and opened again.
  static let stallMillisecondsMax = 1_000
  /// Periods that are made up at once for a direction without a device; what is older is skipped.
  static let catchUpPeriodsMax = 4
  /// Events that wait for the reactor; further ones are counted.
  static let eventRingBytes = 16 * 1024
  static let eventTextBytesMax = 1_024
  /// ALSA plugins may use several descriptors for one device.
  static let pollDescriptorsMax = 16
  /// Bytes of /proc/asound/pcm that are read for a message.
  static let procFileBytesMax = 4_096
  /// Subdevices of one device that are looked at for a message.
  static let subdevicesMax = 8
  /// A number in a file of sysfs.
  static let brightnessBytesMax = 16
  /// Changes among the devices that are read at once.
  static let deviceEventBytes = 1_024
  /// The names of a light's colours.
  static let colourBytesMax = 64
  /// 64 records of a keypad at once.
  static let keypadBytesMax = 1_536
  /// Devices that are asked for their name.
  static let inputDevicesMax: Int32 = 64
  static let audioThreadStackBytes = 512 * 1024
  /// What of it is there from the start; the codec and the sound library together use less.
  static let audioThreadStackBytesTouched = 96 * 1024
}
