import Base

/// What of a session was lost.
enum Loss: Equatable {
  /// The WebSocket was closed, or was silent for longer than the server promised.
  case signalling
  /// Nothing answers any more on the way to the server; on a peer connection that we offer on, or that it does.
  case path(weOffer: Bool)
  /// The same, because the address that we had is gone: whatever else went from there has gone with it.
  case address
  /// The server says `leave` with RESUME.
  case sentAway(DisconnectReason)
  /// The server ended a peer connection itself, or the data channel.
  case peer
}

/// What is done about it.
enum Remedy: Equatable {
  /// Another WebSocket for the same session, over which what is dead of its media starts ICE anew.
  case resume
  /// An ICE restart by an offer of ours, over the WebSocket that there is.
  case restartICE
  /// The server is pinged, and what follows depends on whether it answers.
  case ask
  /// A full join: a new session.
  case rejoin
}

/// How a session stands that has lost something.
struct SessionFacts: Equatable {
  /// Media flowed once, and the server has not said that it resumes nothing. It removes at once whoever loses
  /// signalling before.
  var mayResume = true
  /// Whether signalling works; nil: nothing was heard since the loss.
  var signallingAnswers: Bool?
}

extension Remedy {
  /// The table:
  ///
  /// | what was lost | signalling | what is done |
  /// |---|---|---|
  /// | signalling: closed, or pings unanswered | | resume |
  /// | the path of a peer connection that we offer on | answers | restart ICE |
  /// | the path of one that the server offers on (it restarts in a resume only) | answers | resume |
  /// | either | not known | ask; silence for a moment is signalling lost |
  /// | either | dead already | resume, which is under way |
  /// | our address | | resume |
  /// | `leave` with RESUME | | resume |
  /// | the same because of a migration: another server has other keys | | rejoin |
  /// | a peer connection or data channel that the server closed | | rejoin |
  /// | anything, if nothing was ever connected or the server disabled resuming | | rejoin |
  ///
  /// `leave` with RECONNECT, a refused resume and a negotiation that is not answered are a full join, too; `leave` with
  /// DISCONNECT is for `RetryPolicy`.
  init(for loss: Loss, _ facts: SessionFacts) {
    guard facts.mayResume else {
      self = .rejoin
      return
    }
    switch loss {
    case .signalling, .address: self = .resume
    case .sentAway(let reason): self = reason == .migration ? .rejoin : .resume
    case .peer: self = .rejoin
    case .path(let weOffer):
      switch facts.signallingAnswers {
      case nil: self = .ask
      case true?: self = weOffer ? .restartICE : .resume
      case false?: self = .resume
      }
    }
  }
}

/// The way back to the server of a session that goes on without signalling. Pure.
struct Resume: Equatable {
  enum Step: Equatable {
    case paused(until: Instant)
    case dialling(until: Instant)
    /// The WebSocket is open; the server's word is waited for.
    case asking(until: Instant)
  }

  /// Why, as the server is told (ReconnectReason of livekit_models).
  enum Reason: Int, Equatable {
    case signalLost = 1
    case publisherFailed, subscriberFailed
  }

  var step: Step
  let reason: Reason
  /// Attempts that nobody answered. They say nothing of a server that then does.
  var unanswered = 0

  /// The next thing that happens by itself.
  var next: (wait: Wait, at: Instant) {
    switch step {
    case .paused(let until): (.resumePause, until)
    case .dialling(let until): (.resumeDial, until)
    case .asking(let until): (.resumeAnswer, until)
    }
  }
}

/// What was asked of the server while there was no way to it; only what a later state does not say by itself. Pure.
struct HeldRequests {
  private var requests: [SignalRequest] = []

  /// False if there was no room. The newest word about a track is the only one that counts.
  mutating func hold(_ request: SignalRequest, max: Int) -> Bool {
    switch request {
    case .mute(let sid, _):
      requests.removeAll { if case .mute(sid, _) = $0 { true } else { false } }
    case .updateAudioTrack(let sid, _):
      requests.removeAll { if case .updateAudioTrack(sid, _) = $0 { true } else { false } }
    // An answer belongs to an offer that the server makes again, with our candidates in the answer to that.
    case .trickle(_, target: .publisher): break
    default: return true
    }
    guard requests.count < max else { return false }
    requests.append(request)
    return true
  }

  mutating func take() -> [SignalRequest] {
    defer { requests = [] }
    return requests
  }
}
