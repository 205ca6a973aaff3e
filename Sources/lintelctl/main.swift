import Base
import CLinux
import Configuration
import Control
import System

/// Reads the command line, opens the socket and lets the conversation speak. Everything that can be decided without
/// the operating system is decided in Control.
func run() -> ExitCode {
  guard let words = programArguments() else {
    return perform(Conversation.failure(.failed, "/proc/self/cmdline cannot be read", json: false))
  }
  let invocation: Invocation
  do throws(UsageFailure) {
    let socket = environment(CommandTable.socketVariable) ?? CommandTable.defaultSocket
    invocation = try Invocation.parse(words, defaultSocket: socket)
  } catch {
    return perform([.complain("lintelctl: \(error.description)\n"), .finish(.usage)])
  }
  switch invocation.action {
  case .print(let text): return perform([.print(text), .finish(.done)])
  case .provision(let provision): return run(provision, json: invocation.json)
  case .doctor(let order):
    guard let path = order.archive else {
      return run(invocation.action, invocation.socket, json: invocation.json)
    }
    return Support(order, socket: invocation.socket, json: invocation.json).write(to: path)
  default: return run(invocation.action, invocation.socket, json: invocation.json)
  }
}

func run(_ action: Action, _ socket: String, json: Bool) -> ExitCode {
  var token: String?
  var files: [OpenFile] = []
  if case .join(_, let path?, _) = action {
    switch Secrets.readGiven(path) {
    case .success(let text): token = text
    case .failure(let failure):
      return perform(Conversation.failure(.failed, failure.words, json: json))
    }
  }
  var action = action
  if case .server(let call) = action, let input = call.input {
    do throws(FileFailure) {
      let bytes = try Files.read(input.path, bytesMax: ServerCall.inputBytesMax).bytes
      do throws(ControlFailure) { action = .server(try call.with(bytes)) } catch {
        return perform(Conversation.failure(.failed, error.description, json: json))
      }
    } catch {
      return perform(Conversation.failure(.failed, error.description, json: json))
    }
  }
  do throws(FileFailure) {
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
      action, socket: socket, json: json, token: token, fileBytes: files.map { $0.bytes },
      clockIsKept: clockIsKept, now: monotonicNow())
    return try converse(connection, conversation, json: json, files: files)
  } catch {
    if case .doctor(let order) = action, error.status == .unreachable,
      let result = standIn(configuration: order.configuration, json: json)
    {
      return show(result, json: json)
    }
    if action == .request(.configCheck), error.status == .unreachable, !json, let status = standInCheck() {
      return status
    }
    return perform(Conversation.failure(error.status, error.description, json: json))
  }
}

/// Until the conversation ends. `print` gets what is for standard output, and answers whether somebody takes it.
func converse(
  _ connection: borrowing Connection, _ conversation: Conversation, json: Bool, files: [OpenFile] = [],
  print: (String) -> Bool = { write($0, to: STDOUT_FILENO) }
) throws(ConnectionFailure) -> ExitCode {
  var conversation = conversation
  while true {
    while let step = conversation.poll() {
      switch step {
      case .send(let bytes): try connection.send(bytes)
      case .print(let text): guard print(text) else { return .failed }
      case .complain(let text): _ = write(text, to: STDERR_FILENO)
      case .ask(let question): conversation.receiveAnswer(askTerminal(question), now: monotonicNow())
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

/// Writes all of `text`; false if the other end does not want it.
func write(_ text: String, to descriptor: CInt) -> Bool { Files.write(Array(text.utf8), to: descriptor) }

/// Steps that need no daemon.
func perform(_ steps: [Conversation.Step]) -> ExitCode {
  for step in steps {
    switch step {
    case .send, .readFile, .ask: break
    case .print(let text): guard write(text, to: STDOUT_FILENO) else { return .failed }
    case .complain(let text): _ = write(text, to: STDERR_FILENO)
    case .finish(let status): return status
    }
  }
  return .done
}

exit(run().rawValue)
