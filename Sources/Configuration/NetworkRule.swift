import Base

extension TextRule {
  static let proxy = TextRule(ProxyAddress.legal) { (text: String, _: String) throws(ValueFault) in
    do throws(ProxyAddress.Fault) {
      _ = try ProxyAddress(text)
    } catch {
      throw ValueFault(why: error.why)
    }
    return text
  }

  static let turn = TextRule("turn:host:port?transport=udp or tcp, or turns:host:port") {
    (text: String, _: String) throws(ValueFault) in
    guard let address = ICEServerAddress(text), address.scheme != .stun else {
      throw ValueFault(why: "is no address of a TURN server")
    }
    return text
  }

  static let hosts = TextRule(
    "names, .domains, addresses, networks such as 10.0.0.0/8, or *, with commas between them"
  ) { (text: String, _: String) throws(ValueFault) in
    guard HostRules(text) != nil else { throw ValueFault(why: "is no list of hosts") }
    return text
  }
}

extension Settings {
  /// The first key that would have a secret sent in the clear beyond the local network, and its value.
  var clearTextKey: (path: String, url: String)? {
    guard network.requiresTLS else { return nil }
    let all = [
      ("token.url", token.url), ("token.endpoint", token.source == .endpoint ? token.endpoint : nil),
      ("phone.endpoint", phone.via == .endpoint ? phone.endpoint : nil),
    ]
    for (path, url) in all {
      if let url, isClear(url), !isPrivateHost(hostOf(url)) { return (path, url) }
    }
    return nil
  }
}

private func isClear(_ url: String) -> Bool {
  url.utf8.begins(with: "ws://") || url.utf8.begins(with: "http://")
}

/// Of a URL that `TextRule` let pass, without brackets.
private func hostOf(_ url: String) -> String {
  let bytes = Array(url.utf8)
  let start = bytes.firstIndex(of: UInt8(ascii: "/")).map { $0 + 2 } ?? 0
  let authority = bytes[start...].prefix { $0 != 0x2F && $0 != 0x3F }
  let host =
    authority.first == UInt8(ascii: "[")
    ? authority.dropFirst().prefix { $0 != UInt8(ascii: "]") } : authority.prefix { $0 != UInt8(ascii: ":") }
  return String(decoding: host, as: UTF8.self)
}
