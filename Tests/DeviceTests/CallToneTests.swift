import Control
import Testing

@testable import Device

struct CallToneTests {
  @Test(arguments: [
    (CallState.idle, CallState.connecting, CallTone.play(.ringing)),
    (.failed, .connecting, .play(.ringing)),
    (.connecting, .talking, .play(.connected)), (.waitingAgent, .talking, .play(.connected)),
    (.connecting, .failed, .play(.error)),
    (.waitingAgent, .failed, .play(.busy)), (.talking, .failed, .play(.busy)),
    (.talking, .ending, .stop), (.connecting, .ending, .stop), (.ending, .idle, .stop),
    (.failed, .idle, .stop),
    (.connecting, .waitingAgent, .noChange), (.talking, .waitingAgent, .noChange),
    (.talking, .connecting, .noChange), (.waitingAgent, .connecting, .noChange),
  ]) func everyRowOfTheTable(from: CallState, to: CallState, tone: CallTone) {
    #expect(CallTone.next(from: from, to: to) == tone)
  }

  @Test func theDeviceRingsWhenItJoinsAndSaysThatItIsMuted() throws {
    let bench = try Bench()
    #expect(bench.audio.contains(.playTone(.booted)))
    bench.ask(.join(url: nil, token: nil))
    #expect(tones(bench).suffix(2) == [.stopTones, .playTone(.ringing)])
    bench.ask(.mute(on: true))
    #expect(tones(bench).last == .playTone(.muted))
  }

  private func tones(_ bench: Bench) -> [Device.AudioCommand] {
    bench.audio.filter { if case .listen = $0 { false } else { true } }
  }

  @Test func withoutTonesItIsQuiet() throws {
    let bench = try Bench { $0.audio.tones = false }
    bench.ask(.join(url: nil, token: nil))
    bench.ask(.mute(on: true))
    for command in bench.audio {
      if case .playTone = command { Issue.record("\(command)") }
    }
  }
}
