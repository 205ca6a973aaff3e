import Base
import JSON

/// What lintelctl says to the daemon and to the user for one command: it owns no socket and no terminal. Feed it
/// what is read and when the deadline passes, and do the steps that `poll` gives until there is none.
public struct Conversation: Sendable {
  public enum Step: Equatable, Sendable {
    case send([UInt8])
    /// For standard output, with its line ends.
    case print(String)
    /// For standard error.
    case complain(String)
    /// At most as many bytes of that one of the files that `send-file` names, for `receiveFile`.
    case readFile(index: Int, bytesMax: Int)
    /// Of whoever sits at the terminal, for `receiveAnswer`.
    case ask(String)
    /// The last step.
    case finish(ExitCode)
  }

  /// The time of the next `handleTimeout`; nil if only the daemon or the user can go on.
  public private(set) var deadline: Instant?
  private let action: Action
  private let json: Bool
  private let socket: String
  private let clockIsKept: Bool?
  private var files: FileSending?
  private let startedAt: Instant
  private var lines = LineBuffer(lineBytesMax: ControlLimits.replyLineBytesMax)
  private var steps: [Step] = []
  private var isFinished = false
  private var watch: JoinWatch?
  /// Why the daemon did not begin at once.
  private var refusal = ""

  /// How long the daemon may take for an answer that it has at hand.
  static let answerMillisecondsMax = 5000
  /// How long a slow network may take for one piece of a file.
  static let pieceMillisecondsMax = 60_000
  /// The longest connect-timeout twice, and the tests of the sound.
  static let doctorMillisecondsMax = 260_000
  /// How long a room server may take, over all its regions.
  static let serverMillisecondsMax = 45_000
  private static let subscribeID: Int64 = 1
  private static let requestID: Int64 = 2

  /// The connection is open. `token` is the text of the file that `join --token-file` names, `fileBytes` the
  /// lengths of those of `send-file`, as far as they have one; `clockIsKept` as of `DoctorFindings.Surroundings`.
  public init(
    _ action: Action, socket: String, json: Bool, token: String?, fileBytes: [Int?] = [],
    clockIsKept: Bool? = nil, now: Instant
  ) {
    self.clockIsKept = clockIsKept
    self.action = action
    self.json = json
    self.socket = socket
    startedAt = now
    deadline = now.advanced(byMilliseconds: Self.answerMillisecondsMax)
    switch action {
    case .request(let request):
      if case .rpc(_, _, _, let seconds) = request {
        deadline = now.advanced(byMilliseconds: seconds * 1000 + Self.answerMillisecondsMax)
      }
      if let milliseconds = Self.milliseconds(of: request) {
        deadline = now.advanced(byMilliseconds: milliseconds)
      }
      send(request)
    case .join(let url, _, _): begin(.join(url: url, token: token))
    case .call: begin(.call)
    case .sendFiles(let paths, let isText, let topic, let to):
      let files = FileSending(paths: paths, isText: isText, topic: topic, to: to, bytes: fileBytes)
      self.files = files
      send(files.beginning)
    case .doctor(let order):
      deadline = now.advanced(byMilliseconds: Self.doctorMillisecondsMax)
      if !json { steps.append(.complain("testing; this takes a few seconds\n")) }
      send(.doctor(yes: order.yes))
    case .events: send(.eventsSubscribe)
    case .server(let call):
      deadline = now.advanced(byMilliseconds: Self.serverMillisecondsMax)
      send(.serverAPI(call.request))
    case .monitor, .provision, .print: fail(.failed, "this is no conversation")
    }
  }

  /// How long others may take before the daemon can answer; nil where it has the answer at hand.
  private static func milliseconds(of request: Request) -> Int? {
    switch request {
    // The room has to be joined first, and a plan may have to be waited for.
    case .dial(let dial) where dial.waits: (dial.ringSeconds ?? 180) * 1000 + pieceMillisecondsMax
    case .transfer(let transfer): (transfer.ringSeconds ?? 30) * 1000 + 15_000
    case .serverAPI: serverMillisecondsMax
    default: nil
    }
  }

  public mutating func poll() -> Step? { steps.isEmpty ? nil : steps.removeFirst() }

  public mutating func receive(_ bytes: [UInt8], now: Instant) {
    lines.append(bytes)
    while !isFinished, let line = lines.next() {
      do throws(JSONFailure) {
        handle(try ServerMessage.parse(line), now)
      } catch {
        fail(.unreachable, "\(socket) does not speak lintel's protocol: \(error.description)")
      }
    }
    if lines.isBroken { fail(.unreachable, "\(socket) does not speak lintel's protocol: a line without end") }
  }

  /// The daemon closed the connection.
  public mutating func handleEnd() {
    fail(.unreachable, "the daemon closed the connection; it may have stopped or restarted")
  }

  public mutating func handleTimeout(now: Instant) {
    guard !isFinished, let deadline, now >= deadline else { return }
    if let waitSeconds = action.waitSeconds, let watch, watch.isAccepted {
      fail(.failed, watch.outOfTime(seconds: waitSeconds))
    } else {
      fail(.unreachable, "the daemon at \(socket) does not answer; `systemctl status linteld` may say why")
    }
  }

  private mutating func begin(_ request: Request) {
    // Subscribed first, so that nothing that the attempt causes is missed.
    if action.waitSeconds != nil { steps.append(.send(Request.eventsSubscribe.line(id: Self.subscribeID))) }
    watch = JoinWatch(id: .number(Self.requestID))
    send(request)
  }

  private mutating func send(_ request: Request) { steps.append(.send(request.line(id: Self.requestID))) }

