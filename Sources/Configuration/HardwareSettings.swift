import Base

/// `[gpio]`: what hangs on the board's lines.
public struct GPIOSettings: Equatable, Sendable {
  /// What the device does with a line; the raw value is its key.
  public enum Use: String, CaseIterable, Sendable {
    case button, hook, tamper, mute, contact, lock, relay
    case statusLight = "status-light"
    case muteLight = "mute-light"
    case errorLight = "error-light"
    case microphoneLight = "microphone-light"
    case callLight = "call-light"
    case recordingLight = "recording-light"
  }

  /// The chip of the lines that name none; nil: a name is looked for on every chip, a number is one of gpiochip0.
  public var chip: String?
  /// How long an input has to be quiet before it counts.
  public var debounceMilliseconds = 30
  /// In the order of `Use.allCases`.
  var lines = [GPIOLineSettings?](repeating: nil, count: Use.allCases.count)

  public init() {}

  public subscript(use: Use) -> GPIOLineSettings? {
    get { lines[Self.index(use)] }
    set { lines[Self.index(use)] = newValue }
  }

  private static func index(_ use: Use) -> Int { Use.allCases.firstIndex(of: use) ?? 0 }
}

/// One line and how it is wired: `17`, `GPIO17 active-low pull-up`, `pcf8574/3`.
public struct GPIOLineSettings: Equatable, Sendable {
  public enum Bias: String, CaseIterable, Sendable {
    case pullUp = "pull-up"
    case pullDown = "pull-down"
  }

  /// A number on its chip, or the name that the board gives the line; before it, with a `/`, the chip where that is
  /// another one than that of the others.
  public var name: String
  public var isActiveLow = false
  public var bias: Bias?

  public init(name: String) { self.name = name }

  /// As the configuration spells it.
  public var text: String {
    var text = name
    if isActiveLow { text += " " + Self.activeLow }
    if let bias { text += " " + bias.rawValue }
    return text
  }

  static let legal =
    "the number or name of a line (CHIP/LINE where it is on another chip), then active-low, pull-up or pull-down as it "
    + "is wired"

  init(parsing text: String) throws(ValueFault) {
    var words: [[UInt8]] = [[]]
    for byte in Array(text.utf8) {
      if byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ",") {
        words.append([])
      } else {
        words[words.count - 1].append(byte)
      }
    }
    name = ""
    for word in words where !word.isEmpty {
      let word = String(decoding: word, as: UTF8.self)
      if name.utf8.isEmpty {
        name = try TextRule.chip.check(word, "")
      } else if word == Self.activeLow {
        isActiveLow = true
      } else if let bias = Bias.allCases.first(where: { $0.rawValue == word }) {
        self.bias = bias
      } else {
        throw ValueFault(why: "has '\(quoted(word))' in it")
      }
    }
    guard !name.utf8.isEmpty else { throw ValueFault(why: "names no line") }
  }

  private static let activeLow = "active-low"
}

/// `[leds]`: lights that the kernel drives, by their names in /sys/class/leds.
public struct LEDSettings: Equatable, Sendable {
  /// The raw value is the key.
  public enum Light: String, CaseIterable, Sendable { case status, mute, error, microphone, call, recording }

  public var folder = "/sys/class/leds"
  /// In the order of `Light.allCases`; nil: there is none.
  public var names = [String?](repeating: nil, count: Light.allCases.count)

  public init() {}

  /// A light's name and its colour (red, green and blue in eight bits each), if it has one; nil: it is neither.
  public static func parse(_ text: String) -> (name: String, colour: UInt32?)? {
    let bytes = Array(text.utf8)
    guard let blank = bytes.firstIndex(of: 0x20) else { return (text, nil) }
    guard bytes.count == blank + 7 else { return nil }
    var colour: UInt32 = 0
    for digit in bytes[(blank + 1)...] {
      guard let value = hexadecimalDigitValue(digit) else { return nil }
      colour = colour << 4 | UInt32(value)
    }
    return (String(decoding: bytes[..<blank], as: UTF8.self), colour)
  }
}

/// `[keypad]`: an input device with keys.
public struct KeypadSettings: Equatable, Sendable {
  /// A path, `eventN`, the name that the device gives itself, `name,1` for the second one of that name, or the socket
  /// that it is plugged into (its `phys`); several with ` + ` between them; nil: there is none.
  public var device: String?

  public init() {}

  /// Each of them.
  public var devices: [String] {
    guard let device else { return [] }
    var devices: [String] = []
    let bytes = Array(device.utf8) + Array(" + ".utf8)
    var start = 0
    for end in bytes.indices where end >= start && bytes[end...].begins(with: " + ") {
      if end > start { devices.append(String(decoding: bytes[start..<end], as: UTF8.self)) }
      start = end + 3
    }
    return devices
  }
}

extension Keys {
  static let hardwareKeys: [Key] =
    [
      .optional(
        "gpio.chip", "The chip with the lines, unless they have names of their own (gpioinfo lists both)",
        .chip, { $1(&$0.gpio.chip) }),
      .number(
        "gpio.debounce-ms", "How long an input has to be quiet before it counts", 1...500, unit: "ms",
        { $1(&$0.gpio.debounceMilliseconds) }),
    ]
    + GPIOSettings.Use.allCases.map { .line($0, $0.summary) } + [
      light(0, "The light that shows how the call stands"),
      light(1, "The light that is on while the switch mutes, and blinks for any other mute"),
      light(2, "The light that blinks when something is wrong"),
      light(
        3,
        "The light that is on while the microphone is open, whatever for, and flashes while it is for the pre-roll alone"
      ),
      light(4, "The light that is on while somebody is talked to, and blinks until then"),
      light(5, "The light that is on while the room is recorded"),
      .text("leds.folder", "Where the kernel's lights are", .path, { $1(&$0.leds.folder) }),
      .optional(
        "keypad.device",
        "The keypad: a path, eventN, its name, 'name,1' for the second one of that name, or the socket that it is "
          + "plugged into (phys in /proc/bus/input/devices); several with ' + ' between them. The digits are telephone "
          + "keys for the room, or for the door's code where [door] dtmf-allow has keypad", .titles,
        { $1(&$0.keypad.device) }),
    ]

  private static func light(_ index: Int, _ summary: String) -> Key {
    .optional(
      "leds." + LEDSettings.Light.allCases[index].rawValue, summary, .light, { $1(&$0.leds.names[index]) })
  }
}

extension GPIOSettings.Use {
  fileprivate var summary: String {
    switch self {
    case .button: "Input: the visitor's button"
    case .hook: "Input: on while the handset is lifted, which calls; putting it down hangs up"
    case .tamper: "Input: on while the housing is open"
    case .mute: "Input: the switch of the hard mute. While it cannot be read the microphone is closed"
    case .contact: "Input: on while the door stands open; a cut wire should read as that"
    case .lock: "Output: the lock, for [door] output = lock"
    case .relay: "Output: a relay, for [door] output = relay"
    case .statusLight: "Output: a light as [leds] status"
    case .muteLight: "Output: a light as [leds] mute"
    case .errorLight: "Output: a light as [leds] error"
    case .microphoneLight: "Output: a light as [leds] microphone"
    case .callLight: "Output: a light as [leds] call"
    case .recordingLight: "Output: a light as [leds] recording"
    }
  }
}
