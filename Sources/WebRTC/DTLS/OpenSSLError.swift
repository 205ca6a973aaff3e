import COpenSSL

/// OpenSSL keeps its errors in a queue per thread that every caller shares: it is cleared before a call and read
/// after it, or the words of an older failure would be taken for the present one.
enum OpenSSLError {
  /// The reason of the oldest queued error, in OpenSSL's words; empties the queue.
  static func takeWords() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "no reason given" }
    return String(cString: reason)
  }
}
