import Base
import Testing

@testable import LiveKit

/// URLs, candidates, server words: what people and servers write.
@Suite struct TextTests {
  @Test(arguments: [
    ("wss://example.com", "wss://example.com/rtc", "https://example.com/rtc/validate"),
    ("https://example.com/", "wss://example.com/rtc", "https://example.com/rtc/validate"),
    ("ws://10.0.0.1:7880", "ws://10.0.0.1:7880/rtc", "http://10.0.0.1:7880/rtc/validate"),
    ("HTTP://Host:1/a/b//", "ws://Host:1/a/b/rtc", "http://Host:1/a/b/rtc/validate"),
    ("wss://example.com/rtc", "wss://example.com/rtc", "https://example.com/rtc/validate"),
    (
      "ws://[2001:db8::1]:7880/x", "ws://[2001:db8::1]:7880/x/rtc", "http://[2001:db8::1]:7880/x/rtc/validate"
    ),
    ("ws://[::1]", "ws://[::1]/rtc", "http://[::1]/rtc/validate"),
  ])
  func urls(text: String, signal: String, validate: String) throws {
    let url = try ServerURL(text)
    #expect(url.signal(productVersion: "1").split(separator: "?").first.map { String($0) } == signal)
    #expect(url.validate(productVersion: "1").split(separator: "?").first.map { String($0) } == validate)
  }

  @Test(arguments: [
    ("", "it is empty"), ("example.com", "it must begin with wss://, ws://, https:// or http://"),
    ("ftp://example.com", "it must begin with wss://, ws://, https:// or http://"),
    ("wss://", "it names no host"), ("wss:///path", "it names no host"), ("wss://:443", "it names no host"),
    ("wss://a:", "the port is missing after the colon"),
    ("ws://[::1]:", "the port is missing after the colon"),
    ("wss://a:0", "the port is not a number from 1 to 65535"),
    ("wss://a:65536", "the port is not a number from 1 to 65535"),
    ("wss://a:b", "the port is not a number from 1 to 65535"),
    ("wss://[::1", "the ] is missing"), ("wss://[::1]x", "the port is wrong"),
    ("wss://u:p@a", "a user name does not belong there"),
    ("wss://a/?access_token=x", "a query or fragment does not belong there"),
    ("wss://a#x", "a query or fragment does not belong there"),
    ("wss://a b", "it holds white space or other characters that need %-encoding"),
    ("wss://a\r\nX: y", "it holds white space or other characters that need %-encoding"),
    ("wss://ä", "it holds white space or other characters that need %-encoding"),
  ])
  func badURLs(text: String, why: String) {
    #expect(throws: Failure.badURL(why)) { try ServerURL(text) }
  }

  @Test func candidates() throws {
    let server =
      #"{"candidate":"candidate:1 1 udp 2 ::1 9 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}"#
    let read = try #require(CandidateInit(json: server))
    #expect(read == .init(candidate: "candidate:1 1 udp 2 ::1 9 typ host", mid: "0", sectionIndex: 0))
    #expect(CandidateInit(json: #"{"candidate":""}"#)?.candidate == "")
    let odd = CandidateInit(candidate: "a\"\\\u{1}\u{e9}", mid: "m", sectionIndex: 3)
    #expect(odd.json == "{\"candidate\":\"a\\\"\\\\\\u0001\u{e9}\",\"sdpMid\":\"m\",\"sdpMLineIndex\":3}")
    #expect(CandidateInit(json: odd.json) == odd)
    for bad in ["", "{", "[]", "null", #"{"candidate":1}"#, #"{"sdpMid":"0"}"#, #"{"candidate":"x"} y"#] {
      #expect(CandidateInit(json: bad) == nil)
    }
  }

  @Test func serverWordsAreShortPlainAndWithoutTokens() {
    let token = "abcdefgh.ijkl.mnop"
    #expect(serverWords(Array("no\r\nroom\u{1B}[1m\n".utf8), hiding: token) == "no  room [1m")
    #expect(serverWords(Array("  <!DOCTYPE html>".utf8), hiding: token) == "")
    #expect(serverWords([], hiding: token) == "")
    #expect(
      serverWords(Array("invalid token: \(token), error: x".utf8), hiding: token)
        == "invalid token: <token>, error: x")
    #expect(serverWords(Array("cut: abcdefgh.ij".utf8), hiding: token) == "cut: <token>")
    #expect(
      serverWords(Array("other: eyJhbGciOi.eyJ0.x-_=; end".utf8), hiding: token) == "other: <token>; end")
    #expect(serverWords([UInt8](repeating: 0x61, count: 9000), hiding: token).utf8.count == 200)
  }

  @Test(arguments: [
    ("stun:host", "host", 3478), ("stun:host:19302", "host", 19302),
    ("stun:[2001:db8::1]:1", "2001:db8::1", 1),
    ("stun:[::1]", "::1", 3478), ("stun:host:1?transport=udp", "host", 1),
  ])
  func stun(url: String, host: String, port: Int) throws {
    let parsed = try #require(ICEServerAddress(url))
    #expect(parsed.host == host)
    #expect(parsed.port == UInt16(port))
  }

  @Test(arguments: [
    ("turn:host", ICEServerAddress(scheme: .turnUDP, host: "host", port: 3478)),
    ("turn:10.0.0.1:80?transport=udp", .init(scheme: .turnUDP, host: "10.0.0.1", port: 80)),
    ("turn:host:3478?transport=tcp", .init(scheme: .turnTCP, host: "host", port: 3478)),
    ("turns:host", .init(scheme: .turnTLS, host: "host", port: 5349)),
    ("turns:[2001:db8::1]:443?transport=tcp", .init(scheme: .turnTLS, host: "2001:db8::1", port: 443)),
  ])
  func turn(url: String, place: ICEServerAddress) { #expect(ICEServerAddress(url) == place) }

  /// Names of UDP servers are looked up here, those of streams where they are dialled.
  @Test func serversOfASession() {
    let server = ICEServer(
      urls: [
        "stun:192.0.2.1", "stun:a.example", "turn:a.example:1", "turns:b.example:443?transport=tcp",
        "nonsense",
      ], username: "u", credential: "p")
    var servers = ICEServers()
    let names = servers.take([server], serversMax: 4)
    #expect(names == ["a.example"])
    let tls = ICEServers.Server.turn(.init(.tls(host: "b.example", port: 443), username: "u", password: "p"))
    let stun = ICEServers.Server.stun(.init(ip: IPAddress(v4: 0xC000_0201), port: 3478))
    #expect(servers.known == [stun, tls])
    #expect(servers.hasRelay)
    let ip = IPAddress(v4: 0xC000_0202)
    let found = servers.resolved(name: "a.example", [ip])
    #expect(
      found == [
        .stun(.init(ip: ip, port: 3478)),
        .turn(.init(.udp(.init(ip: ip, port: 1)), username: "u", password: "p")),
      ])
    let none = servers.take([server], serversMax: 1)
    #expect(none == [] && servers.known == [stun] && !servers.hasRelay)
  }

  @Test(arguments: [
    "", "stun:", "turn:a:1?transport=dtls", "turns:a:1?transport=udp", "http:a:1", "stun::1", "stun:a:0",
    "stun:a:65536", "stun:a:x", "stun:[::1", "stun:[a]b",
    "stun:a b",
  ])
  func badStun(url: String) {
    #expect(ICEServerAddress(url) == nil)
  }
}
