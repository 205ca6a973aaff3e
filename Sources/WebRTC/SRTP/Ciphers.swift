import COpenSSL

// OpenSSL contexts that are made once with their key and restarted for each packet with its IV: nothing is fetched
// or allocated while media flows.

/// AES in counter mode, with a 16-byte IV whose last two bytes count blocks (RFC 3711 §4.1.1).
final class CounterModeCipher {
  private let context: OpaquePointer

  /// A key of 16 or 32 bytes.
  init(key: [UInt8]) throws(SRTPFailure) {
    ERR_clear_error()
    guard let context = EVP_CIPHER_CTX_new() else { throw .cipher(OpenSSLError.takeWords()) }
    self.context = context
    let cipher = key.count == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr()
    guard EVP_EncryptInit_ex(context, cipher, nil, key, nil) == 1 else {
      throw .cipher(OpenSSLError.takeWords())
    }
  }

  deinit { EVP_CIPHER_CTX_free(context) }

  /// Encrypts or decrypts in place.
  func apply(iv: [UInt8], to bytes: UnsafeMutableBufferPointer<UInt8>) throws(SRTPFailure) {
    var written: CInt = 0
    guard EVP_EncryptInit_ex(context, nil, nil, nil, iv) == 1,
      EVP_EncryptUpdate(context, bytes.baseAddress, &written, bytes.baseAddress, CInt(bytes.count)) == 1
    else { throw .cipher(OpenSSLError.takeWords()) }
  }
}

/// AES in Galois/counter mode with a 12-byte IV and a 16-byte tag (RFC 7714 §8, §9), for one direction. Whoever encrypts
/// from end to end uses the same.
package final class GaloisCipher {
  private let context: OpaquePointer

  /// A key of 16 or 32 bytes.
  init(key: [UInt8], encrypts: Bool) throws(SRTPFailure) {
    ERR_clear_error()
    guard let context = EVP_CIPHER_CTX_new() else { throw .cipher(OpenSSLError.takeWords()) }
    self.context = context
    let cipher = key.count == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm()
    guard EVP_CipherInit_ex(context, cipher, nil, key, nil, encrypts ? 1 : 0) == 1 else {
      throw .cipher(OpenSSLError.takeWords())
    }
  }

  deinit { EVP_CIPHER_CTX_free(context) }

  /// Encrypts `text` in place and writes the tag.
  func seal(
    iv: [UInt8], associated: [UnsafeRawBufferPointer], text: UnsafeMutableBufferPointer<UInt8>,
    tag: UnsafeMutableRawBufferPointer
  ) throws(SRTPFailure) {
    guard lintel_GCM_start(context, iv, nil) == 1, run(associated: associated, text: text), finish(),
      lintel_GCM_tag(context, tag.bindMemory(to: UInt8.self).baseAddress) == 1
    else { throw .cipher(OpenSSLError.takeWords()) }
  }

  /// Decrypts `text` in place. If this throws, `text` is rubbish.
  func open(
    iv: [UInt8], associated: [UnsafeRawBufferPointer], text: UnsafeMutableBufferPointer<UInt8>,
    tag: UnsafeMutableRawBufferPointer
  ) throws(SRTPFailure) {
    guard lintel_GCM_start(context, iv, tag.bindMemory(to: UInt8.self).baseAddress) == 1,
      run(associated: associated, text: text)
    else { throw .cipher(OpenSSLError.takeWords()) }
    guard finish() else { throw .authentication }
  }

  private func run(
    associated: [UnsafeRawBufferPointer], text: UnsafeMutableBufferPointer<UInt8>
  ) -> Bool {
    var written: CInt = 0
    for part in associated {
      let bytes = part.bindMemory(to: UInt8.self)
      guard EVP_CipherUpdate(context, nil, &written, bytes.baseAddress, CInt(bytes.count)) == 1 else {
        return false
      }
    }
    // A null output would mean more associated data to OpenSSL.
    guard !text.isEmpty else { return true }
    return EVP_CipherUpdate(context, text.baseAddress, &written, text.baseAddress, CInt(text.count)) == 1
  }

  /// nil if OpenSSL refuses the key, of 16 or 32 bytes.
  package static func make(key: [UInt8], encrypts: Bool) -> GaloisCipher? {
    try? GaloisCipher(key: key, encrypts: encrypts)
  }

  package static let ivBytes = 12
  package static let tagBytes = 16

  /// Encrypts or decrypts from one place to another: 12 bytes of IV, at most one byte of what is authenticated only, and
  /// a tag of 16 bytes that is written or checked. Allocates nothing. If it answers false, `output` is rubbish.
  package func run(
    iv: UnsafePointer<UInt8>, clear: UnsafePointer<UInt8>?, input: UnsafePointer<UInt8>, count: Int,
    output: UnsafeMutablePointer<UInt8>, tag: UnsafeMutablePointer<UInt8>, encrypts: Bool
  ) -> Bool {
    var written: CInt = 0
    let update = encrypts ? EVP_EncryptUpdate : EVP_DecryptUpdate
    guard lintel_GCM_start(context, iv, encrypts ? nil : tag) == 1 else { return false }
    if let clear, update(context, nil, &written, clear, 1) != 1 { return false }
    if count > 0, update(context, output, &written, input, CInt(count)) != 1 { return false }
    return finish() && (!encrypts || lintel_GCM_tag(context, tag) == 1)
  }

  private func finish() -> Bool {
    var written: CInt = 0
    var nothing: (UInt64, UInt64) = (0, 0)
    return withUnsafeMutableBytes(of: &nothing) {
      EVP_CipherFinal_ex(context, $0.bindMemory(to: UInt8.self).baseAddress, &written) == 1
    }
  }
}

/// HMAC-SHA1, cut to the 80 bits that SRTP carries (RFC 3711 §4.2.1).
final class Authenticator {
  static let tagBytes = 10
  private let context: OpaquePointer

  init(key: [UInt8]) throws(SRTPFailure) {
    ERR_clear_error()
    guard let context = lintel_HMAC_SHA1_new(key, key.count) else {
      throw .cipher(OpenSSLError.takeWords())
    }
    self.context = context
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// The tag over `message`, followed by the roll-over counter if there is one.
  func tag(_ message: UnsafeRawBufferPointer, rollOver: UInt32?) throws(SRTPFailure) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: 20)
    var count = 0
    let bytes = message.bindMemory(to: UInt8.self)
    var done =
      EVP_MAC_init(context, nil, 0, nil) == 1
      && EVP_MAC_update(context, bytes.baseAddress, bytes.count) == 1
    if let rollOver {
      var networkOrder = rollOver.bigEndian
      done =
        done
        && withUnsafeBytes(of: &networkOrder) {
          EVP_MAC_update(context, $0.bindMemory(to: UInt8.self).baseAddress, 4) == 1
        }
    }
    guard done, EVP_MAC_final(context, &tag, &count, tag.count) == 1 else {
      throw .cipher(OpenSSLError.takeWords())
    }
    tag.removeLast(tag.count - Authenticator.tagBytes)
    return tag
  }

  /// In constant time: how much of a forged tag matches must not show.
  func verify(
    _ tag: UnsafeRawBufferPointer, of message: UnsafeRawBufferPointer, rollOver: UInt32?
  ) throws(SRTPFailure) {
    let expected = try self.tag(message, rollOver: rollOver)
    guard CRYPTO_memcmp(expected, tag.baseAddress, expected.count) == 0 else { throw .authentication }
  }
}
