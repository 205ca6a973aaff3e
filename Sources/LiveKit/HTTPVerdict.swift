import Base

/// What a failed dialling means, from what the transport saw and from the server's words.
enum DialVerdict: Equatable {
  case failed(Failure)
  /// The status alone does not tell; `/rtc/validate` may.
  case askServer
}

/// Judges a WebSocket that never opened. Pure.
func verdict(
  on transport: TransportFailure, host: String, _ dialled: (origin: TokenOrigin, secret: String)
) -> DialVerdict {
  switch transport {
  case .resolve(let words): return .failed(.unknownHost(host: host, words))
  case .refused(let words): return .failed(.connectionRefused(host: host, words))
  case .timeout: return .failed(.timedOut(host: host))
  case .tls(let words): return .failed(.tls(host: host, words))
  case .http(let status, let body):
    let words = serverWords(body, hiding: dialled.secret)
    guard !words.isEmpty else { return .askServer }
    return .failed(failure(status: status, words: words, validating: false, dialled.origin))
  case .proxy(let words): return .failed(.proxy(words))
  case .intercepted(let words): return .failed(.captivePortal(words))
  case .clearText(let words): return .failed(.badURL(words))
  case .other: return .askServer
  }
}

/// Judges an HTTP answer that is not a 101, or the answer of `/rtc/validate`. Pure.
func failure(status: Int, words: String, validating: Bool, _ token: TokenOrigin) -> Failure {
  switch status {
  // The server says why; a page, which has no words here, is a proxy's, and may be gone in a minute.
  case 403 where words.isEmpty:
    return .serverUnavailable(status: status, "a web page, not the server's words; is a proxy in the way?")
  case 401, 403: return .notAllowed(token, status: status, words)
  case 404 where contains(words, "requested room does not exist"): return .roomDoesNotExist(words)
  case 404: return .notLiveKit("its answer to /rtc is 404 Not Found; check the path in the URL")
  case 200 where validating && words == "success":
    return .signalLost(
      "the server accepts the token, but the WebSocket does not open; is a proxy in the way?")
  case 200..<300: return .notLiveKit("it answers as an ordinary web server (HTTP \(status))")
  case 300..<400: return .notLiveKit("it redirects elsewhere (HTTP \(status))")
  case 408, 425, 429, 500...: return .serverUnavailable(status: status, words)
  case 400..<500: return .rejected(status: status, words)
  default: return .notLiveKit("it answers with HTTP status \(status)")
  }
}

/// What the words of a transport failure say about `host`, when the server could not be asked either.
func unexplained(_ transport: TransportFailure, host: String, _ token: TokenOrigin) -> Failure {
  switch transport {
  case .resolve(let words): .unknownHost(host: host, words)
  case .refused(let words): .connectionRefused(host: host, words)
  case .timeout: .timedOut(host: host)
  case .tls(let words): .tls(host: host, words)
  case .http(let status, _): failure(status: status, words: "", validating: false, token)
  case .proxy(let words): .proxy(words)
  case .intercepted(let words): .captivePortal(words)
  case .clearText(let words): .badURL(words)
  case .other(let words): .unreachable(host: host, words)
  }
}

private func contains(_ text: String, _ part: String) -> Bool {
  let haystack = Array(text.utf8)
  let needle = Array(part.utf8)
  guard haystack.count >= needle.count else { return false }
  return (0...(haystack.count - needle.count)).contains { haystack[$0...].starts(with: needle) }
}
