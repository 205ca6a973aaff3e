import Base
import CLinux
import Device
import System

/// Log lines. What systemd runs (systemd.exec(5), JOURNAL_STREAM) speaks the journal's own protocol, with a
/// priority and fields to search by; everywhere else each line goes to standard error as it is.
enum Journal {
  private static let socketName = "/run/systemd/journal/socket"
  /// -1 where standard error is not the journal's.
  private static let descriptor: Int32 = isJournal ? lintel_datagram_socket() : -1

  /// Lines that nobody took.
  nonisolated(unsafe) private static var lost = 0

  /// A self-test says what is wrong in its own way.
  nonisolated(unsafe) static var isQuiet = false

  /// - Parameters:
  ///   - event: the event that the line tells of, for LINTEL_EVENT=.
  ///   - room: the room that the device is in, for LINTEL_ROOM=.
  static func write(_ priority: LogEntry.Priority, _ text: String, event: String? = nil, room: String? = nil)
  {
    if isQuiet { return }
    if lost > 0, lintel_takes(2) != 0 {
      let count = lost
      lost = 0
      write(.warning, "\(count) lines are lost, as nobody took them")
    }
    var line = field("MESSAGE", text)
    if descriptor >= 0 {
      line += "PRIORITY=\(priority.rawValue)\nSYSLOG_IDENTIFIER=linteld\n".utf8
      if let event { line += field("LINTEL_EVENT", event) }
      if let room { line += field("LINTEL_ROOM", room) }
      let sent = line.withUnsafeBytes {
        lintel_send_datagram(descriptor, socketName, $0.baseAddress, $0.count)
      }
      if sent >= 0 { return }
      line = Array("<\(priority.rawValue)>".utf8) + field("MESSAGE", text).dropFirst("MESSAGE=".utf8.count)
    } else {
      line.removeFirst("MESSAGE=".utf8.count)
    }
    // Voice waits for nobody who reads this, nor for a journal whose disk is slow.
    guard lintel_takes(2) != 0 else {
      lost += 1
      return
    }
    _ = Files.write(line, to: 2)
  }

  /// What peers and servers say must not start a line, or a field, of its own nor move a terminal's cursor.
  private static func field(_ name: String, _ text: String) -> [UInt8] {
    var line = Array(name.utf8) + [UInt8(ascii: "=")]
    for byte in text.utf8 { line.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: " ") : byte) }
    line.append(UInt8(ascii: "\n"))
    return line
  }

  /// Whether standard error still is the stream that the variable names: a program may inherit the variable and have
  /// its output elsewhere.
  private static var isJournal: Bool {
    guard let stream = environment("JOURNAL_STREAM") else { return false }
    let parts = stream.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 2, let device = decimal(parts[0], max: .max),
      let inode = decimal(parts[1], max: .max)
    else { return false }
    return lintel_is_device_and_inode(2, device, inode) == 1
  }
}
