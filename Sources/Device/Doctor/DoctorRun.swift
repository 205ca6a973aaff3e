import AudioEngine
import Base
import Configuration
import Control
import LiveKit

/// A self-test that is under way: first the sound, then the room, then what flows.
///
/// | phase | what happens | it ends |
/// |---|---|---|
/// | listening | the microphone is listened to; the server is asked for its clock | after 1.5 s |
/// | tone | the speaker plays 1 kHz, if there is a speaker | after 1.2 s |
/// | joining | the room is joined, unless the device is in it | connected, a failure, or out of time |
/// | measuring | media flows | after 3 s |
struct DoctorRun {
  enum Phase { case listening, tone, joining, measuring }

  var phase = Phase.listening
  var due: Instant
  var joiningEnds: Instant?
  var askers: [Asker]
  /// Whose clock was asked for.
  var asked: String?
  /// It joined by itself, and so it leaves.
  var hasJoined = false
  var sound = SoundProbeReading()
  var lostBefore = 0
  var receivedBefore = 0
}

extension Device {
  static let listeningMilliseconds = 1_500
  static let toneMilliseconds = 1_200
  static let measuringMilliseconds = 3_000
  private static let lookMilliseconds = 100

  /// The answer comes when all is tested; who asks meanwhile gets the same.
  func beginDoctor(_ asker: Asker, now: Instant) {
    guard doctor == nil else {
      doctor?.askers.append(asker)
      return
    }
    doctor = DoctorRun(due: now.advanced(byMilliseconds: Self.listeningMilliseconds), askers: [asker])
    serverAnswer = nil
    emit(.audio(.beginSoundProbe))
    askServerTime()
  }

  /// The first server on the way to the room that is known: the token endpoint, where it names the room server.
  var firstServer: String? {
    let isRemote = settings.token.source == .endpoint || settings.token.source == .sandbox
    return serverURL ?? settings.token.url ?? (isRemote ? tokenEndpoint : nil)
  }

  private func askServerTime() {
    guard let url = firstServer, url != doctor?.asked else { return }
    doctor?.asked = url
    serverAnswer = nil
    emit(.askServerTime(url: url))
  }

  func serverAnswered(_ answer: Result<Int64?, TransportFailure>) {
    let seconds = instruments.unixMilliseconds / 1000
    switch answer {
    case .success(let time): serverAnswer = .success(time.map { seconds - $0 })
    case .failure(let failure): serverAnswer = .failure(failure)
    }
  }

  /// A step of the run is due.
  func advanceDoctor(now: Instant) {
    guard let run = doctor, run.due <= now else { return }
    switch run.phase {
    case .listening:
      if playback.state == .running { emit(.audio(.playProbeTone)) }
      enter(.tone, after: playback.state == .running ? Self.toneMilliseconds : 0, now)
    case .tone:
      doctor?.sound = instruments.soundProbe
      emit(.audio(.endSoundProbe))
      if connection == .disconnected, call.state == .idle || call.state == .failed {
        doctor?.hasJoined = settings.session.mode != .alwaysOn
        beginJoin(url: nil, token: nil, now: now)
      }
      let seconds = 2 * settings.session.connectTimeoutSeconds + 3
      doctor?.joiningEnds = now.advanced(byMilliseconds: seconds * 1000)
      enter(.joining, after: 0, now)
    case .joining:
      askServerTime()
      let isOver = run.joiningEnds.map { $0 <= now } ?? true
      if connection == .connected {
        doctor?.lostBefore = instruments.sound.downlink.lost
        doctor?.receivedBefore = instruments.sound.downlink.packets
        enter(.measuring, after: Self.measuringMilliseconds, now)
      } else if failure != nil || isOver {
        finishDoctor(now: now)
      } else {
        enter(.joining, after: Self.lookMilliseconds, now)
      }
    case .measuring: finishDoctor(now: now)
    }
  }

  private func enter(_ phase: DoctorRun.Phase, after milliseconds: Int, _ now: Instant) {
    doctor?.phase = phase
    doctor?.due = now.advanced(byMilliseconds: milliseconds)
    if milliseconds == 0 { advanceDoctor(now: now) }
  }

  private func finishDoctor(now: Instant) {
    guard let run = doctor else { return }
    doctor = nil
    let result = Doctor.json(boardRows(run) + hardwareRows + networkRows(run, now: now))
    if run.hasJoined { leave(now: now) }
    for asker in run.askers { succeed(result, asker, now) }
  }
}
