import Base
import JSON

/// What of a row only lintelctl needs. The daemon reads the same rows without: what a person sees is not linked there.
protocol MethodFace: Sendable {
  init(command: () -> Command?, text: @escaping @Sendable (JSONValue) -> String)
}

/// The row as the daemon has it.
struct NoFace: MethodFace {
  @inline(__always)
  init(command: () -> Command?, text: @escaping @Sendable (JSONValue) -> String) {}
}

/// The row as lintelctl has it.
struct ShownFace: MethodFace {
  /// What asks for it in lintelctl, named as the method is up to its first point. nil if another method's command
  /// does, or only programs.
  let command: Command?
  /// The result for a person, with its line end.
  let text: @Sendable (JSONValue) -> String

  init(command: () -> Command?, text: @escaping @Sendable (JSONValue) -> String) {
    self.command = command()
    self.text = text
  }
}

/// All that is known of a method beside its name and what it does.
struct MethodRow<Face: MethodFace>: Sendable {
  /// The request that such params ask for. What it does not look at is refused.
  let read: @Sendable (Parameters) throws(ControlFailure) -> Request
  /// The params of such a request; those that are null are left out.
  let write: @Sendable (Request) -> [JSONValue.Member]
  let rights: MethodRights
  let isRemote: Bool
  let face: Face

  @inline(__always)
  init(
    read: @escaping @Sendable (Parameters) throws(ControlFailure) -> Request,
    write: @escaping @Sendable (Request) -> [JSONValue.Member] = { _ in [] },
    rights: MethodRights = .anybody, isRemote: Bool = false, command: @autoclosure () -> Command? = nil,
    text: @escaping @Sendable (JSONValue) -> String
  ) {
    self.read = read
    self.write = write
    self.rights = rights
    self.isRemote = isRemote
    face = Face(command: command, text: text)
  }

  /// A method without parameters.
  @inline(__always)
  init(
    _ request: Request, rights: MethodRights = .anybody, isRemote: Bool = false,
    command: @autoclosure () -> Command? = nil, text: @escaping @Sendable (JSONValue) -> String
  ) {
    self.init(
      read: { _ in request }, rights: rights, isRemote: isRemote, command: command(), text: text)
  }
}

/// Who may call a method, of those who may use the socket at all.
enum MethodRights: Sendable {
  case anybody
  case administrator
  /// Others, too, may call it as long as the condition does not hold; `to` ends the sentence "only root may".
  case administratorIf(@Sendable (Request) -> Bool, to: String)
}

extension Method {
  /// The command of lintelctl that asks for it.
  var command: Command? {
    guard var command = shown.command else { return nil }
    command.name = String(decoding: rawValue.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    return command
  }
}
