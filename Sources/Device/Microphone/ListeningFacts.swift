import AudioEngine

/// What the microphone is wanted for. The first row that fits decides:
///
/// | circumstance | the microphone is |
/// |---|---|
/// | a self-test listens | live |
/// | there is a call, or one is on its way | live |
/// | muted, by whatever | closed |
/// | a call would begin with what was said before the press | kept |
/// | otherwise | closed |
struct ListeningFacts: Equatable, Sendable {
  var isTested = false
  var isInCall = false
  var isMuted = false
  var keepsPreRoll = false

  var listening: Listening {
    if isTested || isInCall { return .live }
    return isMuted || !keepsPreRoll ? .closed : .kept
  }
}
