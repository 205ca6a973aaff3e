import Base

extension Keys {
  static let phoneKeys: [Key] =
    [
      Key(
        "call.plan",
        "Whom a call rings, and who is next if nobody answers; unset waits for whoever is in the room",
        Kind(
          DialPlan.legal, { $1(&$0.call.plan) },
          read: { (text: String, _: String) throws(ValueFault) in try DialPlan(parsing: text) },
          spell: { $0.text })),
      .choice(
        "call.keypad",
        "Whose the digits of the keypad are: directory dials an entry (ended by #, * takes back), room sends them into "
          + "the room, door takes them as its code; auto is the door's where [door] dtmf-allow has keypad, else the room's",
        { $1(&$0.call.keypad) }),
      .choice(
        "phone.via",
        "Who holds the right to dial: device is its API key or its room token, endpoint a server of yours",
        { $1(&$0.phone.via) }),
      .optional(
        "phone.endpoint", "via = endpoint: what the server API's requests are sent to, by POST", .endpoint,
        { $1(&$0.phone.endpoint) }),
      .optional(
        "phone.bearer-file",
        "The file with what that endpoint knows this device by (mode 0600); unset is the credential phone-bearer, if "
          + "there is one", .path, { $1(&$0.phone.bearerFile) }),
      .optional("phone.trunk", "The outbound SIP trunk, ST_...", .name, { $1(&$0.phone.trunk) }),
      .optional(
        "phone.number", "The number that is shown, if the trunk has several", .phoneNumber,
        { $1(&$0.phone.number) }),
      displayName,
      .flag(
        "phone.hide-number", "Whether the number that is called is kept from the others in the room", .yesNo,
        { $1(&$0.phone.hidesNumber) }),
      .choice(
        "phone.encryption", "Whether the sound to the carrier is encrypted (SRTP)",
        { $1(&$0.phone.encryption) }),
      .number(
        "phone.ring-timeout", "How long somebody is rung who is dialled by hand",
        ConfigurationLimits.ringSeconds,
        unit: "s", { $1(&$0.phone.ringSeconds) }),
      .number(
        "phone.max-duration", "How long a telephone call may be", 0...86_400, unit: "s",
        note: "; 0 is no limit",
        { $1(&$0.phone.maxDurationSeconds) }),
      .flag(
        "phone.dial-tone",
        "Whether the bridge plays a dial tone into the room while it rings, beside this device's own",
        .yesNo, { $1(&$0.phone.dialTone) }),
      .optional(
        "phone.dtmf-after-answer",
        "Keys that are sent when somebody answers: 0-9, *, #, a-d, and w for half a second",
        .phoneKeys, { $1(&$0.phone.keysAfterAnswer) }),
    ] + connectorKeys + ringKeys

  private static let displayName: Key = {
    var kind = Kind(
      "a text of at most 128 bytes without quotes, or nothing: then no name is sent; leave the line away to show the "
        + "number", { $1(&$0.phone.displayName) },
      read: { (text: String, folder: String) throws(ValueFault) -> String? in
        guard !text.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C }) else {
          throw ValueFault(why: "has a quote or a backslash in it")
        }
        return try TextRule.title.check(text, folder)
      },
      spell: { $0 ?? "" })
    kind.isAbsent = { $0.phone.displayName == nil }
    kind.remove = { $0.phone.displayName = nil }
    return Key("phone.display-name", "The name that is shown at the callee", kind)
  }()

  private static let connectorKeys: [Key] = [
    .optional(
      "phone.whatsapp-number-id", "Meta's id of the number that calls", .name,
      { $1(&$0.phone.whatsappNumberID) }),
    .optional(
      "phone.whatsapp-key-file",
      "The file with Meta's access token (mode 0600); unset is the credential whatsapp-key",
      .path, { $1(&$0.phone.whatsappKeyFile) }),
    .text("phone.whatsapp-version", "Of Meta's Cloud API", .name, { $1(&$0.phone.whatsappVersion) }),
    .optional("phone.twilio-account", "The account at Twilio, AC...", .name, { $1(&$0.phone.twilioAccount) }),
    .optional(
      "phone.twilio-token-file",
      "The file with that account's auth token (mode 0600); unset is the credential twilio-token",
      .path, { $1(&$0.phone.twilioTokenFile) }),
    .optional(
      "phone.twilio-from", "The account's number that calls", .phoneNumber, { $1(&$0.phone.twilioFrom) }),
    .text("phone.twilio-api", "Where Twilio's own API is", .privateServer, { $1(&$0.phone.twilioServer) }),
  ]

  private static let ringKeys: [Key] = [
    .allow(
      "ring.from", "Who may ring this device; another Lintel is a standard participant", { $1(&$0.ring.from) }
    ),
    .choice(
      "ring.answer", "What answers: the button, the device itself, or nothing", { $1(&$0.ring.answer) }),
    .number("ring.timeout", "How long it rings", 5...180, unit: "s", { $1(&$0.ring.timeoutSeconds) }),
    .choice(
      "ring.standby",
      "How it learns of a call: room stays in the room with a closed microphone, webhook is told over HTTP, off only "
        + "while it is in a room anyway", { $1(&$0.ring.standby) }),
    .optional(
      "webhook.listen",
      "Where webhooks are taken over HTTP (LiveKit's at /livekit, Meta's at /meta, Twilio's at /twilio), behind a proxy "
        + "that has the certificate; unset is nowhere", .address, { $1(&$0.webhook.listen) }),
    .optional(
      "webhook.public-url",
      "What Twilio knows this address by, up to /twilio: its signature is over it, too", .publicURL,
      { $1(&$0.webhook.publicURL) }),
    .optional(
      "webhook.meta-secret-file",
      "The file with the secret of the app at Meta (mode 0600), which signs; unset is the credential meta-secret",
      .path, { $1(&$0.webhook.metaSecretFile) }),
    .optional(
      "webhook.meta-verify-file",
      "The file with the verify token that Meta's console was given (mode 0600); unset is the credential meta-verify",
      .path, { $1(&$0.webhook.metaVerifyFile) }),
  ]
}

extension TextRule {
  static let phoneNumber = TextRule("a number with + and its country code, such as +15550123") {
    (text: String, _: String) throws(ValueFault) in
    try DialTarget.Way.sip.check(Array(text.utf8))
  }

  static let phoneKeys = TextRule("up to 64 of 0-9, *, #, a-d and w") {
    (text: String, _: String) throws(ValueFault) in
    guard text.utf8.count <= 64 else { throw ValueFault(why: "has too many keys") }
    // The bridge is silent for a letter that it does not know, capitals among them.
    let keys = text.utf8.map { lowercased($0) }
    guard keys.allSatisfy({ "0123456789*#abcdw".utf8.contains($0) }) else {
      throw ValueFault(why: "has a key that there is not")
    }
    return String(decoding: keys, as: UTF8.self)
  }
}
