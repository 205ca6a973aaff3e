import Foundation
import Testing

@testable import Board

/// The words about other devices, from a kernel that the test invents.
struct SoundCardsTests {
  private func invented() throws -> (Workshop, SoundCards) {
    let workshop = try Workshop()
    let files = [
      "asound/pcm": """
      00-00: bcm2835 HDMI : bcm2835 HDMI 1 : playback 8
      01-00: USB Audio : USB Audio : playback 1 : capture 1

      """,
      "asound/card1/pcm0c/sub0/status": "state: RUNNING\nowner_pid   : 4242\n",
      "asound/card1/pcm0p/sub0/status": "closed\n",
      "proc/4242/comm": "arecord\n",
    ]
    for (name, text) in files {
      let url = workshop.folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
    return (workshop, SoundCards(root: workshop.path("asound"), processes: workshop.path("proc")))
  }

  @Test func namesWhatThereIs() throws {
    let (workshop, cards) = try invented()
    #expect(cards.available(.capture) == "there are: hw:1,0 (USB Audio)")
    #expect(cards.available(.playback) == "there are: hw:0,0 (bcm2835 HDMI), hw:1,0 (USB Audio)")
    _ = workshop
  }

  @Test func namesWhoHoldsIt() throws {
    let (workshop, cards) = try invented()
    #expect(cards.holder(.capture) == "arecord (process 4242)")
    #expect(cards.holder(.playback) == "another program")
    _ = workshop
  }

  @Test func saysWhenThereIsNoCard() {
    let cards = SoundCards(root: "/nowhere", processes: "/nowhere")
    #expect(cards.available(.playback) == "this system has no sound card with playback")
  }
}
