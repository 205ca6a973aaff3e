import Base

/// What becomes of the words that were said before anybody listened: a pure function of where the hand-over stands
/// and of what happened.
///
/// | from | when | to | and |
/// |---|---|---|---|
/// | off | a call begins | recording | record |
/// | recording | the track has had a listener for `openMilliseconds` and the agent a track for `settledMilliseconds`, each less the round trip | handing over | hand over |
/// | recording | the track has had a listener for `readyMilliseconds` less the round trip, and an agent or nobody is in sight | handing over | hand over |
/// | recording | the track has had a listener for `personMilliseconds` less the round trip, and it is not the agent | shared | |
/// | recording | the agent is there, and no listener was announced for `listenerMilliseconds` | handing over | hand over |
/// | recording | the same with somebody else | shared | |
/// | shared | the same of an agent, from its coming on | handing over | hand over |
/// | handing over | the recording is whole | held | |
/// | held | the agent is there | sending | open the stream |
/// | sending | the last sample is on its way, or the stream failed | off | release |
/// | recording, shared, held | no agent for `agentMilliseconds` of a connection | off | release |
/// | handing over, held, sending | the microphone is closed | off | release: what was said before is not told after it |
/// | any | the call ends | off | release |
///
/// Live frames are withheld while recording, and the recording ends where the live track begins: a server forwards
/// what comes after it announced the first listener and throws away what came before, so one sample more would be lost
/// there, and one that is in the recording as well would be heard twice.
struct PreConnect: Equatable {
  enum State: Equatable { case off, recording, shared, handingOver, held, sending }

  enum Event: Equatable {
    case callBegan
    /// The server announced the first subscriber of our track; how long a signal takes to it and back.
    case listened(roundTripMilliseconds: Int)
    /// Media flows, and the track is published; or no more.
    case published(Bool)
    /// Who is in the room: an agent that can take the recording, whether it has a voice there, and anybody else.
    case audience(agent: Bool, agentHasTrack: Bool = false, others: Bool)
    case recordingReady
    case delivered
    /// Muted. What is being recorded is forgotten by the engine; what was handed over is ours to forget.
    case closed
    case callEnded
    case timeout
  }

  enum Action: Equatable { case none, record, handOver, openStream, release }

  private(set) var state = State.off
  /// Live frames go out already, to somebody else than the agent.
  private(set) var isShared = false
  private var agent = false
  private var others = false
  private var isPublished = false
  private var agentDeadline: Instant?
  private var listenerDeadline: Instant?
  /// When the first listener was announced, less the round trip.
  private var listenedAt: Instant?
  private var roundTripMilliseconds = 0
  /// When the agent came to a track that is live.
  private var agentAt: Instant?
  /// When the agent's own track came in sight.
  private var agentTrackAt: Instant?

  /// What a listener needs from the moment at which the server announces it until its receiver and its output are open:
  /// seen until 30 ms. What is said until then is in the recording, but the agent hears so long a pause behind it. The way
  /// of the announcement and of the first packet is part of it.
  static let openMilliseconds = 40
  /// An agent of the framework that has just joined negotiates for its own track on its only peer connection, which
  /// empties the jitter buffers of all others. The server shows that track with its answer to the agent; when the agent
  /// has worked on that, this is over.
  static let settledMilliseconds = 25
  /// How long an agent that listens is waited for to have a track: it may mean to write only.
  static let readyMilliseconds = 200
  /// `openMilliseconds` for a person, whose client does not negotiate once more and hears no recording: it is open by
  /// then (seen after 4 to 7 ms), and a packet that comes before is thrown away, so that it would hear the next one.
  static let personMilliseconds = 8
  /// How long a published track waits for the announcement of its first listener while somebody is there: servers
  /// that never announce any must not make us mute.
  static let listenerMilliseconds = 3_000
  /// How long the recording waits for an agent; the framework's own clients give up after as long.
  static let agentMilliseconds = 10_000

  /// Whether what the microphone hears now is for the recording alone.
  var withholdsFrames: Bool { state == .recording }
  /// Whether a buffer will follow: what the track announces.
  var isPromised: Bool { state != .off }

  var deadline: Instant? {
    switch state {
    case .recording: earliest(readyDeadline, earliest(agent ? nil : agentDeadline, listenerDeadline))
    case .shared: agent ? readyDeadline : agentDeadline
    case .held: agentDeadline
    case .off, .handingOver, .sending: nil
    }
  }

  mutating func handle(_ event: Event, now: Instant) -> Action {
    switch event {
    case .callBegan:
      guard state == .off else { return .none }
      self = PreConnect()
      state = .recording
      return .record
    case .callEnded: return end()
    case .closed:
      switch state {
      case .handingOver, .held, .sending: return end()
      case .off, .recording, .shared: return .none
      }
    case .published(let published):
      isPublished = published
      if !published { listenedAt = nil }
      agentDeadline = published ? now.advanced(byMilliseconds: Self.agentMilliseconds) : nil
    case .audience(let agent, let agentHasTrack, let others):
      self.agent = agent
      self.others = others
      agentTrackAt = agentHasTrack ? agentTrackAt ?? now : nil
    case .listened(let roundTrip):
      guard state == .recording else { return .none }
      guard listenedAt == nil else { break }
      roundTripMilliseconds = min(max(0, roundTrip), Self.readyMilliseconds)
      listenedAt = now.advanced(byMilliseconds: -roundTripMilliseconds)
    case .recordingReady: if state == .handingOver { state = .held }
    case .delivered: return state == .sending ? end() : .none
    case .timeout: break
    }
    return proceed(now)
  }

  /// What follows from how things stand now.
  private mutating func proceed(_ now: Instant) -> Action {
    let isWatched = isPublished && (agent || others)
    if !isWatched {
      listenerDeadline = nil
    } else if listenerDeadline == nil {
      listenerDeadline = now.advanced(byMilliseconds: Self.listenerMilliseconds)
    }
    if state == .shared { agentAt = agent ? agentAt ?? now : nil }
    switch state {
    case .held where agent:
      state = .sending
      return .openStream
    case .recording where isDue(readyDeadline, now) || isDue(listenerDeadline, now): return share()
    case .shared where isDue(readyDeadline, now): return share()
    case .recording, .shared, .held: return !agent && isDue(agentDeadline, now) ? end() : .none
    case .off, .handingOver, .sending: return .none
    }
  }

  /// The track goes live. Whoever is in sight and no agent is who listens; the recording then goes on for the agent.
  private mutating func share() -> Action {
    if others && !agent {
      state = .shared
      isShared = true
      return .none
    }
    state = .handingOver
    return .handOver
  }

  /// When nothing is lost any more that is sent to who listens.
  private var readyDeadline: Instant? {
    guard let since = state == .shared ? agentAt : listenedAt else { return nil }
    if state == .recording && others && !agent {
      return since.advanced(byMilliseconds: Self.personMilliseconds)
    }
    let latest = since.advanced(byMilliseconds: Self.readyMilliseconds)
    guard let agentTrackAt else { return latest }
    let open = since.advanced(byMilliseconds: Self.openMilliseconds)
    let settled = agentTrackAt.advanced(byMilliseconds: Self.settledMilliseconds - roundTripMilliseconds)
    return min(latest, max(open, settled))
  }

  private func isDue(_ deadline: Instant?, _ now: Instant) -> Bool { deadline.map { $0 <= now } ?? false }

  private mutating func end() -> Action {
    guard state != .off else { return .none }
    state = .off
    return .release
  }
}
