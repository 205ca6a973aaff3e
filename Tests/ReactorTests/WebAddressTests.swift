import Testing

@testable import Reactor

struct WebAddressTests {
  @Test func theUsualForms() throws {
    let plain = try WebAddress("ws://door.example:7880/rtc?auto_subscribe=1&x=%20#part")
    #expect(plain.host == "door.example" && plain.port == 7880 && !plain.isSecure)
    #expect(plain.target == "/rtc?auto_subscribe=1&x=%20")
    #expect(plain.hostHeader == "door.example:7880")
    let secure = try WebAddress("WSS://x.livekit.cloud")
    #expect(
      secure.port == 443 && secure.isSecure && secure.target == "/" && secure.hostHeader == "x.livekit.cloud")
    let six = try WebAddress("https://[::1]:8443?q=1")
    #expect(six.host == "::1" && six.port == 8443 && six.target == "/?q=1" && six.hostHeader == "[::1]:8443")
    #expect(try WebAddress("http://[2001:db8::1]/").hostHeader == "[2001:db8::1]")
    #expect(try WebAddress("http://h:80/").hostHeader == "h")
    #expect(try WebAddress("http://h:/").port == 80)
  }

  @Test(arguments: [
    "", "x", "ftp://x/", "ws:/x", "ws://", "ws:///rtc", "ws://:80/", "ws://h:0/", "ws://h:65536/",
    "ws://h:8x/",
    "ws://u:p@h/", "ws://h/a b", "ws://h/\r\nX: y", "ws://h\u{0}/", "ws://[::1/", "ws://[::1]x/", "ws://::1/",
    "ws://hä/", "ws://h%41/", "ws://h:123456/",
  ]) func whatCannotBeDialledIsSaid(text: String) {
    let failure = #expect(throws: ReactorFailure.self) { _ = try WebAddress(text) }
    #expect(failure?.description.hasPrefix("bad URL: ") == true)
  }

  @Test func aHeaderCannotBeSmuggled() throws {
    let address = try WebAddress("http://h/")
    for bearer in ["", "a b", "a\r\nX: y", "a\n"] {
      #expect(throws: ReactorFailure.self) {
        _ = try httpRequestHead(method: "GET", address: address, headers: [], bearer: bearer)
      }
    }
    for header in [HTTPHeader("a:b", "c"), HTTPHeader("", "c"), HTTPHeader("a", "b\r\nc: d")] {
      #expect(throws: ReactorFailure.self) {
        _ = try httpRequestHead(method: "GET", address: address, headers: [header], bearer: nil)
      }
    }
    let head = try httpRequestHead(
      method: "GET", address: address, headers: [HTTPHeader("X", "y z")], bearer: "tok")
    #expect(
      String(decoding: head, as: UTF8.self)
        == "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer tok\r\nUser-Agent: lintel\r\nX: y z\r\n\r\n")
  }
}
