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

  public init(chip: String?, line: String) {
    self.chip = chip
    self.line = line
  }

  public var words: String {
    guard let chip else { return "GPIO line \(line)" }
    return "GPIO line \(line) of \(chip)"
  }
}

/// One line of a GPIO chip, ours as long as this lives.
public final class GPIOLine: DigitalInput, DigitalOutput {
  /// Can be read from when there was an edge; -1 for an output.
  public private(set) var descriptor: Int32 = -1
  private let line: OpaquePointer
  private let words: String

  /// An output is off at first. `consumer` is what gpioinfo shows.
  public init(_ place: GPIOPlace, isOutput: Bool, consumer: String) throws(BoardFailure) {
    words = place.words
    var found: OpaquePointer?
    let code =
      place.chip.map { lintel_gpio_find($0, place.line, &found) } ?? lintel_gpio_find(nil, place.line, &found)
    guard code == 0, let found else { throw Self.failure(place.words, code) }
    line = found
    var flags = place.isActiveLow ? Int32(GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW) : 0
    if isOutput {
      if gpiod_line_request_output_flags(line, consumer, flags, 0) == 0 { return }
    } else {
      if place.pullsUp { flags |= Int32(GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP) }
      if place.pullsDown { flags |= Int32(GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN) }
      if gpiod_line_request_both_edges_events_flags(line, consumer, flags) == 0 {
        descriptor = gpiod_line_event_get_fd(line)
        return
      }
    }
    let reason = lintel_errno()
    // Whose it was when it was looked up.
    if reason == EBUSY, let holder = gpiod_line_consumer(line) {
      throw .hardware(name: words, reason: "is in use by '\(String(cString: holder))'")
    }
    throw Self.failure(words, reason)
  }

  deinit {
    gpiod_line_release(line)
    gpiod_line_close_chip(line)
  }

  public func read(_ hasChanged: inout Bool) throws(BoardFailure) -> Bool {
    let edges = lintel_gpio_take_edges(line)
    let value = edges < 0 ? -1 : gpiod_line_get_value(line)
    if value < 0 { throw Self.failure(words, lintel_errno()) }
    hasChanged = edges > 0
    return value != 0
  }

  public func set(_ on: Bool) throws(BoardFailure) {
    if gpiod_line_set_value(line, on ? 1 : 0) != 0 { throw Self.failure(words, lintel_errno()) }
  }

  private static func failure(_ words: String, _ code: Int32) -> BoardFailure {
    .hardware(name: words, reason: hardwareReason(code, group: "gpio", list: "gpioinfo"))
  }
}
