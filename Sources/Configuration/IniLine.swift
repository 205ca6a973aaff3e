import Base
import CInih

/// One line of an INI file as inih understands it.
///
/// inih reports neither a section without keys nor more than the first line that it does not understand, and counts
/// no lines for its caller. So it is given each line alone, between a section and a key that no file can hold.
enum IniLine: Equatable {
  /// Blank, or a comment.
  case nothing
  case section(String)
  case entry(name: String, value: String)
  case malformed

  /// `bytes` hold no control character (but blanks) and are at most `lineBytesMax` long.
  init(_ bytes: ArraySlice<UInt8>) {
    _ = Self.configured
    var text: [UInt8] = Array("[\u{1}]\n".utf8)
    text += bytes
    text += Array("\n\u{1}=\n\0".utf8)
    let found = Found()
    let status = text.withUnsafeBytes { raw in
      ini_parse_string(
        raw.baseAddress?.assumingMemoryBound(to: CChar.self),
        { user, section, name, value in
          guard let user, let section, let name, let value else { return 0 }
          let found = Unmanaged<Found>.fromOpaque(user).takeUnretainedValue()
          found.take(
            section: String(cString: section), name: String(cString: name), value: String(cString: value))
          return 1
        }, Unmanaged.passUnretained(found).toOpaque())
    }
    guard status == 0 else {
      self = .malformed
      return
    }
    self = found.line
    // inih ignores what follows the bracket; a key that slipped into the line of its section would be lost.
    if case .section = self, !Self.endsAfterBracket(bytes) { self = .malformed }
  }

  /// inih's limits are variables of the process: set once, whoever comes first.
  private static let configured: Void = lintel_ini_configure(CInt(ConfigurationLimits.lineBytesMax))

  private static func endsAfterBracket(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
    let rest = bytes[(bracket + 1)...]
    guard let first = rest.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) else { return true }
    return first == UInt8(ascii: ";") || first == UInt8(ascii: "#")
  }

  private final class Found {
    var line = IniLine.nothing

    func take(section: String, name: String, value: String) {
      guard name == "\u{1}" else {
        line = .entry(name: name, value: value)
        return
      }
      if section != "\u{1}" { line = .section(section) }
    }
  }
}
