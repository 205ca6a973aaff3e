/// Every bound of this room on what a network or a client can make grow.
public enum ReactorLimits {
  /// One read from a stream or one datagram; the buffer exists once in each loop.
  public static let readBufferBytes = 65_536
  /// Datagrams that wait because the kernel's buffer is full; those beyond are dropped and counted.
  public static let datagramsWaitingMax = 8
  /// The kernel's own buffer of a UDP socket, in which a datagram of voice takes about 1 kB.
  public static let datagramSendBufferBytes = 32_768
  /// Bytes that a client of the control socket may leave unread before it is cut off.
  public static let unixWriteQueueBytesMax = 1_048_576
  /// Clients that wait to be accepted; a Unix socket refuses those beyond (EAGAIN).
  public static let backlog: Int32 = 128
  /// Groups of one client of the control socket; of one with more only the first is known.
  public static let peerGroupsMax = 256
  /// Bytes that wait for a TCP peer before the connection is given up.
  public static let tcpWriteQueueBytesMax = 4_194_304
  /// Look-ups of names that are to be dialled; and beside them, of names that media asks for.
  public static let resolverQueriesMax = 16
  /// Addresses taken from one answer of the resolver.
  public static let resolverAddressesMax = 8
  /// Network addresses of this machine that are looked at.
  public static let interfaceAddressesMax = 256
  static let networkLinksMax = 256
  /// One read of a netlink socket; the kernel puts no more into one (netlink(7)).
  static let netlinkBytes = 32_768
  /// Reads of one answer, or in one turn.
  static let networkAnswersMax = 64
  /// A change of the network is told when nothing more has changed for this long, or after this long anyway.
  static let networkSettleMilliseconds = 100
  static let networkSettleMillisecondsMax = 1_000
  /// A sleep that is told of.
  static let sleepMillisecondsMin = 5_000
  /// One message from a WebSocket server, all its fragments together. It is in memory twice for a moment, and a room's
  /// state may hold 512 KiB of metadata for each participant.
  public static let webSocketMessageBytesMax = 8_388_608
  /// One message to a WebSocket server; LiveKit servers refuse more.
  public static let webSocketSendBytesMax = 2_097_152
  /// The status line and the headers of an HTTP response.
  public static let httpHeadBytesMax = 16_384
  /// Header fields of an HTTP response, or of a request to a server of ours.
  public static let httpHeaderFieldsMax = 64
  /// The body of an HTTP response unless the caller says otherwise.
  public static let httpBodyBytesMax = 262_144
  /// The body of a refused WebSocket upgrade, which is shown to a technician.
  public static let refusalBodyBytesMax = 4_096
  /// A URL that is to be dialled. A join request travels in the query, so this is generous.
  public static let urlBytesMax = 16_384
  /// Text about a certificate or from a server inside a failure.
  public static let failureTextBytesMax = 512
  /// Requests of one HTTP client at a time.
  public static let httpRequestsMax = 28
  /// The request line and the headers of a request to a server of ours. A webhook brings a web token along.
  public static let httpServerHeadBytesMax = 8_192
  /// The body of a request to a server of ours.
  public static let httpServerBodyBytesMax = 262_144
  /// What all clients of one server of ours have sent of requests that are not whole yet. Without it each of them
  /// could have a body half sent, which together is more than the program may have.
  public static let httpServerRequestsBytesMax = 1_048_576
  /// Clients of one server of ours.
  public static let httpServerClientsMax = 32
  /// A client of ours has this long to send its request, and again to take its answer.
  public static let httpServerRequestMilliseconds = 5_000
  /// How long an answer may take, for somebody else may have to be asked first.
  public static let httpServerAnswerMilliseconds = 20_000
  /// A client that has sent no request yet loses its place to the next one no sooner than this.
  public static let httpServerGraceMilliseconds = 500
  /// An address that could not be listened on is tried again after this.
  public static let httpServerRetryMilliseconds = 5_000
  /// From the call to an open connection, unless the caller says otherwise.
  public static let connectTimeoutMilliseconds = 15_000
  /// A name server may take this long before the address that was good last is tried.
  public static let nameServerMilliseconds = 1_000
  /// Names whose last good address is kept, and for how long.
  public static let rememberedNamesMax = 16
  public static let rememberedNameMilliseconds = 86_400_000
  /// Hosts whose TLS sessions are kept to be resumed, one each.
  public static let tlsSessionsMax = 8
  /// A close handshake that is not answered ends after this.
  public static let closeTimeoutMilliseconds = 2_000
}
