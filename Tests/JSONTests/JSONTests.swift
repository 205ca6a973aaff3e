import Testing

@testable import JSON

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private func json(_ text: String) throws -> JSONValue { try JSONValue.parse(bytes(text)) }

@Suite("JSON")
struct JSONTests {
  @Test(
    "what is read is written again",
    arguments: [
      "null", "true", "false", "0", "-9223372036854775808", "9223372036854775807", "\"\"", "[]", "{}",
      "[1,[2,[3]],{\"a\":null}]", "{\"z\":1,\"a\":2,\"m\":{\"y\":[],\"b\":\"x\"}}", "\"\\\"\\\\\\n\\r\\t\"",
      "\"ä€😀\"", "0.5", "-23.4", "1e+300",
    ])
  func roundTrip(text: String) throws {
    let value = try json(text)
    #expect(try json(value.text) == value)
    if !text.contains("e+") { #expect(value.text == text) }
  }

  @Test("controls, DEL and C1 are escaped, so that a line is one line and moves no cursor")
  func escapes() {
    let value = JSONValue.string("a\u{0}\u{1F}\u{7F}\u{9B}\u{2028}b")
    #expect(value.text == "\"a\\u0000\\u001f\\u007f\\u009b\\u2028b\"")
  }

  @Test("tenths are written as they are")
  func tenths() {
    #expect(JSONValue.tenths(-234).text == "-23.4")
    #expect(JSONValue.tenths(0).text == "0.0")
    #expect(JSONValue.tenths(nil).text == "null")
    #expect(JSONValue.real(.nan).text == "null" && JSONValue.real(.infinity).text == "null")
  }

  @Test(
    "what is no JSON says where",
    arguments: [
      "", " ", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "tru", "01", "'a'", "1 2", "{} x", "\"\u{1}\"",
      "\"\\u0000\"",
      "\"\\ud800\"", "{\"a\":1,\"a\":2}", "99999999999999999999", "[1", "\"open", "\u{FEFF}{}", "1e999", "]",
      "}{",
    ])
  func malformed(text: String) {
    do throws(JSONFailure) {
      _ = try JSONValue.parse(bytes(text))
      Issue.record("taken: \(text)")
    } catch {
      #expect(error != .tooDeep && error != .tooManyValues)
      #expect(error.description.contains("(byte "))
    }
  }

  @Test("a name that comes twice is refused, or the last one counts")
  func duplicates() throws {
    let twice = bytes("{\"a\":1,\"b\":0,\"a\":2}")
    #expect(throws: JSONFailure.self) { try JSONValue.parse(twice) }
    #expect(try JSONValue.parse(twice, lastCounts: true)["a"] == .integer(2))
  }

  @Test(
    "whole parts",
    arguments: [("5", 5), ("1e3", 1000), ("2.9", 2), ("-2.1", -3), ("1e300", nil), ("\"5\"", nil)]
      as [(String, Int64?)])
  func wholePart(text: String, number: Int64?) throws {
    #expect(try json(text).wholePart == number)
  }

  @Test(
    "bytes that are no UTF-8",
    arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]])
  func notUTF8(middle: [UInt8]) {
    #expect(throws: JSONFailure.self) { try JSONValue.parse(bytes("\"") + middle + bytes("\"")) }
  }

  @Test("depth is bounded at 16, before anything is built")
  func depth() throws {
    let nested = { (count: Int) in
      bytes(String(repeating: "[", count: count) + String(repeating: "]", count: count))
    }
    #expect(throws: Never.self) { try JSONValue.parse(nested(16)) }
    #expect(throws: JSONFailure.tooDeep) { try JSONValue.parse(nested(17)) }
    #expect(throws: JSONFailure.tooDeep) {
      try JSONValue.parse(bytes(String(repeating: "{\"a\":", count: 100_000)))
    }
    #expect(throws: Never.self) {
      try JSONValue.parse(bytes("\"" + String(repeating: "[", count: 500) + "\""))
    }
  }

  @Test("values are counted, before anything is built")
  func values() {
    let many = bytes("[" + String(repeating: "1,", count: 300) + "1]")
    #expect(throws: JSONFailure.tooManyValues) { try JSONValue.parse(many, valuesMax: 256) }
    #expect(throws: Never.self) { try JSONValue.parse(many) }
  }
}
