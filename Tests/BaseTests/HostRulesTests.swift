import Base
import Testing

/// Which hosts a list names, which are private, and what a proxy's address may be.
@Suite struct HostRulesTests {
  @Test(arguments: [
    ("door.example", "Door.Example", true), ("door.example", "a.door.example", false),
    (".example", "a.b.EXAMPLE", true), (".example", "example", true), (".example", "notexample", false),
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
    ("10.0.0.0/8", "10.example", false),
    ("10.0.0.0/8", "::a00:1", false), ("0.0.0.0/0", "203.0.113.1", true), ("192.0.2.7", "192.0.2.7", true),
    ("192.0.2.7", "192.0.2.8", false), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false),
    ("2001:db8:0:1:8000::/65", "2001:db8:0:1:ffff::1", true), ("::/0", "2001:db8::1", true),
    ("2001:db8:0:1:8000::/65", "2001:db8:0:1:7fff::1", false), ("[::1]", "::1", true), ("*", "x", true),
    (" localhost , .lan,, 127.0.0.0/8 ", "127.0.0.9", true), (" localhost , .lan", "localhost", true),
    ("", "localhost", false), (",", "x", false),
  ]) func matches(list: String, host: String, isMatched: Bool) throws {
    #expect(try #require(HostRules(list)).match(host) == isMatched)
  }

  @Test(arguments: [
    "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "fd00::/129", "a b", "http://x", "x:80", ".", "*.example",
    "a/8",
    "10.0.0.0/8/8", String(repeating: "a", count: 256),
    [String](repeating: "a", count: HostRules.rulesMax + 1).joined(separator: ","),
  ]) func whatIsNoRule(list: String) { #expect(HostRules(list) == nil) }

  @Test(arguments: [
    ("door", true), ("localhost", true), ("door.lan", true), ("DOOR.Local", true), ("a.home.arpa", true),
    ("door.example.org", false), ("lan", true), ("notlan.com", false), ("10.1.2.3", true),
    ("172.16.0.1", true), ("172.31.255.255", true), ("172.32.0.1", false), ("192.168.1.1", true),
    ("192.169.0.1", false), ("100.64.0.1", true), ("100.128.0.1", false), ("169.254.1.1", true),
    ("127.0.0.1", true), ("::1", true), ("fd00::1", true), ("fe80::1", true), ("2001:db8::1", false),
    ("8.8.8.8", false),
  ]) func privateHosts(host: String, isPrivate: Bool) { #expect(isPrivateHost(host) == isPrivate) }

  @Test func aProxysAddress() throws {
    let address = try ProxyAddress("HTTP://do@or@proxy.lan:3128/")
    #expect(address.user == "do@or" && address.host == "proxy.lan" && address.port == 3128)
    #expect(try ProxyAddress("http://[2001:db8::1]:1").host == "2001:db8::1")
    #expect(try ProxyAddress("http://h:1").user == "")
  }

  @Test(arguments: [
    ("proxy.lan:3128", "does not begin with http://, the one way to talk to a proxy"),
    ("https://proxy.lan:3128", "does not begin with http://, the one way to talk to a proxy"),
    ("socks5://proxy.lan:3128", "does not begin with http://, the one way to talk to a proxy"),
    ("http://a:b@h:1", "has a password in it, which belongs into the file of proxy-password-file"),
    ("http://h", "has no port from 1 to 65535"), ("http://h:0", "has no port from 1 to 65535"),
    ("http://h:1/x", "has no port from 1 to 65535"), ("http://:1", "has no host"),
    ("http://2001:db8::1:80", "has no host"),
    ("http://h h:1", "is too long or has a character that an address may not have"),
  ]) func whatIsNoProxy(text: String, why: String) {
    let fault = #expect(throws: ProxyAddress.Fault.self) { try ProxyAddress(text) }
    #expect(fault?.why == why)
  }
}
