/// A JSON value. Members of an object keep their order, so that a status reads as it was written.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Equatable, Sendable {
    public let name: String
    public let value: JSONValue

    /// Where it is made it lies already: inlined it is smaller than the call.
    @inline(__always)
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// The member of that name; null if there is none or this is no object.
  public subscript(name: String) -> JSONValue {
    guard case .object(let members) = self else { return .null }
    for member in members where member.name == name { return member.value }
    return .null
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  /// A whole number, or the whole part of another, as far as it can be held.
  public var wholePart: Int64? {
    if case .real(let number) = self { Int64(exactly: number.rounded(.down)) } else { integer }
  }
  public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
  public var array: [JSONValue] { if case .array(let values) = self { values } else { [] } }
  public var isNull: Bool { if case .null = self { true } else { false } }
  public func isText(_ text: String) -> Bool { string == text }
}

extension JSONValue {
  /// A text, or null.
  public static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
  /// A whole number, or null.
  public static func number(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }
  /// A number that is kept in tenths, so that nothing rounds on the way: 234 is 23.4.
  public static func tenths(_ tenths: Int?) -> JSONValue { tenths.map { .real(Double($0) / 10) } ?? .null }
}
