import Base
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:db8::1", "2001:db8::1"),
    ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("::ffff:192.0.2.1", "::ffff:c000:201"), ("fe80::1", "fe80::1"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
    ("1:2:3:4:5:6::", "1:2:3:4:5:6::"), ("::3:4:5:6:7:8", "::3:4:5:6:7:8"),
  ]) func readsAndWritesCanonicalText(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect(IPAddress(bytes: address.bytes) == address)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01.2.3.4567", ":", ":::", "1::2::3", "12345::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "g::", ":1", "1:", "1.2.3.a", "::1.2.3", "1:2:3:4:5:6:7:8::",
  ]) func refusesWhatIsNoAddress(text: String) {
    #expect(IPAddress(text) == nil)
  }
}

@Suite struct TextTests {
  // RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ]) func base64Vectors(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded.utf8) == Array(plain.utf8))
  }

  @Test func base64RefusesGarbage() {
    #expect(Base64.decode("a".utf8) == nil)
    #expect(Base64.decode("ab!d".utf8) == nil)
    #expect(Base64.decode("Zg==Zg".utf8) == nil)
  }

  @Test func hexadecimalRoundTrip() {
    #expect(hexadecimal([0, 0xAB, 0xFF]) == "00abff")
    #expect(bytes(hexadecimal: "00 ab:FF") == [0, 0xAB, 0xFF])
    #expect(bytes(hexadecimal: "0") == nil)
  }
}
