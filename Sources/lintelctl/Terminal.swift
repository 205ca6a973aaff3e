import Base
import CLinux
import Control
import System

/// The terminal that the user sits at, raw as long as this lives: keys come one by one, and none is shown. What would
/// end the program waits until the terminal is as it was.
struct Terminal: ~Copyable {
  private var before = termios()
  /// Readable when the program is told to end.
  let endings: CInt

  /// nil if input or output is no terminal.
  init?() {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &before) == 0 else {
      return nil
    }
    endings = lintel_hold_ending_signals()
    var raw = before
    cfmakeraw(&raw)
    tcsetattr(STDIN_FILENO, TCSANOW, &raw)
  }

  deinit {
    var before = before
    tcsetattr(STDIN_FILENO, TCSANOW, &before)
    lintel_release_ending_signals(endings)
  }

  /// Asked for each frame, so a terminal that changes its size is followed.
  var size: (columns: Int, rows: Int) {
    var columns: CInt = 80
    var rows: CInt = 24
    lintel_terminal_size(STDOUT_FILENO, &columns, &rows)
    return (Int(columns), Int(rows))
  }
}

/// Whether whoever sits at the terminal says yes, within a minute; nil if there is no terminal.
func askTerminal(_ question: String) -> Bool? {
  guard isatty(STDIN_FILENO) == 1, write(question, to: STDERR_FILENO) else { return nil }
  var watched = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
  guard poll(&watched, 1, 60_000) > 0 else { return false }
  var line = [UInt8](repeating: 0, count: 256)
  let count = read(STDIN_FILENO, &line, line.count)
  return count > 0 && line[0] | 0x20 == UInt8(ascii: "y")
}

/// Runs the live screen until q.
func monitor(_ connection: borrowing Connection) throws(ConnectionFailure) -> ExitCode {
  guard let terminal = Terminal() else {
    return perform([
      .complain("lintelctl: monitor needs a terminal; `lintelctl --json events --follow` does not\n"),
      .finish(.failed),
    ])
  }
  var monitor = Monitor(now: monotonicNow())
  while true {
    while let step = monitor.poll() {
      switch step {
      case .send(let bytes): try connection.send(bytes)
      case .print(let text): guard write(text, to: STDOUT_FILENO) else { return .failed }
      case .complain(let text): _ = write(text, to: STDERR_FILENO)
      case .readFile, .ask: break
      case .finish(let status): return status
      }
    }
    let ready = try connection.wait(until: monitor.deadline, orFor: (STDIN_FILENO, terminal.endings))
    if ready.second { monitor.handleInterruption() }
    if ready.first {
      var key: UInt8 = 0
      // A terminal that is gone reads as its end, and nobody is left to look.
      monitor.handle(key: read(STDIN_FILENO, &key, 1) == 1 ? key : UInt8(ascii: "q"))
    }
    if ready.socket {
      switch try connection.read(until: monotonicNow()) {
      case .bytes(let bytes): monitor.receive(bytes)
      case .end: monitor.handleEnd()
      case .timeout: break
      }
    }
    let size = terminal.size
    monitor.handleTimeout(columns: size.columns, rows: size.rows, now: monotonicNow())
  }
}
