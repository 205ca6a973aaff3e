import Testing

@testable import Configuration

@Suite("Lines, lights, keys and profiles")
struct HardwareTests {
  @Test(
    "a line is a number or a name, and how it is wired",
    arguments: [
      ("17", "17"), ("GPIO17 active-low pull-up", "GPIO17 active-low pull-up"),
      ("17, pull-down,active-low", "17 active-low pull-down"),
      ("DOOR_BELL  active-low", "DOOR_BELL active-low"),
      ("", ""),
    ])
  func lines(text: String, kept: String) throws {
    let settings = try parse("[gpio]\nbutton = \(text)\n")
    #expect(settings.gpio[.button]?.text ?? "" == kept)
    #expect(try parse(settings.text) == settings)
  }

  @Test(
    "how it is not",
    arguments: ["17 low", "active low", "17 pull-up pull-sideways", ",", "a/b", "17 18", "\u{7}"])
  func wrongLines(text: String) {
    #expect((try? parse("[gpio]\nlock = \(text)\n")) == nil)
  }

  @Test("the sentence names what is legal")
  func sentence() {
    #expect(
      sentences("[gpio]\nhook = 5 up\n")
        == "c:2: [gpio] hook: '5 up' has 'up' in it; legal: the number or name of a line, then active-low, pull-up or "
        + "pull-down as it is wired, or nothing")
    #expect(sentences("[gpio]\nbuton = 5\n").contains("did you mean 'button'?"))
    #expect(sentences("[leds]\nstatus = a/b\n").contains("has a character that a name may not have"))
    #expect(sentences("[gpio]\ndebounce-ms = 0\n").contains("1 to 500 (ms)"))
  }

  @Test("every use has a key of its own")
  func uses() throws {
    for (number, use) in GPIOSettings.Use.allCases.enumerated() {
      let settings = try parse("[gpio]\n\(use.rawValue) = \(number)\n")
      for other in GPIOSettings.Use.allCases { #expect((settings.gpio[other] != nil) == (other == use)) }
    }
    for (index, light) in LEDSettings.Light.allCases.enumerated() {
      #expect(try parse("[leds]\n\(light.rawValue) = x\n").leds.names[index] == "x")
    }
  }

  @Test("a keypad may have blanks in its name, and its keys may be the door's")
  func keypad() throws {
    #expect(try parse("[keypad]\ndevice = USB Number Pad\n").keypad.device == "USB Number Pad")
    let allow = try parse("[door]\ndtmf-allow = keypad, sip\n").door.codeAllow
    #expect(
      allow.allow(kind: "keypad", identity: "keypad")
        && !Settings().door.codeAllow.allow(kind: "keypad", identity: "keypad"))
  }

  private let files = [(name: "/p/pi.conf", text: "[audio]\nvolume = 10\ngain-db = 3\n")]

  @Test("the configuration wins over its profile, key by key")
  func profile() throws {
    let own = (name: "/etc/lintel.conf", text: "[device]\nprofile = pi\n[audio]\nvolume = 20\n")
    #expect(Settings.profile(in: [own]) == "pi")
    let settings = try Settings.parse(files: files + [own], profiles: ["pc", "pi"])
    #expect(settings.audio.volumePercent == 20 && settings.audio.gainDecibels == 3)
    #expect(settings.device.profile == "pi")
  }

  @Test("a drop-in may choose another profile, or none; a file that is wrong elsewhere names it all the same")
  func dropIns() {
    let first = (name: "a", text: "[device]\nprofile = pi\n")
    #expect(Settings.profile(in: [first, (name: "b", text: "[device]\nprofile = pc\n")]) == "pc")
    #expect(Settings.profile(in: [first, (name: "b", text: "[device]\nprofile =\n")]) == nil)
    #expect(Settings.profile(in: [(name: "a", text: "nonsense\n[device]\nprofile = pi\n")]) == "pi")
    #expect(Settings.profile(in: []) == nil)
  }

  @Test("a wrong profile is told where it stands, with the nearest")
  func wrongProfile() {
    let words = { (profiles: [String]) -> String in
      do throws(ConfigurationFailure) {
        _ = try Settings.parse(files: [(name: "c", text: "\n[device]\nprofile = pu\n")], profiles: profiles)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(
      words(["cloud", "pi"])
        == "c:3: [device] profile: 'pu' is no profile, did you mean 'pi'?; legal: cloud, pi")
    #expect(words([]).hasSuffix("legal: nothing, as no profile is installed"))
  }
}
