import AudioEngine
import Base

/// What the audio thread leaves alone while nobody is in a call.
///
/// | the microphone is | it is read | the speaker |
/// |---|---|---|
/// | live | as soon as a period is there | plays |
/// | kept | some periods at once | plays what is to be heard, and stands still two seconds after it |
/// | closed | never | the same |
struct AudioRest {
  /// What the microphone was wanted for in the last round.
  var listening = Listening.live
  /// When it was live last.
  var pausedAt: Instant
  /// When a microphone that is not live is looked at next.
  var captureDue: Instant
  private(set) var speakerRests = false
  private var quietSince: Instant?

  init(now: Instant) {
    pausedAt = now
    captureDue = now
  }

  mutating func follow(speakerIsWanted: Bool, _ now: Instant) {
    if speakerIsWanted {
      quietSince = nil
      speakerRests = false
      return
    }
    let since = quietSince ?? now
    quietSince = since
    speakerRests = now.milliseconds(since: since) >= BoardLimits.speakerRestsMilliseconds
  }
}
