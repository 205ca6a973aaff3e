/// Why a connection never came about, as the I/O layer saw it.
public enum TransportFailure: Error, Equatable, Sendable {
  /// The name has no address; the resolver's words.
  case resolve(String)
  case refused(String)
  case timeout
  /// Which certificate, and why it was not accepted; or what else went wrong in the handshake.
  case tls(String)
  /// Another status than 101. The body may be empty where the I/O layer cannot know it.
  case http(status: Int, body: [UInt8])
  /// The owner's proxy did not connect us.
  case proxy(String)
  /// Somebody else answered, such as a captive portal.
  case intercepted(String)
  /// The owner's rules forbid to send a secret there without TLS.
  case clearText(String)
  case other(String)
}

/// What can go wrong with a room; `description` is one sentence that a technician can act on.
public enum Failure: Error, Equatable, Sendable {
  // Said before dialling.
  case badURL(String)
  case malformedToken(String)
  case alreadyJoined
  // Of dialling.
  case unknownHost(host: String, String)
  case connectionRefused(host: String, String)
  case timedOut(host: String)
  case tls(host: String, String)
  case unreachable(host: String, String)
  case proxy(String)
  case captivePortal(String)
  /// 401 and 403: the server judged this token.
  case notAllowed(TokenOrigin, status: Int, String)
  case roomDoesNotExist(String)
  /// 400 and other statuses that retrying does not change.
  case rejected(status: Int, String)
  /// 5xx, 408, 425, 429, and a 403 that is not the server's own.
  case serverUnavailable(status: Int, String)
  case notLiveKit(String)
  /// The state of the room does not fit in here.
  case roomTooLarge(bytesMax: Int)
  // Of a session.
  case noJoinResponse
  case signalLost(String)
  case pingTimeout
  case dismissed(DisconnectReason)
  case rejoinAsked(DisconnectReason)
  case resumeAsked(DisconnectReason)
  case mediaTimeout(String)
  /// Only relays may be used, and why none of them can.
  case noRelay(String)
  case mediaFailed(String)
  case negotiationTimeout
  case badDescription(String)
  case dataChannelClosed
  // Of a track.
  case publishNotAllowed(String)
  case publishRefused(String)
  case tooManyTracks
}
