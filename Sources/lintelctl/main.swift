import Base
import CLinux
import Control

/// Reads the command line, opens the socket and lets the conversation speak. Everything that can be decided without
/// the operating system is decided in Control.
func run() -> ExitCode {
  guard let arguments = programArguments() else {
    return perform(Conversation.failure(.failed, "/proc/self/cmdline cannot be read", json: false))
  }
  let invocation: Invocation
  do throws(UsageFailure) {
    let socket = environment(CommandTable.socketVariable) ?? CommandTable.defaultSocket
    invocation = try Invocation.parse(Array(arguments.dropFirst()), defaultSocket: socket)
  } catch {
    return perform([.complain("lintelctl: \(error.description)\n"), .finish(.usage)])
  }
  switch invocation.action {
  case .print(let text): return perform([.print(text), .finish(.done)])
  case .provision(let provision): return run(provision, json: invocation.json)
  default: return run(invocation.action, invocation.socket, json: invocation.json)
  }
}

func run(_ action: Action, _ socket: String, json: Bool) -> ExitCode {
  var token: String?
  var files: [OpenFile] = []
  do throws(FileFailure) {
    if case .join(_, let path?, _) = action { token = try readToken(path) }
    // All of them first, so that a mistyped one is told before the others are sent.
    if case .sendFiles(let paths, _, _, _) = action {
      for path in paths { files.append(try OpenFile(path)) }
    }
  } catch {
    return perform(Conversation.failure(.failed, error.description, json: json))
  }
  do throws(ConnectionFailure) {
    let connection = try Connection(path: socket)
    if action == .monitor { return try monitor(connection) }
    let conversation = Conversation(
      action, socket: socket, json: json, token: token, fileBytes: files.map { $0.bytes }, now: monotonicNow()
    )
    return try converse(connection, conversation, json: json, files: files)
  } catch {
    if case .doctor(let path) = action, error.status == .unreachable,
      let status = standIn(configuration: path, json: json)
    {
      return status
    }
    if action == .request(.configCheck), error.status == .unreachable, !json, let status = standInCheck() {
      return status
    }
    return perform(Conversation.failure(error.status, error.description, json: json))
  }
}

/// Until the conversation ends.
func converse(
  _ connection: borrowing Connection, _ conversation: Conversation, json: Bool, files: [OpenFile]
) throws(ConnectionFailure) -> ExitCode {
  var conversation = conversation
  while true {
    while let step = conversation.poll() {
      switch step {
      case .send(let bytes): try connection.send(bytes)
      case .print(let text): guard write(text, to: STDOUT_FILENO) else { return .failed }
      case .complain(let text): _ = write(text, to: STDERR_FILENO)
      case .readFile(let index, let bytesMax):
        do throws(FileFailure) {
          conversation.receiveFile(try files[index].read(bytesMax: bytesMax))
        } catch {
          // The end of the connection tells the daemon that the rest will not come.
          return perform(Conversation.failure(.failed, error.description, json: json))
        }
      case .finish(let status): return status
      }
    }
    switch try connection.read(until: conversation.deadline) {
    case .bytes(let bytes): conversation.receive(bytes, now: monotonicNow())
    case .end: conversation.handleEnd()
    case .timeout: conversation.handleTimeout(now: monotonicNow())
    }
  }
}

/// Steps that need no daemon.
func perform(_ steps: [Conversation.Step]) -> ExitCode {
  for step in steps {
    switch step {
    case .send, .readFile: break
    case .print(let text): guard write(text, to: STDOUT_FILENO) else { return .failed }
    case .complain(let text): _ = write(text, to: STDERR_FILENO)
    case .finish(let status): return status
    }
  }
  return .done
}

exit(run().rawValue)
