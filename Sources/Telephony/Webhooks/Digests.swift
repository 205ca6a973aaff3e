import COpenSSL

/// HMAC-SHA1 (RFC 2104), with which Twilio signs. Empty if the library refuses, which equals no signature.
func hmacSHA1(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    var length: UInt32 = 0
    let done = HMAC(
      EVP_sha1(), key, Int32(key.count), message, message.count, buffer.baseAddress, &length)
    count = done == nil ? 0 : Int(length)
  }
}

/// SHA-256 (FIPS 180-4). Empty if the library refuses.
func sha256(_ message: [UInt8]) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
    var length: UInt32 = 0
    let done = EVP_Digest(message, message.count, buffer.baseAddress, &length, EVP_sha256(), nil)
    count = done == 1 ? Int(length) : 0
  }
}

/// Whether two secrets are the same, in a time that does not tell where they differ. Nothing equals nothing: an empty
/// one is a secret that nobody set.
func areSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
  guard one.count == other.count, !one.isEmpty else { return false }
  var difference: UInt8 = 0
  for index in one.indices { difference |= one[index] ^ other[index] }
  return difference == 0
}
