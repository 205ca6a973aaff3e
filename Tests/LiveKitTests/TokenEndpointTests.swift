import Foundation
import Testing

@testable import LiveKit

@Suite struct TokenEndpointTests {
  static let token = Bench.token(#"{"sub":"d","video":{"roomJoin":true,"room":"h"}}"#)

  static func read(_ body: String, status: Int = 201) -> String {
    do throws(TokenEndpointFailure) {
      let response = try TokenSourceResponse(status: status, body: Array(body.utf8))
      return (response.serverURL ?? "-") + (response.participantToken == token ? "" : " another token")
    } catch {
      return error.code + ": " + error.words(endpoint: "E", timeoutSeconds: 10, key: "bearer-file")
    }
  }

  @Test(arguments: [
    ("server_url", "participant_token"), ("serverURL", "participantToken"), ("serverUrl", "participantToken"),
    ("url", "token"), ("ws_url", "access_token"), ("wsUrl", "accessToken"), ("livekit_url", "token"),
  ]) func everySpellingIsTaken(url: String, name: String) {
    for status in [200, 201, 202] {
      #expect(
        Self.read(#"{"\#(url)":"wss://h","x":[1],"\#(name)":"\#(Self.token)"}"#, status: status) == "wss://h")
    }
  }

  @Test func theConventionsSpellingComesFirstAndNothingIsNoValue() {
    #expect(
      Self.read(#"{"url":"wss://b","token":"x","server_url":"wss://a","participant_token":"\#(Self.token)"}"#)
        == "wss://a")
    #expect(
      Self.read(#"{"server_url":null,"participant_token":"","url":"ws://b","token":"\#(Self.token)"}"#)
        == "ws://b")
    #expect(Self.read(#"{"token":"\#(Self.token)"}"#) == "-")
  }

  @Test(arguments: [
    ("", "not a JSON object"), ("[]", "not a JSON object"), ("{", "not a JSON object"),
    ("null", "not a JSON"),
    (#"{"participant_token":5}"#, "its participant_token is not a text"),
    (#"{"server_url":{},"participant_token":"a.b.c"}"#, "its server_url is not a text"),
    ("{}", "no participant_token"), (#"{"token":"a.b.c"}"#, "not base64url"),
    (#"{"url":"h","token":"\#(token)"}"#, "must begin with wss://"),
    (String(repeating: "[", count: 10_000), "not a JSON object"),
    (#"{"token":"\u0000"}"#, "not a JSON object"),
  ]) func whatIsOfNoUse(body: String, why: String) {
    let words = Self.read(body)
    #expect(words.hasPrefix("token-endpoint-answer: no token from E: its answer is of no use: "), "\(words)")
    #expect(words.contains(why), "\(words)")
  }

  @Test(arguments: [
    "\u{FEFF}{\"server_url\":\"wss://h\",\"participant_token\":\"T\"}",
    #"{"server_url":"wss://h\r\n","participant_token":"T\n"}"#,
    #"{"server_url":" \"wss://h\" ","participant_token":"Bearer T"}"#,
    #"{"server_url":"WSS://h","participant_token":"\uFEFFT"}"#,
  ]) func whatATemplateLeftIsNoPartOfIt(body: String) {
    let words = Self.read(
      body.replacingOccurrences(of: "T\"", with: Self.token + "\"").replacingOccurrences(
        of: "T\\n", with: Self.token + "\\n"))
    #expect(words.lowercased() == "wss://h", "\(words)")
  }

  @Test func whatCannotBeMeantIsSaid() throws {
    let words = Self.read(#"{"server_url":"wss://h","participant_token":"a.b\nc.d"}"#)
    #expect(words.hasSuffix("its token goes on in line 2, but a secret is one line"), "\(words)")
    do throws(TokenEndpointFailure) {
      _ = try TokenSourceResponse(status: 200, body: [0x1F, 0x8B, 8, 0])
    } catch {
      #expect(error.words(endpoint: "E", timeoutSeconds: 1, key: "k").contains("compressed (gzip)"))
    }
    #expect(
      TokenEndpointFailure.notFound.words(endpoint: "https://h/x?code=SECRET", timeoutSeconds: 1, key: "k")
        == "no token from https://h/x?***: nothing is at this address (HTTP 404); check [token] endpoint")
  }

  @Test func aTokenInARefusalIsNotRepeated() {
    let words = Self.read("bad token \(Self.token)\r\nline two", status: 401)
    #expect(!words.contains(Self.token) && words.hasSuffix("bad token <token>  line two"), "\(words)")
  }
}
