import Base
import COpenSSL

/// Unpredictable numbers from OpenSSL's generator, which the operating system seeds. ICE credentials, SSRCs and
/// initial sequence numbers of a real device are drawn from here.
public final class SecureRandom: RandomSource {
  public init() {}

  public func nextUInt64() -> UInt64 {
    var word: UInt64 = 0
    let done = withUnsafeMutableBytes(of: &word) { RAND_bytes($0.baseAddress, 8) }
    // RAND_bytes fails only if the operating system cannot seed it; credentials that can be guessed are worse
    // than a restart by the supervisor.
    precondition(done == 1, "the operating system gives no random numbers")
    return word
  }
}
