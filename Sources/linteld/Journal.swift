import Base
import CLinux
import Device

/// Log lines on standard error. Under systemd, which sets JOURNAL_STREAM (systemd.exec(5)), each line starts with
/// its priority as sd-daemon(3) has it; on a terminal it stands alone.
enum Journal {
  private static let prefixed = getenv("JOURNAL_STREAM") != nil

  static func write(_ priority: LogEntry.Priority, _ text: String) {
    var line: [UInt8] = []
    if prefixed { line += "<\(priority.rawValue)>".utf8 }
    // What peers and servers say must not start a line of its own nor move a terminal's cursor.
    for byte in text.utf8 { line.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
    line.append(UInt8(ascii: "\n"))
    _ = line.withUnsafeBytes { CLinux.write(2, $0.baseAddress, $0.count) }
  }
}
