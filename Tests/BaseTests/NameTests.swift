import Base
import Testing

struct NameTests {
  @Test func twoSpellingsOfOneLetterAreTwoNames() {
    let composed = Name("caf\u{E9}")
    let decomposed = Name("cafe\u{301}")
    // For the reader they are one, and for the standard library as well.
    #expect(composed.text == decomposed.text)
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect([composed].contains(decomposed) == false)
  }

  @Test func aKelvinIsNoK() {
    let kelvin = Name("\u{212A}iosk")
    #expect(kelvin.text == "Kiosk")
    #expect(kelvin != "Kiosk")
    #expect([kelvin: 1]["Kiosk"] == nil)
  }

  @Test func noNameHasAControlCharacter() {
    for scalar in Array(0...0x1F) + [0x7F] {
      #expect(Name(bytes: Array("agent-x".utf8) + [UInt8(scalar)] + Array("z".utf8)) == nil)
    }
    for text in ["agent-x\u{0}", "\u{0}"] { #expect(Name(text) == nil) }
    for text in ["Front Desk~", "\u{80}"] { #expect(Name(text)?.text == text) }
  }

  @Test func whatIsNoUTF8IsNoName() {
    let others: [[UInt8]] = [
      [0xFF], [0xC3], [0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x41, 0xE2, 0x82],
    ]
    for bytes in others { #expect(Name(bytes: bytes) == nil) }
  }

  @Test func theLongestIdentityIsKeptWhole() throws {
    let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 256)
    let name = try #require(Name(bytes: bytes))
    #expect(name.utf8Count == 256)
    #expect(name.bytes == bytes)
    let other = try #require(Name(bytes: bytes.dropLast() + [UInt8(ascii: "b")]))
    #expect(name != other)
  }

  @Test func anEmptyNameIsOne() {
    let empty = Name("")
    #expect(empty.isEmpty)
    #expect(empty == "")
    #expect(empty != " ")
  }

  @Test func textComesBackAsItWas() throws {
    let text = "Haustür 3 \u{1F514}"
    #expect(try #require(Name(text)).text == text)
    #expect(try #require(Name(text)).description == text)
  }
}
