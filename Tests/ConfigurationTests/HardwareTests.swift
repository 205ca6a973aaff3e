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
      ("pcf8574/3", "pcf8574/3"), ("1-0020/3  active-low", "1-0020/3 active-low"),
      ("/dev/gpio-expander/BELL,pull-up", "/dev/gpio-expander/BELL pull-up"),
      ("", ""),
    ])
  func lines(text: String, kept: String) throws {
    let settings = try parse("[gpio]\nbutton = \(text)\n")
    #expect(settings.gpio[.button]?.text ?? "" == kept)
    #expect(try parse(settings.text) == settings)
  }

  @Test(
    "how it is not",
    arguments: [
      "17 low", "active low", "17 pull-up pull-sideways", ",", "17 18", "\u{7}", "17 chip=5", "a;b/5",
    ])
  func wrongLines(text: String) {
    #expect((try? parse("[gpio]\nlock = \(text)\n")) == nil)
  }

  @Test("the sentence names what is legal")
  func sentence() {
    #expect(
      sentences("[gpio]\nhook = 5 up\n")
        == "c:2: [gpio] hook: '5 up' has 'up' in it; legal: the number or name of a line (CHIP/LINE where it is on another chip), "
        + "then active-low, pull-up or pull-down as it is wired, or nothing")
    #expect(sentences("[gpio]\nbuton = 5\n").contains("did you mean 'button'?"))
    #expect(sentences("[leds]\nstatus = a/b\n").contains("has a character that a name may not have"))
    #expect(sentences("[gpio]\ndebounce-ms = 0\n").contains("1 to 500 (ms)"))
  }

  @Test(
    "a light of several colours has one of them",
    arguments: [
      ("ACT", "ACT", nil, "ACT"), ("rgb:status 00ff7F", "rgb:status", 0x00FF7F, "rgb:status 00ff7F"),
      ("rgb:status 000000", "rgb:status", 0, "rgb:status 000000"),
    ] as [(String, String, UInt32?, String)])
  func lights(text: String, name: String, colour: UInt32?, kept: String) throws {
    let settings = try parse("[leds]\nerror = \(text)\n")
    let light = try #require(LEDSettings.parse(settings.leds.names[2] ?? ""))
    #expect(light.name == name && light.colour == colour && settings.leds.names[2] == kept)
    #expect(settings.leds.names[0] == nil)
    #expect(try parse(settings.text) == settings)
  }

  @Test(
    "or none",
    arguments: ["rgb:status red", "rgb:status #ff0000", "x 00ff0", "x 00ff0000", "x 00ff00 y", "a/b 00ff00"])
  func wrongLights(text: String) {
    #expect(sentences("[leds]\nmute = \(text)\n").contains("[leds] mute"))
  }

  @Test(
    "several keypads",
    arguments: [
      ("", []), ("USB Number Pad", ["USB Number Pad"]), ("Pad + Pad,1", ["Pad", "Pad,1"]),
      ("/dev/input/by-path/a + usb-1/input0 + event3", ["/dev/input/by-path/a", "usb-1/input0", "event3"]),
      ("A+B", ["A+B"]), (" + A +  + ", ["A"]),
    ])
  func keypads(text: String, devices: [String]) {
    var settings = KeypadSettings()
    settings.device = text
    #expect(settings.devices == devices)
  }

  @Test("the chip of all lines may be a label or a path")
  func chip() throws {
    for name in ["gpiochip5", "11", "pinctrl-rp1", "1-0020", "/dev/gpio-expander", "INT33FC:00"] {
      #expect(try parse("[gpio]\nchip = \(name)\n").gpio.chip == name)
    }
    #expect((try? parse("[gpio]\nchip = a b\n")) == nil)
  }

  @Test("how long the door may stand open, and whether force is told")
  func contact() throws {
    let settings = try parse("[gpio]\ncontact = 5 pull-up\n[door]\nopen-seconds-max = 0\nforced-alarm = no\n")
    #expect(settings.gpio[.contact]?.text == "5 pull-up")
    #expect(settings.door.openSecondsMax == 0 && !settings.door.tellsForced)
    #expect(Settings().door.openSecondsMax == 60 && Settings().door.tellsForced)
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
