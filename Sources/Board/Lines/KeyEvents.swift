import Base
import CALSA
import CLinux

/// What a key of a keypad is for.
public enum KeypadKey: Equatable, Sendable {
  /// `0` to `9`, `*` or `#`.
  case telephone(UInt8)
  /// The one that is held and let go.
  case button(isDown: Bool)
  case call, hangUp, volumeUp, volumeDown, mute
}

/// Makes keys of the records that an input device sends (struct input_event of linux/input.h), wherever they are cut.
public struct KeyEvents {
  private var rest: [UInt8] = []
  private var isButtonDown = false
  /// Which of the two shift keys are held, as bits.
  private var shifts: UInt8 = 0

  public init() {}

  public mutating func take(_ bytes: ArraySlice<UInt8>) -> [KeypadKey] {
    var keys: [KeypadKey] = []
    for byte in bytes {
      rest.append(byte)
      guard rest.count == Self.recordBytes else { continue }
      // The time comes first, whose length depends on the architecture.
      let at = Self.recordBytes - 8
      let code = UInt16(rest[at + 2]) | UInt16(rest[at + 3]) << 8
      if rest[at + 1] == 0, let key = key(type: rest[at], code: code, value: rest[at + 4]) {
        keys.append(key)
      }
      rest.removeAll(keepingCapacity: true)
    }
    return keys
  }

  /// The device has gone: nobody holds the button any more.
  public mutating func end() -> KeypadKey? {
    rest = []
    shifts = 0
    guard isButtonDown else { return nil }
    isButtonDown = false
    return .button(isDown: false)
  }

  /// `value` is 0 for let go, 1 for pressed, 2 for still held.
  private mutating func key(type: UInt8, code: UInt16, value: UInt8) -> KeypadKey? {
    // SYN_DROPPED: the kernel threw records away, that of the button's end perhaps among them.
    if Int32(type) == EV_SYN, Int32(code) == SYN_DROPPED {
      shifts = 0
      guard isButtonDown else { return nil }
      isButtonDown = false
      return .button(isDown: false)
    }
    guard Int32(type) == EV_KEY, value < 2 else { return nil }
    switch Int32(code) {
    case KEY_LEFTSHIFT, KEY_RIGHTSHIFT:
      let bit: UInt8 = Int32(code) == KEY_LEFTSHIFT ? 1 : 2
      shifts = value == 1 ? shifts | bit : shifts & ~bit
      return nil
    case KEY_PHONE, KEY_SPACE:
      guard isButtonDown != (value == 1) else { return nil }
      isButtonDown = value == 1
      return .button(isDown: isButtonDown)
    default: return value == 1 ? (shifts == 0 ? Self.key(Int32(code)) : Self.shifted(Int32(code))) : nil
    }
  }

  /// Keypads that are keyboards send `#` and `*` as whoever types would. The layout is not known here, so of the digits
  /// only those mean something that have these signs where they were made for; the others, `!` or `%`, are no key of a
  /// telephone, and above all not their digit.
  private static func shifted(_ code: Int32) -> KeypadKey? {
    switch code {
    case KEY_3: .telephone(UInt8(ascii: "#"))
    case KEY_8, KEY_RIGHTBRACE: .telephone(UInt8(ascii: "*"))
    case KEY_1...KEY_0: nil
    default: key(code)
    }
  }

  private static func key(_ code: Int32) -> KeypadKey? {
    switch code {
    case KEY_1...KEY_9: .telephone(UInt8(ascii: "1") + UInt8(code - KEY_1))
    case KEY_0, KEY_KP0: .telephone(UInt8(ascii: "0"))
    case KEY_KP7...KEY_KP9: .telephone(UInt8(ascii: "7") + UInt8(code - KEY_KP7))
    case KEY_KP4...KEY_KP6: .telephone(UInt8(ascii: "4") + UInt8(code - KEY_KP4))
    case KEY_KP1...KEY_KP3: .telephone(UInt8(ascii: "1") + UInt8(code - KEY_KP1))
    case KEY_NUMERIC_0...KEY_NUMERIC_9: .telephone(UInt8(ascii: "0") + UInt8(code - KEY_NUMERIC_0))
    // Keypads of ten keys and two more are made as those of computers.
    case KEY_NUMERIC_STAR, KEY_KPASTERISK, KEY_BACKSPACE, KEY_KPDOT: .telephone(UInt8(ascii: "*"))
    // The key beside Enter that has `#` where keyboards have one more (usage 0x32 of HID); elsewhere it is a backslash.
    case KEY_NUMERIC_POUND, KEY_ENTER, KEY_KPENTER, KEY_BACKSLASH: .telephone(UInt8(ascii: "#"))
    case KEY_PICKUP_PHONE: .call
    case KEY_HANGUP_PHONE, KEY_ESC: .hangUp
    case KEY_VOLUMEUP, KEY_KPPLUS: .volumeUp
    case KEY_VOLUMEDOWN, KEY_KPMINUS: .volumeDown
    case KEY_MICMUTE, KEY_MUTE: .mute
    default: nil
    }
  }

  private static let recordBytes = MemoryLayout<input_event>.size
}
