import Testing

@testable import AudioEngine
@testable import Board

/// The audio thread between an engine and the simulated card, whose microphone loops what it is given.
struct SoundRig {
  let workshop: Workshop
  let uplink: Uplink
  let downlink: Downlink
  let listener: Listener

  init(_ microphone: [Int16]) throws {
    workshop = try Workshop()
    var card = SimulatedSoundcard(plugin: try #require(soundcardPlugin))
    card.microphone = try workshop.write("mic.wav", wav: microphone)
    card.microphoneLoops = true
    card.microphoneControl = workshop.path("mic.ctl")
    card.speaker = workshop.path("spk.wav")
    card.speakerControl = workshop.path("spk.ctl")
    uplink = try Uplink()
    downlink = try Downlink()
    let thread = try AudioThread(LinuxBoard(simulated: card), uplink: uplink, downlink: downlink)
    listener = Listener(thread, uplink)
  }

  /// Runs the thread and plays back what the microphone hears, as if a peer said it.
  func echo(seconds: Double, until done: (Listener) -> Bool = { _ in false }) throws {
    downlink.open(slot: 0)
    try listener.thread.start(priority: 20)
    var played = 0
    listener.run(seconds: seconds) { listener in
      while played < listener.frames.count {
        downlink.push(
          slot: 0, sequence: UInt16(played), timestamp: listener.frames[played].rtpTimestamp,
          payload: listener.payloads[played][...],
          arrivedAt: UInt32(truncatingIfNeeded: monotonicMicroseconds()))
        played += 1
      }
      return done(listener)
    }
    listener.thread.stop()
  }
}
