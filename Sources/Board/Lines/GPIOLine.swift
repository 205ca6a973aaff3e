import Base
import CALSA
import CGPIOD
import CLinux

/// Which line, and how it is wired.
public struct GPIOPlace: Sendable {
  /// Name, label or path of the chip; nil: a name is looked for on all chips, a number is one of gpiochip0.
  public var chip: String?
  /// Its number on the chip, or its name.
  public var line: String
  public var isActiveLow = false
  public var pullsUp = false
  public var pullsDown = false

  /// `line` may be `CHIP/LINE`, and is on that one then.
  public init(chip: String?, line: String) {
    self.chip = chip
    self.line = line
    let bytes = Array(line.utf8)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return }
    self.chip = String(decoding: bytes[..<slash], as: UTF8.self)
    self.line = String(decoding: bytes[(slash + 1)...], as: UTF8.self)
  }

  public var words: String {
    guard let chip else { return "GPIO line \(line)" }
    return "GPIO line \(line) of \(chip)"
  }
}

/// One line of a GPIO chip, ours as long as this lives.
public final class GPIOLine: DigitalInput, DigitalOutput {
  /// Can be read from when there was an edge; -1 for an output, and for an input whose chip tells of none, which has to
  /// be looked at.
  public private(set) var descriptor: Int32 = -1
  /// The kernel debounces it: an edge is told, and the level is what it was, until the line is quiet.
  public private(set) var isDebounced = false
  private var wasOn: Bool?
  private var line = lintel_gpio()
  private let words: String

  /// An output is off at first. `consumer` is what gpioinfo shows. An input is debounced by the kernel if that can.
  public init(_ place: GPIOPlace, isOutput: Bool, consumer: String, debounceMilliseconds: Int = 0)
    throws(BoardFailure)
  {
    words = place.words
    var code =
      place.chip.map { lintel_gpio_find(&line, $0, place.line) } ?? lintel_gpio_find(&line, nil, place.line)
    guard code == 0 else { throw Self.failure(words, code) }
    var wanted: Int32 = 0
    if place.isActiveLow { wanted |= LINTEL_GPIO_ACTIVE_LOW }
    if !isOutput, place.pullsUp { wanted |= LINTEL_GPIO_PULL_UP }
    if !isOutput, place.pullsDown { wanted |= LINTEL_GPIO_PULL_DOWN }
    if isOutput {
      code = lintel_gpio_request(&line, consumer, wanted | LINTEL_GPIO_OUTPUT, 0)
    } else {
      let debounces = debounceMilliseconds > 0 && lintel_gpio_debounces() != 0
      code = lintel_gpio_request(
        &line, consumer, wanted | LINTEL_GPIO_EDGES,
        debounces ? UInt32(clamping: debounceMilliseconds * 1000) : 0)
      if code == 0 {
        descriptor = lintel_gpio_descriptor(&line)
        isDebounced = debounces
        return
      }
      // Expanders whose interrupt is not wired, and some chips, have values only.
      code = lintel_gpio_request(&line, consumer, wanted, 0)
    }
    if code == 0 { return }
    // Whose it was when it was looked up.
    if code == EBUSY, let holder = lintel_gpio_holder(&line) {
      throw .hardware(name: words, reason: "is in use by '\(String(cString: holder))'")
    }
    throw Self.failure(words, code)
  }

  deinit { lintel_gpio_close(&line) }

  public func read(_ hasChanged: inout Bool) throws(BoardFailure) -> Bool {
    let edges = descriptor < 0 ? 0 : lintel_gpio_take_edges(&line)
    let value = edges < 0 ? -1 : lintel_gpio_get(&line)
    if value < 0 { throw Self.failure(words, lintel_errno()) }
    let isOn = value != 0
    hasChanged = edges > 0 || (descriptor < 0 && wasOn.map { $0 != isOn } ?? false)
    wasOn = isOn
    return isOn
  }

  public func set(_ on: Bool) throws(BoardFailure) {
    if lintel_gpio_set(&line, on ? 1 : 0) != 0 { throw Self.failure(words, lintel_errno()) }
  }

  private static func failure(_ words: String, _ code: Int32) -> BoardFailure {
    .hardware(name: words, reason: hardwareReason(code, group: "gpio", list: "gpioinfo"))
  }
}
