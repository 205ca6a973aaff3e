import AudioEngine
import Base
import Configuration
import Control
import JSON
import LiveKit

/// A self-test: first the sound, then the room, then what flows.
///
/// | phase | what happens | it ends |
/// |---|---|---|
/// | listening | the microphone is listened to; the server is asked for its clock | after 1.5 s |
/// | tone | the speaker plays 1 kHz, if there is a speaker | after 1.5 s |
/// | joining | the room is joined, unless the device is in it | connected, a failure, or out of time |
/// | measuring | media flows | after 3 s |
struct Doctor {
  private enum Phase { case listening, tone, joining, measuring }

  private struct Run {
    var phase = Phase.listening
    var due: Instant
    var joiningEnds: Instant?
    var askers: [Asker]
    /// Whose clock was asked for.
    var asked: String?
    /// It joined by itself, and so it leaves.
    var hasJoined = false
    var measured = DoctorMeasurement()
  }

  private var run: Run?
  /// How many seconds our clock is ahead of the server's, if it told.
  private var serverAnswer: Result<Int64?, TransportFailure>?

  static let listeningMilliseconds = 1_500
  static let toneMilliseconds = 1_500
  static let measuringMilliseconds = 3_000
  private static let lookMilliseconds = 100

  var due: Instant? { run?.due }

  /// The answer comes when all is tested; who asks meanwhile gets the same.
  mutating func begin(_ asker: Asker, _ facts: DoctorFacts, mayBeHeard: Bool, now: Instant) -> [Effect] {
    guard run == nil else {
      run?.askers.append(asker)
      return []
    }
    guard mayBeHeard || !facts.wouldBeHeard else {
      return [.refuse(Control.Doctor.inCall, "others would hear the tone of the test", asker)]
    }
    run = Run(due: now.advanced(byMilliseconds: Self.listeningMilliseconds), askers: [asker])
    serverAnswer = nil
    return [.audio(.beginSoundProbe)] + askServerTime(facts)
  }

  private mutating func askServerTime(_ facts: DoctorFacts) -> [Effect] {
    guard let url = facts.firstServer, url != run?.asked else { return [] }
    run?.asked = url
    serverAnswer = nil
    return [.askServerTime(url: url)]
  }

  mutating func serverAnswered(_ answer: Result<Int64?, TransportFailure>, unixSeconds: Int64) {
    serverAnswer = answer.map { time in time.map { unixSeconds.subtractingReportingOverflow($0).partialValue }
    }
  }

  /// A step of the run is due.
  mutating func advance(_ facts: DoctorFacts, now: Instant) -> [Effect] {
    var effects: [Effect] = []
    while let run, run.due <= now {
      switch run.phase {
      case .listening:
        if facts.playback.state == .running { effects.append(.audio(.playProbeTone)) }
        enter(.tone, after: facts.playback.state == .running ? Self.toneMilliseconds : 0, now)
      case .tone: effects += join(facts, now: now)
      case .joining: effects += look(facts, now: now)
      case .measuring: effects += finish(facts)
      }
      // Joining has to be done before anybody can look how it went.
      if run.phase == .tone { break }
    }
    return effects
  }

  private mutating func join(_ facts: DoctorFacts, now: Instant) -> [Effect] {
    run?.measured.sound = facts.soundProbe
    run?.measured.canceller = facts.sound.echo
    var effects: [Effect] = [.audio(.endSoundProbe)]
    if facts.mayJoin {
      run?.hasJoined = facts.settings.stayMode != .alwaysOn
      effects.append(.stay(.asked(.configured, by: .button)))
    }
    let seconds = 2 * facts.settings.session.connectTimeoutSeconds + 3
    run?.joiningEnds = now.advanced(byMilliseconds: seconds * 1000)
    enter(.joining, after: 0, now)
    return effects
  }

  private mutating func look(_ facts: DoctorFacts, now: Instant) -> [Effect] {
    let asked = askServerTime(facts)
    let isOver = run?.joiningEnds.map { $0 <= now } ?? true
    if facts.connection == .connected {
      run?.measured.lostBefore = facts.sound.downlink.lost
      run?.measured.receivedBefore = facts.sound.downlink.packets
      enter(.measuring, after: Self.measuringMilliseconds, now)
      return asked
    }
    if facts.failure != nil || isOver { return asked + finish(facts) }
    enter(.joining, after: Self.lookMilliseconds, now)
    return asked
  }

  private mutating func enter(_ phase: Phase, after milliseconds: Int, _ now: Instant) {
    run?.phase = phase
    run?.due = now.advanced(byMilliseconds: milliseconds)
  }

  private mutating func finish(_ facts: DoctorFacts) -> [Effect] {
    guard var run else { return [] }
    self.run = nil
    run.measured.serverAnswer = serverAnswer
    let rows = facts.boardRows(run.measured) + facts.hardwareRows + facts.networkRows(run.measured)
    let result = Control.Doctor.json(
      rows.map { $0.json }, [.init("measured", facts.measured(run.measured))])
    let left: [Effect] = run.hasJoined ? [.stay(.leave(reason: nil))] : []
    return left + run.askers.map { .succeed(result, $0) }
  }
}

/// What a run learned on its way.
struct DoctorMeasurement {
  var sound = SoundProbeReading()
  /// While the tone played.
  var canceller = EchoState.notWanted
  var lostBefore = 0
  var receivedBefore = 0
  /// How many seconds our clock is ahead of the server's, if it told; nil if it did not answer.
  var serverAnswer: Result<Int64?, TransportFailure>?
}
