import Base

extension Failure: CustomStringConvertible {
  /// One sentence without the final full stop, never with a token in it.
  public var description: String {
    switch self {
    case .badURL(let why): "the server's URL is wrong: \(why)"
    case .malformedToken(let why): "the access token is malformed: \(why)"
    case .alreadyJoined: "a room is already joined; leave it first"
    case .unknownHost(let host, let why): "the host name of \(host) was not found" + appended(why)
    case .connectionRefused(let host, let why): "\(host) refused the connection" + appended(why)
    case .timedOut(let host): "\(host) did not answer in time"
    case .tls(let host, let why): "TLS with \(host) failed: \(why)"
    case .unreachable(let host, let why): "\(host) cannot be reached: \(why)"
    case .proxy(let words), .captivePortal(let words): words
    case .notAllowed(_, let status, let words):
      "the server does not let us in (HTTP \(status))" + appended(words)
    case .roomDoesNotExist(let words): "the room does not exist (HTTP 404)" + appended(words)
    case .rejected(let status, let words): "the server rejects the request (HTTP \(status))" + appended(words)
    case .serverUnavailable(let status, let words):
      "the server cannot take us now (HTTP \(status))" + appended(words)
    case .notLiveKit(let why): "there is no LiveKit server at this address: \(why)"
    case .roomTooLarge(let max):
      "the server's description of the room has more than \(max) bytes; do its participants have much metadata?"
    case .noJoinResponse: "the server opened the connection but sent no JoinResponse within 5 s"
    case .signalLost(let why): "the connection to the server was lost" + appended(why)
    case .pingTimeout: "the server stopped answering pings"
    case .dismissed(let reason): "the server ended the session: \(reason.words)"
    case .rejoinAsked(let reason): "the server asked to join again: \(reason.words)"
    case .resumeAsked(let reason): "the server asked to connect again: \(reason.words)"
    case .mediaTimeout(let peer):
      "no media path to the server within the time allowed (\(peer)); is UDP blocked?"
    case .noRelay(let why): "sound may go through TURN servers only, and there is none to be had: \(why)"
    case .mediaFailed(let why): "the media connection failed: \(why)"
    case .negotiationTimeout: "the server did not answer our offer within 10 s"
    case .badDescription(let why): "the server's session description cannot be used: \(why)"
    case .dataChannelClosed:
      "the server closed the data channel, as after a packet that is too long: only joining again opens it"
    case .publishNotAllowed(let words): "publishing is not allowed" + appended(words)
    case .publishRefused(let words): "the server refused the track" + appended(words)
    case .tooManyTracks: "no more local tracks can be published"
    }
  }

  private func appended(_ words: String) -> String { words.isEmpty ? "" : ": " + words }

  /// For programs; stable over versions.
  public var code: String {
    switch self {
    case .badURL: "bad-url"
    case .malformedToken: "malformed-token"
    case .alreadyJoined: "already-joined"
    case .unknownHost: "unknown-host"
    case .connectionRefused: "connection-refused"
    case .timedOut: "timed-out"
    case .tls: "tls"
    case .unreachable: "unreachable"
    case .proxy: "proxy"
    case .captivePortal: "captive-portal"
    case .notAllowed: "not-allowed"
    case .roomDoesNotExist: "room-does-not-exist"
    case .rejected: "rejected"
    case .serverUnavailable: "server-unavailable"
    case .notLiveKit: "not-livekit"
    case .roomTooLarge: "room-too-large"
    case .noJoinResponse: "no-join-response"
    case .signalLost: "signal-lost"
    case .pingTimeout: "ping-timeout"
    case .dismissed(let reason): "dismissed-" + reason.code
    case .rejoinAsked: "rejoin-asked"
    case .resumeAsked: "resume-asked"
    case .mediaTimeout: "media-timeout"
    case .noRelay: "no-relay"
    case .mediaFailed: "media-failed"
    case .negotiationTimeout: "negotiation-timeout"
    case .badDescription: "bad-description"
    case .dataChannelClosed: "data-channel-closed"
    case .publishNotAllowed: "publish-not-allowed"
    case .publishRefused: "publish-refused"
    case .tooManyTracks: "too-many-tracks"
    }
  }

  /// Whether the room tries again by itself.
  public var isRetriable: Bool { retryPace != .never }
}

extension DisconnectReason {
  /// A clause for people.
  public var words: String {
    switch self {
    case .unknown: "no reason was given"
    case .clientInitiated: "it left"
    case .duplicateIdentity: "another participant joined with the same identity"
    case .serverShutdown: "the server is shutting down"
    case .participantRemoved: "the participant was removed from the room"
    case .roomDeleted: "the room was deleted"
    case .stateMismatch: "server and client disagree about the session"
    case .joinFailure: "joining did not finish"
    case .migration: "the session moves to another server"
    case .signalClose: "the signalling connection closed"
    case .roomClosed: "the room was closed"
    case .userUnavailable: "the user is not available"
    case .userRejected: "the user rejected the call"
    case .sipTrunkFailure: "the SIP trunk failed"
    case .connectionTimeout: "the media connection timed out"
    case .mediaFailure: "the media failed"
    case .agentError: "the agent failed"
    }
  }

  var code: String {
    switch self {
    case .unknown: "unknown"
    case .clientInitiated: "client-initiated"
    case .duplicateIdentity: "duplicate-identity"
    case .serverShutdown: "server-shutdown"
    case .participantRemoved: "participant-removed"
    case .roomDeleted: "room-deleted"
    case .stateMismatch: "state-mismatch"
    case .joinFailure: "join-failure"
    case .migration: "migration"
    case .signalClose: "signal-close"
    case .roomClosed: "room-closed"
    case .userUnavailable: "user-unavailable"
    case .userRejected: "user-rejected"
    case .sipTrunkFailure: "sip-trunk-failure"
    case .connectionTimeout: "connection-timeout"
    case .mediaFailure: "media-failure"
    case .agentError: "agent-error"
    }
  }
}
