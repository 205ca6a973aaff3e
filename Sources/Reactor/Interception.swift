import Base

/// Whether somebody else answered for a host, and with what: the end of a sentence, or nil. Pure.
///
/// With TLS only the host itself can answer, or the certificate is wrong and says so.
///
/// | answer | somebody else's |
/// |---|---|
/// | 511 (RFC 6585 §6) | yes |
/// | without TLS, a redirection to another host | yes |
/// | without TLS, a 2xx with a web page | yes: who asks here never asks for one |
/// | anything else | no |
func interception(_ head: HTTPResponseHead, body: [UInt8], of address: WebAddress) -> String? {
  let status = "(HTTP \(head.status))"
  if head.status == 511 { return "the network wants somebody to sign in \(status)" }
  guard !address.isSecure else { return nil }
  if (300..<400).contains(head.status), let location = head.value(of: "location"),
    let place = try? WebAddress(location), !equalsIgnoringCase(place.host, address.host)
  {
    return "it redirects to \(place.hostAndPort) \(status)"
  }
  guard (200..<300).contains(head.status), isPage(head, body) else { return nil }
  return "it sent a web page \(status)"
}

private func isPage(_ head: HTTPResponseHead, _ body: [UInt8]) -> Bool {
  let kind = head.value(of: "content-type")?.utf8.prefix(9).map { lowercased($0) } ?? []
  return kind.spells("text/html") && body.first(where: { $0 > 0x20 }) == UInt8(ascii: "<")
}
