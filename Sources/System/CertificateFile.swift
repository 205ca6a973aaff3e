import Base

/// What is wrong with a file of certificates in PEM (RFC 7468), as the end of the sentence that begins with its path;
/// nil if each certificate in it is whole. What they say is for the TLS library.
func certificateFault(_ bytes: [UInt8]) -> String? {
  guard bytes.first != 0x30 else {
    return "is in DER, but PEM is wanted: openssl x509 -inform der -in FILE -out FILE.pem"
  }
  var count = 0
  var body: [UInt8]?
  for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
    let line = withoutInvisible(line)
    if line.spells("-----BEGIN CERTIFICATE-----") {
      guard body == nil else { break }
      body = []
      count += 1
    } else if line.spells("-----END CERTIFICATE-----") {
      guard let text = body, let der = Base64.decode(text), isSequence(der) else {
        return "holds a certificate that is damaged, number \(count)"
      }
      body = nil
    } else {
      body?.append(contentsOf: line)
    }
  }
  if body != nil { return "holds a certificate that does not end, number \(count)" }
  return count > 0 ? nil : "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
}

/// One DER SEQUENCE, its length as long as the bytes (X.690 §8.1.3).
private func isSequence(_ der: [UInt8]) -> Bool {
  guard der.count > 4, der[0] == 0x30 else { return false }
  if der[1] < 0x80 { return der.count == Int(der[1]) + 2 }
  let lengthBytes = Int(der[1] & 0x7F)
  guard (1...3).contains(lengthBytes) else { return false }
  var length = 0
  for byte in der[2..<(2 + lengthBytes)] { length = length << 8 | Int(byte) }
  return der.count == 2 + lengthBytes + length
}
