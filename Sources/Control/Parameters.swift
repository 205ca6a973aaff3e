import Base
import JSON

/// The params of one request. It notes what was asked for, so that the rest can be refused with the legal names.
final class Parameters {
  private let method: String
  private let members: [JSONValue.Member]
  private var legal: [String] = []

  init(method: String, _ json: JSONValue) throws(ControlFailure) {
    self.method = method
    switch json {
    case .null: members = []
    case .object(let members): self.members = members
    default:
      throw .invalidParameters("\(shortened(method)): the parameters must be an object, each by its name")
    }
  }

  func text(_ name: String, bytesMax: Int) throws(ControlFailure) -> String? {
    guard let text = try content(name, bytesMax: bytesMax) else { return nil }
    guard !text.utf8.isEmpty else { throw wrong(name, "a text that is not empty") }
    for byte in Array(text.utf8) where byte < 0x20 || byte == 0x7F {
      throw wrong(name, "free of control characters")
    }
    return text
  }

  /// Any text, with line ends and all, or none.
  func content(_ name: String, bytesMax: Int) throws(ControlFailure) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrong(name, "a text") }
    guard text.utf8.count <= bytesMax else { throw wrong(name, "at most \(bytesMax) bytes long") }
    return text
  }

  /// A text that has to be there: an identity, a topic, a name.
  func name(_ name: String) throws(ControlFailure) -> String {
    guard let text = try optionalName(name) else { throw missing(name) }
    return text
  }

  func optionalName(_ name: String) throws(ControlFailure) -> String? {
    try text(name, bytesMax: ControlLimits.nameBytesMax)
  }

  func pairs(_ name: String) throws(ControlFailure) -> [TextPair] {
    guard let value = value(name) else { return [] }
    guard case .object(let members) = value, members.count <= ControlLimits.attributesMax else {
      throw wrong(name, "an object of at most \(ControlLimits.attributesMax) texts")
    }
    var pairs: [TextPair] = []
    for member in members {
      guard let text = member.value.string, !member.name.utf8.isEmpty,
        member.name.utf8.count + text.utf8.count <= ControlLimits.attributeBytesMax
      else {
        throw wrong(name, "an object of texts of at most \(ControlLimits.attributeBytesMax) bytes")
      }
      pairs.append(TextPair(member.name, text))
    }
    return pairs
  }

  /// Any object; null and absent are an empty one.
  func object(_ name: String) -> JSONValue { value(name) ?? .object([]) }

  func flag(_ name: String) throws(ControlFailure) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrong(name, "true or false") }
    return flag
  }

  func number(_ name: String, _ range: ClosedRange<Int64>) throws(ControlFailure) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return Int(number)
  }

  /// How long something is pressed or shown.
  func duration() throws(ControlFailure) -> Int? {
    try number("for", 1...ControlLimits.pressMillisecondsMax)
  }

  func refuseOthers() throws(ControlFailure) {
    for member in members where !legal.contains(member.name) {
      var message = "\(method): no parameter '\(shortened(member.name))'"
      if let nearest = nearestName(to: member.name, among: legal) {
        message += ", did you mean '\(nearest)'?"
      }
      message += "; it takes "
      if legal.isEmpty { message += "none" }
      for (index, name) in legal.enumerated() { message += (index == 0 ? "" : ", ") + name }
      throw .invalidParameters(message)
    }
  }

  /// A parameter that is null is taken for one that is absent.
  private func value(_ name: String) -> JSONValue? {
    legal.append(name)
    for member in members where member.name == name && !member.value.isNull { return member.value }
    return nil
  }

  func missing(_ name: String, _ hint: String = "") -> ControlFailure {
    .invalidParameters("\(method): parameter '\(name)' is missing\(hint)")
  }

  func wrong(_ name: String, _ must: String) -> ControlFailure {
    .invalidParameters("\(method): parameter '\(name)' must be \(must)")
  }
}
