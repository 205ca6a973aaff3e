import Base
import JSON

/// A telephone call that the bridge makes: CreateSIPParticipant, whose fields these are.
public struct SIPCall: Equatable, Sendable {
  public var trunkID: String?
  /// In place of a stored trunk.
  public var trunk: Trunk?
  /// The caller's number.
  public var number: String?
  /// A number or a user, without `@`.
  public var callTo: String
  public var toUserOverride: String?
  public var roomName: String
  /// Without one the bridge makes it of the number, which tells it to the whole room.
  public var participantIdentity: String
  public var participantName: String?
  public var participantMetadata: String?
  public var participantAttributes: [(name: String, value: String)] = []
  public var keys: String?
  public var playDialtone = false
  public var hidePhoneNumber = false
  /// nil: the number is shown; empty: no name is sent.
  public var displayName: String?
  public var ringingTimeoutSeconds: Int?
  /// 0 is the bridge's own limit of a day.
  public var maxCallDurationSeconds = 0
  public var krispEnabled = false
  public var headers: [(name: String, value: String)] = []
  public var includeHeaders: HeaderOptions?
  public var media: Media?
  public var waitUntilAnswered = false
  public var destination: Destination?
  public var requestURI: String?
  public var fromHeader: NamedAddress?

  public enum HeaderOptions: String, Sendable {
    case none = "SIP_NO_HEADERS"
    case extensions = "SIP_X_HEADERS"
    case all = "SIP_ALL_HEADERS"
  }

  public struct Trunk: Equatable, Sendable {
    public var hostname: String
    public var transport: String?
    public var username: String?
    public var password: String?
    public var fromHost: String?
    public var destinationCountry: String?

    public init(hostname: String) { self.hostname = hostname }
  }

  public struct Media: Equatable, Sendable {
    /// `SIP_MEDIA_ENCRYPT_DISABLE`, `_ALLOW` or `_REQUIRE`.
    public var encryption: String?
    public var timeoutSeconds: Int?
    public var onlyListedCodecs = false
    public var codecs: [(name: String, rate: Int)] = []

    public init() {}

    public static func == (one: Media, other: Media) -> Bool { one.json == other.json }
  }

  public struct Destination: Equatable, Sendable {
    public var city: String?
    public var country: String?
    public var region: String?

    public init() {}
  }

  public struct NamedAddress: Equatable, Sendable {
    public var raw: String
    public var displayName: String?

    public init(raw: String) { self.raw = raw }
  }

  public init(callTo: String, roomName: String, participantIdentity: String) {
    self.callTo = callTo
    self.roomName = roomName
    self.participantIdentity = participantIdentity
  }

  public static func == (one: SIPCall, other: SIPCall) -> Bool { one.members == other.members }

  /// Throws what the server would refuse, naming the field.
  public func request() throws(TelephonyFault) -> APIRequest {
    try checkCall()
    let ring = ringingTimeoutSeconds ?? 30
    let waits = waitUntilAnswered ? ring * 1000 + TelephonyLimits.ringGraceMilliseconds : nil
    return APIRequest(
      "SIP", "CreateSIPParticipant", members, .call,
      timeoutMilliseconds: waits ?? TelephonyLimits.answerMilliseconds, mayRing: true)
  }

  private var members: [JSONValue.Member] {
    let ring = ringingTimeoutSeconds ?? (waitUntilAnswered ? 30 : nil)
    return [
      .init("sip_trunk_id", filled(trunkID)), .init("trunk", trunk?.json ?? .null),
      .init("sip_number", filled(number)), .init("sip_call_to", .string(callTo)),
      .init("to_user_override", filled(toUserOverride)), .init("room_name", .string(roomName)),
      .init("participant_identity", filled(participantIdentity)),
      .init("participant_name", filled(participantName)),
      .init("participant_metadata", filled(participantMetadata)),
      .init("participant_attributes", map(participantAttributes)), .init("dtmf", filled(keys)),
      .init("play_dialtone", yes(playDialtone)), .init("hide_phone_number", yes(hidePhoneNumber)),
      // Empty and absent are two things here.
      .init("display_name", .text(displayName)), .init("ringing_timeout", ring.map { duration($0) } ?? .null),
      .init("max_call_duration", maxCallDurationSeconds > 0 ? duration(maxCallDurationSeconds) : .null),
      .init("krisp_enabled", yes(krispEnabled)), .init("headers", map(headers)),
      .init("include_headers", .text(includeHeaders?.rawValue)), .init("media", media?.json ?? .null),
      .init("wait_until_answered", yes(waitUntilAnswered)), .init("destination", destination?.json ?? .null),
      .init("sip_request_uri", requestURI.map { .object([.init("raw", .string($0))]) } ?? .null),
      .init("sip_from_header", fromHeader?.json ?? .null),
    ].filter { !$0.value.isNull }
  }

