import CLinux
import System

/// What systemd, or whoever speaks its protocols, gave this process and wants to hear from it: sd_notify(3),
/// sd_watchdog_enabled(3), sd_listen_fds(3). All of it is environment variables and datagrams.
final class ServiceManager {
  /// How long the watchdog waits for a sign of life; nil if there is none.
  let watchdogMilliseconds: Int?
  private let address: String?
  private let descriptor: Int32
  private var toldStatus = ""

  init() {
    address = environment("NOTIFY_SOCKET")
    descriptor = address == nil ? -1 : lintel_datagram_socket()
    let isMeant = environmentNumber("WATCHDOG_PID").map { $0 == Int64(getpid()) } ?? true
    let period = isMeant ? environmentNumber("WATCHDOG_USEC") : nil
    watchdogMilliseconds = address == nil ? nil : period.map { Int(clamping: $0 / 1000) }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  var isPresent: Bool { descriptor >= 0 }

  /// The first start is over: the control socket answers.
  func ready() { send("READY=1") }

  func stopping(_ status: String) { send("STOPPING=1\nSTATUS=\(status)") }

  /// One line for `systemctl status`; the same line again is not sent.
  func tell(status: String) {
    guard isPresent, !status.utf8.elementsEqual(toldStatus.utf8) else { return }
    toldStatus = status
    send("STATUS=\(status)")
  }

  func feedWatchdog() { send("WATCHDOG=1") }

  /// The listening Unix socket that was passed, if one was; it belongs to the caller. A child must not take the
  /// descriptors for its own, so the variables go.
  static func takeControlSocket() -> Int32? {
    defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
    guard environmentNumber("LISTEN_PID") == Int64(getpid()), let count = environmentNumber("LISTEN_FDS"),
      count > 0
    else { return nil }
    // SD_LISTEN_FDS_START
    let descriptor: Int32 = 3
    guard lintel_listens_on_unix(descriptor) == 1, lintel_close_on_exec(descriptor) == 0 else { return nil }
    return descriptor
  }

  private func send(_ text: String) {
    guard let address, isPresent else { return }
    let bytes = Array(text.utf8)
    // A manager that is too busy hears the next one.
    _ = bytes.withUnsafeBytes { lintel_send_datagram(descriptor, address, $0.baseAddress, $0.count) }
  }
}
