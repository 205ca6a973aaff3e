import CLinux
import Foundation
import Testing

@testable import Board

/// Keys from the records of an input device, and devices that are none.
struct KeypadTests {
  private func record(_ type: Int32, _ code: Int32, _ value: Int32) -> [UInt8] {
    var event = input_event()
    event.type = UInt16(type)
    event.code = UInt16(code)
    event.value = value
    return withUnsafeBytes(of: &event) { Array($0) }
  }

  private func press(_ code: Int32) -> [UInt8] {
    record(EV_KEY, code, 1) + record(EV_SYN, 0, 0) + record(EV_KEY, code, 0) + record(EV_SYN, 0, 0)
  }

  private func keys(_ bytes: [UInt8]) -> [KeypadKey] {
    var events = KeyEvents()
    return events.take(bytes[...])
  }

  @Test func everyDigitOfEveryKindOfKeypad() {
    let rows = [KEY_1, KEY_2, KEY_3, KEY_4, KEY_5, KEY_6, KEY_7, KEY_8, KEY_9, KEY_0]
    let pads = [KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5, KEY_KP6, KEY_KP7, KEY_KP8, KEY_KP9, KEY_KP0]
    let phones = (1...9).map { KEY_NUMERIC_0 + $0 } + [KEY_NUMERIC_0]
    for codes in [rows, pads, phones] {
      let typed = codes.flatMap { keys(press($0)) }
      #expect(typed == "1234567890".utf8.map { .telephone($0) })
    }
    for code in [KEY_ENTER, KEY_KPENTER, KEY_NUMERIC_POUND] {
      #expect(keys(press(code)) == [.telephone(UInt8(ascii: "#"))])
    }
    for code in [KEY_KPASTERISK, KEY_NUMERIC_STAR, KEY_BACKSPACE] {
      #expect(keys(press(code)) == [.telephone(UInt8(ascii: "*"))])
    }
  }

