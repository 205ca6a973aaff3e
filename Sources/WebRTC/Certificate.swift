/// Replaced by the room's real file: an ECDSA P-256 identity.
public struct Certificate {
  public init() {}
}
public enum SRTPProfile { case aeadAES256GCM, aeadAES128GCM, aes128CMSHA1 }
