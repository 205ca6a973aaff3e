/// A protection profile of SRTP as DTLS negotiates it (RFC 5764 §4.1.2, RFC 7714 §14.2).
public enum SRTPProfile: Sendable, Equatable { case aeadAES256GCM, aeadAES128GCM, aes128CMSHA1 }

extension SRTPProfile {
  var keyBytes: Int { self == .aeadAES256GCM ? 32 : 16 }
  var saltBytes: Int { self == .aes128CMSHA1 ? 14 : 12 }
  /// Bytes that protection appends to an RTP packet.
  var tagBytes: Int { self == .aes128CMSHA1 ? 10 : 16 }

  /// OpenSSL's name for SSL_set_tlsext_use_srtp.
  var openSSLName: String {
    switch self {
    case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    case .aes128CMSHA1: "SRTP_AES128_CM_SHA1_80"
    }
  }

  /// From the number of the use_srtp extension.
  init?(identifier: UInt) {
    switch identifier {
    case 0x0001: self = .aes128CMSHA1
    case 0x0007: self = .aeadAES128GCM
    case 0x0008: self = .aeadAES256GCM
    default: return nil
    }
  }
}

/// One direction's master key and salt (RFC 3711 §3.2.1).
struct SRTPMasterKey: Equatable, Sendable {
  var key: [UInt8]
  var salt: [UInt8]
}