  /// Keypads that are keyboards hold shift for `#` and `*`; the key alone would be a digit of the code.
  @Test(arguments: [KEY_LEFTSHIFT, KEY_RIGHTSHIFT]) func shiftedDigitsAreTheirSigns(shift: Int32) {
    let (down, up) = (record(EV_KEY, shift, 1), record(EV_KEY, shift, 0))
    let hash = down + press(KEY_3) + up
    #expect(keys(press(KEY_1) + press(KEY_2) + hash) == "12#".utf8.map { .telephone($0) })
    #expect(keys(down + press(KEY_8) + up + press(KEY_8)) == "*8".utf8.map { .telephone($0) })
    #expect(keys(down + press(KEY_1) + press(KEY_5) + press(KEY_0) + up) == [], "no digit of a code")
    #expect(
      keys(down + record(EV_KEY, shift, 2) + press(KEY_KP3) + press(KEY_ENTER) + up)
        == "3#".utf8.map { .telephone($0) })
    #expect(
      keys(press(KEY_BACKSLASH) + down + press(KEY_RIGHTBRACE) + up) == "#*".utf8.map { .telephone($0) },
      "German")
    // Whose end is lost with the records does not stay held.
    #expect(keys(down + record(EV_SYN, SYN_DROPPED, 0) + press(KEY_3)) == [.telephone(UInt8(ascii: "3"))])
    let other = shift == KEY_LEFTSHIFT ? KEY_RIGHTSHIFT : KEY_LEFTSHIFT
    #expect(keys(down + record(EV_KEY, other, 1) + up + press(KEY_3)) == [.telephone(UInt8(ascii: "#"))])
    var events = KeyEvents()
    _ = events.take(down[...])
    _ = events.end()
    #expect(events.take(press(KEY_3)[...]) == [.telephone(UInt8(ascii: "3"))])
  }

  /// Keypads that do not trust the host press num-lock before and after each key, some only where its light is off; two
  /// zeros of a `00` key are two.
  @Test func whatKeypadsPressAroundTheirKeysIsNoKey() {
    let lock = press(KEY_NUMLOCK)
    let rows: [(bytes: [UInt8], typed: String)] = [
      (lock + press(KEY_KP4) + lock + lock + press(KEY_KP7) + lock, "47"),
      (record(EV_KEY, KEY_NUMLOCK, 1) + press(KEY_KP1) + record(EV_KEY, KEY_NUMLOCK, 0), "1"),
      (lock + press(KEY_KPENTER) + lock, "#"), (lock + press(KEY_KPDOT) + lock, "*"),
      (press(KEY_KP0) + press(KEY_KP0), "00"),
      (record(EV_MSC, MSC_SCAN, 0x59) + press(KEY_KP1), "1"),
      (lock, ""),
      (
        lock + record(EV_KEY, KEY_LEFTSHIFT, 1) + press(KEY_3) + record(EV_KEY, KEY_LEFTSHIFT, 0) + lock, "#"
      ),
      (press(KEY_CAPSLOCK) + press(KEY_1) + press(KEY_CAPSLOCK), "1"),
    ]
    for row in rows { #expect(keys(row.bytes) == row.typed.utf8.map { .telephone($0) }, "\(row.typed)") }
  }

  private static let which: [(String, String, String, UInt, Bool)] = [
    ("Number Pad", "Number Pad", "usb-1/input0", 0, true),
    ("Number Pad", "Number Pad 2", "usb-1/input0", 0, false),
    ("usb-1/input0", "Number Pad", "usb-1/input0", 0, true),
    ("usb-1/input0", "Number Pad", "usb-1/input1", 0, false),
    ("Number Pad,0", "Number Pad", "", 0, true), ("Number Pad,1", "Number Pad", "", 0, false),
    ("Number Pad,1", "Number Pad", "", 1, true), ("Number Pad,1", "Number Pad", "", 2, false),
    ("Number Pad,1", "Number Pads", "", 1, false), ("Number Pad,", "Number Pad", "", 0, false),
    ("Number Pad,x", "Number Pad", "", 0, false), ("Pad, Inc.,1", "Pad, Inc.", "", 1, true),
    ("Pad,1", "Pad,1", "", 0, true), (",0", "", "", 0, true),
  ]

  @Test(
    "which of several is meant",
    arguments: which)
  func whichOne(wanted: String, name: String, place: String, before: UInt, isIt: Bool) {
    var seen = before
    #expect((lintel_is_input(wanted, name, place, &seen) != 0) == isIt)
  }

  @Test func functionKeys() {
    #expect(keys(press(KEY_PICKUP_PHONE)) == [.call] && keys(press(KEY_HANGUP_PHONE)) == [.hangUp])
    #expect(keys(press(KEY_VOLUMEUP)) == [.volumeUp] && keys(press(KEY_VOLUMEDOWN)) == [.volumeDown])
    #expect(keys(press(KEY_MICMUTE)) == [.mute])
    #expect(keys(press(KEY_PHONE)) == [.button(isDown: true), .button(isDown: false)])
    #expect(keys(press(KEY_F13)) == [])
  }

  @Test func aKeyThatIsHeldCountsOnce() {
    let held = record(EV_KEY, KEY_5, 1) + record(EV_KEY, KEY_5, 2) + record(EV_KEY, KEY_5, 2)
    #expect(keys(held + record(EV_KEY, KEY_5, 0)) == [.telephone(UInt8(ascii: "5"))])
  }

  @Test func recordsMayBeCutAnywhere() {
    let bytes = press(KEY_1) + press(KEY_PHONE) + press(KEY_2)
    let whole = keys(bytes)
    #expect(whole.count == 4)
    for cut in 0...bytes.count {
      var events = KeyEvents()
      #expect(events.take(bytes[..<cut]) + events.take(bytes[cut...]) == whole)
    }
  }

  @Test func aButtonWhoseEndIsLostIsLetGo() {
    var events = KeyEvents()
    #expect(events.take(record(EV_KEY, KEY_PHONE, 1)[...]) == [.button(isDown: true)])
    #expect(events.take(record(EV_SYN, SYN_DROPPED, 0)[...]) == [.button(isDown: false)])
    #expect(events.take(record(EV_SYN, SYN_DROPPED, 0)[...]) == [])
    #expect(events.take(record(EV_KEY, KEY_PHONE, 1)[...]) == [.button(isDown: true)])
    #expect(events.end() == .button(isDown: false) && events.end() == nil)
  }

  @Test func rubbishIsNoKey() {
    var generator = SystemRandomNumberGenerator()
    var events = KeyEvents()
    for _ in 0..<200 {
      let bytes = (0..<100).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for key in events.take(bytes[...]) {
        if case .telephone(let digit) = key { #expect("0123456789*#".utf8.contains(digit)) }
      }
    }
  }

  @Test func whatIsNoKeypadIsSaidSo() throws {
    let workshop = try Workshop()
    let reason = { (name: String) -> String in
      do throws(BoardFailure) {
        _ = try Keypad(name, folder: workshop.path(""))
        return "it opened"
      } catch {
        return error.description
      }
    }
    #expect(reason("/nowhere") == "keypad '/nowhere' is not there; ls /dev/input/by-id lists what is")
    #expect(reason("event0") == "keypad 'event0' is not there; ls /dev/input/by-id lists what is")
    #expect(reason("My Keypad") == "keypad 'My Keypad' is not there; ls /dev/input/by-id lists what is")
    try "text".write(toFile: workshop.path("event1"), atomically: false, encoding: .utf8)
    #expect(reason("event1") == "keypad 'event1' is no input device")
    #expect(reason("My Keypad") == "keypad 'My Keypad' is not there; ls /dev/input/by-id lists what is")
  }

  @Test func aPipeIsAKeypadUntilItsEnd() throws {
    let workshop = try Workshop()
    #expect(mkfifo(workshop.path("keys"), 0o600) == 0)
    let writer = open(workshop.path("keys"), O_RDWR | O_NONBLOCK)
    let keypad = try Keypad(workshop.path("keys"))
    var typed: [KeypadKey] = []
    let bytes = press(KEY_7) + record(EV_KEY, KEY_PHONE, 1)
    #expect(write(writer, bytes, bytes.count) == bytes.count)
    try keypad.read { typed.append($0) }
    #expect(typed == [.telephone(UInt8(ascii: "7")), .button(isDown: true)])
    try keypad.read { typed.append($0) }
    _ = close(writer)
    #expect(throws: BoardFailure.self) { try keypad.read { typed.append($0) } }
    #expect(typed.last == .button(isDown: false))
  }
}