  private func checkCall() throws(TelephonyFault) {
    guard !roomName.utf8.isEmpty else { throw .init("room_name", "is missing") }
    guard !callTo.utf8.isEmpty else { throw .init("sip_call_to", "is missing") }
    guard !callTo.utf8.contains(UInt8(ascii: "@")) else {
      throw .init("sip_call_to", "has an @: write the number or user alone, its host is the trunk's")
    }
    guard trunkID != nil || trunk != nil || number != nil else {
      throw .init("sip_trunk_id", "is missing: set [phone] trunk")
    }
    if let displayName {
      guard displayName.utf8.count <= 128 else { throw .init("display_name", "is longer than 128 bytes") }
      for byte in displayName.utf8 where byte == 0x22 || byte == 0x5C || byte < 0x20 || byte == 0x7F {
        throw .init("display_name", "has a quote, a backslash or a control character in it")
      }
    }
    if let keys { try checkKeys(keys) }
    for header in headers { try checkHeader(header) }
    if let destination, destination.city != nil, destination.country == nil, destination.region == nil {
      throw .init("destination", "has a city, but neither a country nor a region")
    }
  }
}

/// A field that the server would refuse, and why.
public struct TelephonyFault: Error, Equatable, Sendable {
  public let field: String
  public let why: String

  init(_ field: String, _ why: String) {
    self.field = field
    self.why = why
  }

  public var words: String { "\(field) \(why)" }
}

/// What the bridge plays for a key; for anything else it is silent for half a second, and says nothing.
func checkKeys(_ keys: String) throws(TelephonyFault) {
  guard keys.utf8.count <= 64 else { throw .init("dtmf", "has more than 64 keys") }
  for byte in keys.utf8 where !"0123456789*#abcdw".utf8.contains(byte) {
    throw .init("dtmf", "has a key that there is not; they are 0-9, *, #, a-d, and w for half a second")
  }
}

/// Headers that the bridge writes itself are refused, and what is no token (RFC 3261 §25.1).
func checkHeader(_ header: (name: String, value: String)) throws(TelephonyFault) {
  let name = header.name.utf8
  guard (1...255).contains(name.count) else { throw .init("headers", "has a name of \(name.count) bytes") }
  for byte in name where !isLetterOrDigit(byte) && !"-.!%*_+`'~".utf8.contains(byte) {
    throw .init("headers", "has a name with a character that a header's name may not have")
  }
  let own = [
    "accept", "accept-encoding", "accept-language", "allow", "allow-events", "call-id", "contact",
    "content-encoding", "content-length", "content-type", "cseq", "event", "expires", "from", "max-forwards",
    "record-route", "refer-to", "reply-to", "to", "via", "k", "l", "m", "o", "r", "t", "u", "v",
  ]
  let small = name.map { lowercased($0) }
  for one in own where small.elementsEqual(one.utf8) {
    throw .init("headers", "has \(header.name), which the bridge writes itself")
  }
  guard header.value.utf8.count <= 1024 else { throw .init("headers", "has a value of more than 1024 bytes") }
  for byte in header.value.utf8 where (byte < 0x20 && byte != 0x09) || byte == 0x7F {
    throw .init("headers", "has a value with a control character in it")
  }
}

extension SIPCall.Trunk {
  fileprivate var json: JSONValue {
    .object(
      [
        .init("hostname", .string(hostname)), .init("transport", filled(transport)),
        .init("auth_username", filled(username)), .init("auth_password", filled(password)),
        .init("destination_country", filled(destinationCountry)), .init("from_host", filled(fromHost)),
      ].filter { !$0.value.isNull })
  }
}

extension SIPCall.Media {
  fileprivate var json: JSONValue {
    let list: [JSONValue] = codecs.map {
      .object([.init("name", .string($0.name)), .init("rate", .number($0.rate))])
    }
    return .object(
      [
        .init("only_listed_codecs", yes(onlyListedCodecs)),
        .init("codecs", list.isEmpty ? .null : .array(list)),
        .init("encryption", filled(encryption)),
        .init("media_timeout", timeoutSeconds.map { duration($0) } ?? .null),
      ].filter { !$0.value.isNull })
  }
}

extension SIPCall.Destination {
  fileprivate var json: JSONValue {
    .object(
      [
        .init("city", filled(city)), .init("country", filled(country)), .init("region", filled(region)),
      ].filter { !$0.value.isNull })
  }
}

extension SIPCall.NamedAddress {
  fileprivate var json: JSONValue {
    .object(
      [.init("raw", .string(raw)), .init("display_name", .text(displayName))].filter { !$0.value.isNull })
  }
}
