/// A field that the server would refuse, and why.
public struct TelephonyFault: Error, Equatable, Sendable {
  /// As the server calls it.
  public let field: String
  public let why: String

  init(_ field: String, _ why: String) {
    self.field = field
    self.why = why
  }

  /// One sentence without its full stop, and without the value, which may be a secret.
  public var words: String { "\(field) \(why)" }
}
