import JSON

// How the fields of a message become JSON. A field that is null is left out by whoever puts them together.

/// The members that are there.
func present(_ members: [JSONValue.Member]) -> [JSONValue.Member] { members.filter { !$0.value.isNull } }

/// A message of those members, also of none.
func message(_ members: [JSONValue.Member]) -> JSONValue { .object(present(members)) }

/// `"30s"`, as protobuf's JSON writes a Duration.
func duration(_ seconds: Int) -> JSONValue { .string("\(seconds)s") }

/// The same of what may be absent.
func duration(_ seconds: Int?) -> JSONValue { seconds.map { duration($0) } ?? .null }

/// The whole seconds of a Duration as it may be written: `"30s"`, `"30.500s"`; more than a day is a day. nil for anything
/// else.
func seconds(of value: JSONValue) -> Int? {
  guard let text = value.string, text.utf8.last == UInt8(ascii: "s") else { return nil }
  var number = 0
  for byte in text.utf8.dropLast() {
    if byte == UInt8(ascii: ".") { break }
    guard (0x30...0x39).contains(byte) else { return nil }
    number = min(number * 10 + Int(byte - 0x30), TelephonyLimits.ringSecondsMax)
  }
  return number
}

/// A map of texts; null if there is none.
func map(_ pairs: [(name: String, value: String)]) -> JSONValue {
  pairs.isEmpty ? .null : .object(pairs.map { .init($0.name, .string($0.value)) })
}

/// A list of texts; null if there is none.
func list(_ texts: [String]) -> JSONValue {
  texts.isEmpty ? .null : .array(texts.map { .string($0) })
}

/// A text; null if it is empty, for which the server takes an absent one.
func filled(_ text: String?) -> JSONValue {
  guard let text, !text.utf8.isEmpty else { return .null }
  return .string(text)
}

/// A flag that is set; null if it is not.
func yes(_ flag: Bool) -> JSONValue { flag ? .bool(true) : .null }