  private mutating func handle(_ message: ServerMessage, _ now: Instant) {
    if watch != nil { return handleJoin(message, now) }
    switch message {
    case .result(.number(Self.requestID), let result): answer(result, now)
    case .failure(_, _, let message, Doctor.inCall?):
      refusal = message
      steps.append(.ask("\(message). Play it now? [y/N] "))
      deadline = nil
    case .failure(_, let code, let message, _):
      fail(code == Int64(ControlFailure.notAllowedCode) ? .notAllowed : .failed, message)
    case .event(let event): show(event)
    default: break
    }
  }

  private mutating func handleJoin(_ message: ServerMessage, _ now: Instant) {
    let failureBefore = watch?.lastFailure
    let outcome = watch?.handle(message)
    if case .result(.number(Self.requestID), let result) = message, outcome == nil {
      guard let waitSeconds = action.waitSeconds else {
        return finish(result, Method.join.shown.text(result))
      }
      deadline = startedAt.advanced(byMilliseconds: waitSeconds * 1000)
    }
    if let failure = watch?.lastFailure, failure != failureBefore {
      steps.append(.complain("still trying: \(printable(failure))\n"))
    }
    switch outcome {
    case .connected:
      let tenths = max(0, now.milliseconds(since: startedAt)) / 100
      finish(
        .object([.init("connection", .string(RoomConnection.connected.rawValue))]),
        "connected after \(tenths / 10).\(tenths % 10) s\n")
    case .failed(let message): fail(.failed, message)
    case .notAllowed(let message): fail(.notAllowed, message)
    case nil: break
    }
  }

  private mutating func answer(_ result: JSONValue, _ now: Instant) {
    switch action {
    case .request(.version):
      let both = JSONValue.object([
        .init("lintelctl", .string(lintelVersion)), .init("linteld", result["version"]),
      ])
      finish(both, Method.version.shown.text(result))
    case .request(let request):
      let isDone = result["problems"].array.isEmpty
      finish(result, request.method.shown.text(result), isDone ? .done : .failed)
    case .doctor:
      let around = DoctorFindings.Surroundings(socket: socket, clockIsKept: clockIsKept)
      let whole = DoctorFindings.complete(result, around)
      finish(whole, Method.doctor.shown.text(whole), Doctor.succeeded(whole) ? .done : .failed)
    case .server(let call):
      guard let text = call.text.render(result) else {
        return fail(.failed, "the server's answer lacks what was asked for")
      }
      finish(result, text)
    case .sendFiles: fileAnswer(result, now)
    case .events(let follow):
      if json {
        show(.object([.init("event", .string("snapshot")), .init("status", result["status"])]))
      }
      for event in result["recent"].array { show(event) }
      deadline = nil
      if !follow { finish(nil, "") }
    case .join, .call, .monitor, .provision, .print: break
    }
  }

  /// What came of `ask`; nil if there is no terminal.
  public mutating func receiveAnswer(_ yes: Bool?, now: Instant) {
    guard !isFinished, case .doctor = action else { return }
    guard let yes else { return fail(.failed, "\(refusal); --yes plays it all the same") }
    guard yes else { return fail(.failed, "nothing was tested") }
    deadline = now.advanced(byMilliseconds: Self.doctorMillisecondsMax)
    send(.doctor(yes: true))
  }

  /// What was read of the file after `readFile`; empty at its end.
  public mutating func receiveFile(_ bytes: [UInt8]) {
    guard !isFinished, let request = files?.piece(bytes) else { return }
    send(request)
  }

  /// The daemon answers a piece when the room took it, so each one may take as long as a whole answer.
  private mutating func fileAnswer(_ result: JSONValue, _ now: Instant) {
    guard var files else { return }
    deadline = now.advanced(byMilliseconds: Self.pieceMillisecondsMax)
    if files.accepted(result) {
      let path = files.paths[files.index]
      let told = JSONValue.object([.init("path", .string(path)), .init("bytes", result["bytes"])])
      let name = files.paths.count == 1 ? "" : printable(path) + ": "
      let text = name + Method.sendFileEnd.shown.text(result)
      if let request = files.next() {
        steps.append(.print(json ? told.text + "\n" : text))
        send(request)
      } else {
        finish(told, text)
      }
    } else {
      steps.append(.readFile(index: files.index, bytesMax: ControlLimits.filePieceBytesMax))
    }
    self.files = files
  }

  private mutating func show(_ event: JSONValue) {
    steps.append(.print((json ? event.text : EventText.render(event)) + "\n"))
  }

  private mutating func finish(_ result: JSONValue?, _ text: String, _ status: ExitCode = .done) {
    guard !isFinished else { return }
    let output = json ? result.map { $0.text + "\n" } ?? "" : text
    if !output.utf8.isEmpty { steps.append(.print(output)) }
    steps.append(.finish(status))
    isFinished = true
    deadline = nil
  }

  private mutating func fail(_ status: ExitCode, _ message: String) {
    guard !isFinished else { return }
    steps += Self.failure(status, message, json: json)
    isFinished = true
    deadline = nil
  }

  /// The steps that end in a failure, whether or not the daemon was ever reached.
  public static func failure(_ status: ExitCode, _ message: String, json: Bool) -> [Step] {
    var steps: [Step] = []
    if json {
      let error: [JSONValue.Member] = [
        .init("status", .integer(Int64(status.rawValue))), .init("message", .string(message)),
      ]
      steps.append(.print(JSONValue.object([.init("error", .object(error))]).text + "\n"))
    }
    return steps + [.complain("lintelctl: \(printable(message))\n"), .finish(status)]
  }
}

extension Action {
  /// How long to wait for the end of what begins; nil if only the beginning is of interest.
  fileprivate var waitSeconds: Int? {
    switch self {
    case .join(_, _, let seconds), .call(let seconds): seconds
    default: nil
    }
  }
}
