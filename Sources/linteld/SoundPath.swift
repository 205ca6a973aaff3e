import AudioEngine
import Base
import Board
import Configuration
import Device
import LiveKit
import Reactor
import WebRTC

/// The sound between the audio thread and the device: frames out of the uplink's ring, packets into the
/// downlink's, and what happens to the cards.
final class SoundPath {
  let uplink: Uplink
  let downlink: Downlink
  /// A frame of the microphone, and what became of a card.
  var onFrame: ((PeerConnection.AudioFrame) -> Void)?
  /// What was said before anybody listened is whole.
  var onRecording: ((PreConnectRecording) -> Void)?
  var onCardEvent: ((SoundCardEvent) -> Void)?
  var onWarning: ((String) -> Void)?
  /// Priority or memory that the audio thread did not get.
  var onRefusal: ((AudioDeviceEvent) -> Void)?
  /// Whether the card's own volume works, if it is to be moved.
  var onMixer: ((BoardPart) -> Void)?
  /// The frames and events of one wake-up were handed over.
  var onDrained: (() -> Void)?

  /// Grows while the audio thread makes progress.
  var turnCount: Int { thread.turnCount }

  private let thread: AudioThread<LinuxBoard>
  private let loop: EventLoop
  private var mixing: Errand?
  /// The card's own volume works, as far as is known.
  private var mixerWorks = false
  private var volumePercent: Int
  private var watcher: DescriptorWatcher?
  private var payload: [UInt8] = []
  /// The engine was asked for its recording, which ends with a frame to come.
  private var awaitsRecording = false

  init(_ loop: EventLoop, _ settings: Settings) throws(StartFailure) {
    self.loop = loop
    var up = UplinkConfiguration()
    up.bitrate = settings.audio.bitrateBitsPerSecond
    up.complexity = settings.audio.complexity
    up.inbandFEC = settings.audio.fec
    up.frameMilliseconds = settings.audio.frame.milliseconds
    up.gainDecibels = settings.audio.gainDecibels
    up.echoCancellation = settings.audio.aec
    up.halfDuplex = settings.audio.duplex == .half
    up.noiseSuppression = settings.audio.noiseSuppression
    up.automaticGain = settings.audio.automaticGain
    up.preConnectMilliseconds = settings.audio.preConnectMilliseconds
    var down = DownlinkConfiguration()
    down.playoutDelayMilliseconds = settings.audio.jitterMilliseconds
    down.playoutDelayMillisecondsMin = settings.audio.jitterMinMilliseconds
    down.playoutDelayMillisecondsMax = settings.audio.jitterMaxMilliseconds
    down.quantilePercent = settings.audio.jitterQuantilePercent
    volumePercent = settings.audio.volumePercent
    do throws(AudioFailure) {
      uplink = try Uplink(up)
      downlink = try Downlink(down)
    } catch {
      throw .audio(error)
    }
    do throws(BoardFailure) {
      thread = try AudioThread(Self.board(settings), uplink: uplink, downlink: downlink)
    } catch {
      throw .board(error)
    }
    if let element = settings.audio.mixer { mix(card: settings.audio.mixerCard, element) }
  }

  /// Opening a card's mixer takes as long as its driver likes.
  private func mix(card: String, _ element: String) {
    let mixer = Mixer(card: card, element: element)
    mixing = Errand(loop) { percent in
      do throws(BoardFailure) {
        try mixer.set(percent: Int(percent[0]))
        return nil
      } catch {
        return error.description
      }
    } then: { problem in
      self.mixerWorks = problem == nil
      self.scaleSamples()
      self.onMixer?(BoardPart(name: "mixer", place: "mixer control '\(element)'", problem: problem))
    }
  }

  private static func board(_ settings: Settings) throws(BoardFailure) -> LinuxBoard {
    switch settings.device.board {
    case .linux:
      return try LinuxBoard(
        capture: settings.audio.capture, playback: settings.audio.playback, channel: settings.audio.channel)
    case .simulated:
      var card = SimulatedSoundcard(
        plugin: settings.simulated.soundcard ?? SimulatedSettings.installedSoundcard)
      card.microphone = settings.simulated.microphone
      card.microphoneLoops = settings.simulated.loop
      card.speaker = settings.simulated.speaker
      card.microphoneControl = settings.simulated.control.map { $0 + ".microphone" }
      card.speakerControl = settings.simulated.control.map { $0 + ".speaker" }
      return try LinuxBoard(simulated: card, channel: settings.audio.channel)
    }
  }

