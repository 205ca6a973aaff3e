import Foundation
import Testing

@testable import Board

/// The words about other devices, from a kernel that the test invents.
struct SoundCardsTests {
  private let workshop: Workshop
  private var cards: SoundCards {
    SoundCards(root: workshop.path("asound"), processes: workshop.path("proc"))
  }

  /// HDMI that aplay has, a microphone that arecord has, and one that nobody has.
  init() throws {
    workshop = try Workshop()
    let files = [
      "asound/pcm": """
      00-00: bcm2835 HDMI : bcm2835 HDMI 1 : playback 8
      01-00: USB Audio : USB Audio : playback 1 : capture 1
      02-00: USB Audio : USB Audio : playback 1 : capture 1
      03-00: I2S : I2S : playback 1

      """,
      "asound/card0/id": "HDMI\n",
      "asound/card1/id": "Device\n",
      "asound/card2/id": "Device_1\n",
      "asound/card3/id": "sndrpi\n",
      "asound/card0/pcm0p/sub0/status": "closed\n",
      "asound/card0/pcm0p/sub2/status": "state: RUNNING\nowner_pid   : 77\n",
      "asound/card1/pcm0c/sub0/status": "state: RUNNING\nowner_pid   : 4242\n",
      "asound/card1/pcm0p/sub0/status": "closed\n",
      "asound/card3/pcm0p/sub0/status": "state: RUNNING\nowner_pid   : 9\n",
      "proc/4242/comm": "arecord\n",
      "proc/77/comm": "aplay\n",
    ]
    for (name, text) in files {
      let url = workshop.folder.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
  }

  @Test func namesWhatThereIs() {
    #expect(cards.available(.capture) == "there are: hw:1,0 (USB Audio), hw:2,0 (USB Audio)")
    #expect(
      cards.available(.playback)
        == "there are: hw:0,0 (bcm2835 HDMI), hw:1,0 (USB Audio), hw:2,0 (USB Audio), hw:3,0 (I2S)")
  }

  @Test(arguments: [
    "hw:1,0", "plughw:1", "hw:Device", "plughw:CARD=Device,DEV=0", "sysdefault:CARD=1", "default",
  ])
  func namesWhoHoldsIt(name: String) {
    #expect(cards.holder(of: name, .capture) == "arecord (process 4242)")
  }

  /// Who has another card is not to blame.
  @Test(arguments: ["hw:2", "plughw:CARD=Device_1", "hw:1,1", "hw:9", "plughw:CARD=Nobody"])
  func accusesNobodyOfWhatHeHasNot(name: String) {
    #expect(cards.holder(of: name, .capture) == "another program")
  }

  @Test func aNameThatTellsNoCardAccusesNobodyAmongSeveral() {
    #expect(cards.holder(of: "default", .playback) == "another program")
    #expect(cards.holder(of: "plug:'dmix:0'", .playback) == "another program")
    #expect(cards.holder(of: "hw:0", .playback) == "aplay (process 77)", "it has the third subdevice")
    #expect(cards.holder(of: "hw:sndrpi", .playback) == "a program (process 9)", "whose name may not be read")
  }

  @Test func saysWhenThereIsNoCard() {
    let cards = SoundCards(root: "/nowhere", processes: "/nowhere")
    #expect(cards.available(.playback) == "this system has no sound card with playback")
  }
}
