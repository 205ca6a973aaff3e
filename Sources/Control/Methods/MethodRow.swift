import Base

/// All that is known of a method beside its name and what it does.
struct MethodRow: Sendable {
  /// The request that such params ask for. What it does not look at is refused.
  let read: @Sendable (Parameters) throws(ControlFailure) -> Request
  /// The params of such a request; those that are null are left out.
  var write: @Sendable (Request) -> [JSONValue.Member] = { _ in [] }
  var rights = Rights.anybody
  var isRemote = false
  /// What asks for it in lintelctl, named as the method is up to its first point. nil if another method's command
  /// does, or only programs.
  var command: Command?
  /// The result for a person, with its line end.
  let text: @Sendable (JSONValue) -> String

  /// Who may call it, of those who may use the socket at all.
  enum Rights: Sendable {
    case anybody
    case administrator
    /// Others, too, may call it as long as the condition does not hold; `to` ends the sentence "only root may".
    case administratorIf(@Sendable (Request) -> Bool, to: String)
  }
}

extension MethodRow {
  /// A method without parameters.
  init(
    _ request: Request, rights: Rights = .anybody, isRemote: Bool = false, command: Command? = nil,
    text: @escaping @Sendable (JSONValue) -> String
  ) {
    self.init(
      read: { _ in request }, rights: rights, isRemote: isRemote, command: command, text: text)
  }
}

extension Method {
  /// The command of lintelctl that asks for it.
  var command: Command? {
    guard var command = row.command else { return nil }
    command.name = String(decoding: rawValue.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    return command
  }
}
