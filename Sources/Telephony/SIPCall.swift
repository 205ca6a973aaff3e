import JSON

/// A telephone call that the bridge makes: CreateSIPParticipant, whose fields these are, all of them.
public struct SIPCall: Equatable, Sendable {
  /// An outbound trunk of the server, `ST_...`.
  public var trunkID: String?
  /// In place of a stored trunk; where both are there the server takes the stored one.
  public var trunk: Trunk?
  /// The caller's number; without one it is one of the trunk's.
  public var number: String?
  /// A number or a user, without `@`.
  public var callTo: String
  /// The user of the To header, where it is not who is called.
  public var toUserOverride: String?
  public var roomName: String
  /// Without one the bridge makes it of the number, which tells it to the whole room. It is what a ringing call is
  /// stopped by, and whoever has it already is thrown out of the room.
  public var participantIdentity: String
  public var participantName: String?
  public var participantMetadata: String?
  public var participantAttributes: [(name: String, value: String)] = []
  /// `dtmf`: keys that are dialled when somebody has answered, 0-9 * # a-d, and w for half a second.
  public var keys: String?
  /// The old name of `playDialtone`.
  public var playRingtone = false
  /// While it rings the room hears a ringing tone, which is twice as loud as speech.
  public var playDialtone = false
  /// Whether the number is kept from the room.
  public var hidePhoneNumber = false
  /// nil: the number is shown; empty: no name is sent.
  public var displayName: String?
  public var ringingTimeoutSeconds: Int?
  /// From the request on, not from the answer. 0 is the bridge's own limit of a day.
  public var maxCallDurationSeconds = 0
  /// LiveKit Cloud alone does it.
  public var krispEnabled = false
  /// Of the INVITE, over those of the trunk.
  public var headers: [(name: String, value: String)] = []
  /// Which headers of the answer become attributes.
  public var includeHeaders: HeaderOptions?
  /// The old place of `media.encryption`.
  public var mediaEncryption: MediaEncryption?
  public var media: Media?
  /// The request is answered when somebody has answered, or failed. Only then busy and refused are told apart.
  public var waitUntilAnswered = false
  /// Where the callee is, for the choice of a region. An empty one is sent, too.
  public var destination: Destination?
  public var requestURI: Address?
  /// The server has it, and refuses it beside `callTo`.
  public var toHeader: NamedAddress?
  public var fromHeader: NamedAddress?

  public init(callTo: String, roomName: String, participantIdentity: String) {
    self.callTo = callTo
    self.roomName = roomName
    self.participantIdentity = participantIdentity
  }

  public static func == (one: SIPCall, other: SIPCall) -> Bool { one.members == other.members }

  /// Throws what the server would refuse, naming the field.
  public func request() throws(TelephonyFault) -> APIRequest {
    try check()
    return APIRequest(
      "SIP", "CreateSIPParticipant", members, .call,
      timeoutMilliseconds: waitUntilAnswered
        ? APIRequest.ringMilliseconds(ringingTimeoutSeconds, keys: keys) : TelephonyLimits.answerMilliseconds,
      mayRing: true)
  }

  /// What is waited for has an end, and both sides know which.
  private var ringSeconds: Int? {
    ringingTimeoutSeconds ?? (waitUntilAnswered ? TelephonyLimits.ringSecondsDefault : nil)
  }

  private var members: [JSONValue.Member] { callee + participant + ringing + form }

  private var callee: [JSONValue.Member] {
    [
      .init("sip_trunk_id", filled(trunkID)), .init("trunk", trunk?.json ?? .null),
      .init("sip_number", filled(number.map { PhoneNumber.withoutSeparators($0) })),
      // The bridge sends it as it stands, and a blank in an address is a fault to carriers.
      .init("sip_call_to", .string(PhoneNumber.withoutSeparators(callTo))),
      .init("to_user_override", filled(toUserOverride)),
    ]
  }

  private var participant: [JSONValue.Member] {
    [
      .init("room_name", .string(roomName)), .init("participant_identity", filled(participantIdentity)),
      .init("participant_name", filled(participantName)),
      .init("participant_metadata", filled(participantMetadata)),
      .init("participant_attributes", map(participantAttributes)),
    ]
  }

  private var ringing: [JSONValue.Member] {
    [
      .init("dtmf", filled(keys)), .init("play_ringtone", yes(playRingtone)),
      .init("play_dialtone", yes(playDialtone)), .init("hide_phone_number", yes(hidePhoneNumber)),
      // Empty and absent are two things here.
      .init("display_name", .text(displayName)), .init("ringing_timeout", duration(ringSeconds)),
      .init("max_call_duration", maxCallDurationSeconds == 0 ? .null : duration(maxCallDurationSeconds)),
    ]
  }

  private var form: [JSONValue.Member] {
    [
      .init("krisp_enabled", yes(krispEnabled)), .init("headers", map(headers)),
      .init("include_headers", .text(includeHeaders?.rawValue)),
      .init("media_encryption", .text(mediaEncryption?.rawValue)), .init("media", media?.json ?? .null),
      .init("wait_until_answered", yes(waitUntilAnswered)), .init("destination", destination?.json ?? .null),
      .init("sip_request_uri", requestURI?.json ?? .null), .init("sip_to_header", toHeader?.json ?? .null),
      .init("sip_from_header", fromHeader?.json ?? .null),
    ]
  }
}