  func start() throws(StartFailure) {
    // Until the device says what it wants of the microphone.
    uplink.listen(.closed, preRollMilliseconds: 0)
    do throws(ReactorFailure) {
      watcher = try DescriptorWatcher(loop, descriptor: thread.wakeDescriptor) { self.drain() }
    } catch {
      throw .reactor(error)
    }
    do throws(BoardFailure) {
      try thread.start()
    } catch {
      throw .board(error)
    }
  }

  func stop() {
    thread.stop()
    watcher?.stop()
  }

  /// What does not fit is counted there.
  func play(_ packet: ReceivedAudio) {
    downlink.push(
      slot: packet.slot, sequence: packet.sequence, timestamp: packet.timestamp, payload: packet.payload[...],
      arrivedAt: UInt32(truncatingIfNeeded: monotonicMicroseconds()))
  }

  func perform(_ command: Device.AudioCommand) {
    switch command {
    case .openTrack(let slot): downlink.open(slot: slot)
    case .closeTrack(let slot): downlink.close(slot: slot)
    case .setMuted(let muted): uplink.muted = muted
    case .setVolume(let percent):
      volumePercent = percent
      applyVolume()
    case .setRate(let bitrate, let loss): uplink.setRate(bitrate: bitrate, expectedLossPercent: loss)
    case .recordPreConnect(let preRoll): uplink.start(preRollMilliseconds: preRoll)
    case .handOverPreConnect:
      uplink.handOver()
      awaitsRecording = true
    case .endPreConnect:
      uplink.endPreConnect()
      awaitsRecording = false
    case .listen(let listening, let preRoll):
      uplink.listen(listening, preRollMilliseconds: preRoll)
      thread.wake()
    case .playTone(let tone): play(tone)
    case .playKey(let key): if let tone = Tone(key: key) { play(tone) }
    case .beginSoundProbe: uplink.probe.begin()
    case .endSoundProbe: uplink.probe.end()
    case .playProbeTone: play(.probe)
    case .stopTones: downlink.stopTones()
    case .setDiscontinuousTransmission(let on): uplink.setDiscontinuousTransmission(on)
    }
  }

  /// A speaker that stands still would not notice.
  private func play(_ tone: Tone) {
    downlink.play(tone)
    thread.wake()
  }

  /// By the card where that works, else by scaling the samples.
  private func applyVolume() {
    scaleSamples()
    mixing?.run([UInt8(clamping: volumePercent)])
  }

  private func scaleSamples() { downlink.volumePercent = mixerWorks ? 100 : volumePercent }

  private func drain() {
    thread.acknowledgeWake()
    while let event = thread.nextEvent() { report(event) }
    if let warning = uplink.takeEchoWarning() { onWarning?(warning.description) }
    while let frame = uplink.pop(into: &payload) {
      onFrame?(
        PeerConnection.AudioFrame(
          payload: payload, timestamp: frame.rtpTimestamp, marker: frame.marker, level: frame.level,
          voice: frame.voice))
    }
    if awaitsRecording, let recording = uplink.preConnectRecording {
      awaitsRecording = false
      onRecording?(recording)
    }
    onDrained?()
  }

  private func report(_ event: AudioDeviceEvent) {
    switch event {
    case .opened(let direction, _, let parameters):
      // A card that comes back may have forgotten its volume.
      if direction == .playback, mixing != nil { applyVolume() }
      onCardEvent?(
        SoundCardEvent(
          stream(direction), .working(rateHertz: parameters.rateHertz, parameters: parameters.line)))
    case .unavailable(let direction, let reason), .lost(let direction, let reason):
      onCardEvent?(SoundCardEvent(stream(direction), .failed(reason: reason)))
    case .closed(let direction): onCardEvent?(SoundCardEvent(stream(direction), .closed))
    case .dropouts(let direction, let total):
      onCardEvent?(SoundCardEvent(stream(direction), .dropouts(total)))
    case .realtimeRefused, .memoryNotLocked:
      onRefusal?(event)
      onWarning?(event.description)
    case .eventsLost: onWarning?(event.description)
    }
  }

  private func stream(_ direction: AudioDirection) -> SoundCardEvent.Stream {
    direction == .capture ? .capture : .playback
  }
}
