/// Every section and key, in the order of the documentation. The parser, the example text and the listings are made
/// from this table, so none of them can forget a key.
public enum Keys {
  /// The sections with what they are for, in order.
  public static let sections: [(name: String, summary: String)] = [
    ("device", "What this board is."),
    ("simulated", "The simulated board (board = simulated): a sound card made of WAV files."),
    ("session", "When the device is in a room, and how it gets there."),
    ("server", "How the room server proves who it is."),
    ("token", "Where the room's address and the token come from. A token never stands in this file."),
    (
      "e2ee",
      "Encryption from end to end, so that the room server cannot listen. No passphrase stands in this file."
    ),
    ("audio", "Sound devices and the codec."),
    ("gpio", "Lines of the board (board = linux): the number or name of each, and how it is wired."),
    ("leds", "Lights that the kernel drives (board = linux), by their names in /sys/class/leds."),
    ("keypad", "An input device with keys (board = linux)."),
    ("door", "The door: the output that opens it, and who may."),
    (
      directorySection,
      "Names that may be rung, each with one way to reach somebody, or with others that ring together."
    ),
    ("call", "Whom a call rings."),
    ("phone", "Telephone calls: who makes them, and with what."),
    ("ring", "Being called."),
    ("webhook", "What servers may tell this device over HTTP."),
    ("rpc", "The methods that the device offers to others in the room."),
    ("network", "Which addresses of this machine take part, and how others are reached."),
    ("control", "The socket that lintelctl talks to."),
    ("metrics", "Figures for a monitoring system."),
    ("watch", "What the program may use before it starts anew; three quarters of it are an event."),
  ]

  /// Its keys are the owner's names.
  static let directorySection = "directory"

  public static let all: [Key] =
    deviceKeys + roomKeys + callKeys + tokenKeys + encryptionKeys + audioKeys + hardwareKeys + doorKeys
    + phoneKeys + hostKeys

  public static func of(section: String) -> [Key] { all.filter { $0.section == section } }

  private static let deviceKeys: [Key] = [
    .optional(
      "device.id",
      "The name of this device in status, events and logs; unset is lintel- and eight characters made of /etc/machine-id",
      .name, { $1(&$0.device.ownID) }),
    .optional(
      "device.profile",
      "The kind of board: the file of /usr/share/lintel/profiles that is read before everything else", .name,
      { $1(&$0.device.profile) }),
    .flag(
      "device.tamper-alarm", "Whether an opened housing is shown and heard, beside the event", .onOff,
      { $1(&$0.device.tamperAlarm) }),
    .choice(
      "device.long-press",
      "What holding the button does, after a countdown that is seen and heard: whoever can touch it may",
      { $1(&$0.device.longPress) }),
    .number(
      "device.long-press-s", "How long it has to be held; the last five seconds are the countdown", 8...60,
      unit: "s", { $1(&$0.device.longPressSeconds) }),
    .choice("device.board", "Which drivers move sound and hardware", { $1(&$0.device.board) }),
    .optional(
      "device.state-directory",
      "The folder for what has to survive a restart; unset: $STATE_DIRECTORY, if there is one", .path,
      { $1(&$0.device.stateFolder) }),
    .optional(
      "simulated.microphone", "The WAV file that the microphone hears; unset is silence", .path,
      { $1(&$0.simulated.microphone) }),
    .optional(
      "simulated.speaker", "The WAV file that the speaker records into", .path, { $1(&$0.simulated.speaker) }),
    .optional(
      "simulated.soundcard", "The ALSA plugin that is the sound card; unset is the installed one", .path,
      { $1(&$0.simulated.soundcard) }),
    .optional(
      "simulated.control", "The file through which tests inject faults", .path, { $1(&$0.simulated.control) }),
    .flag(
      "simulated.loop", "Whether the microphone starts over at the end of its file", .yesNo,
      { $1(&$0.simulated.loop) }),
  ]

  private static let roomKeys: [Key] = [
    .choice(
      "session.mode",
      "on-demand and push-to-talk join when told to, always-on at start and again after every failure",
      { $1(&$0.session.mode) }),
    .number(
      "session.connect-timeout", "How long the room server may take to answer, and then sound to flow",
      1...120, unit: "s", { $1(&$0.session.connectTimeoutSeconds) }),
    .number(
      "session.reconnect-attempts", "Attempts to come back after a lost connection", 0...1000,
      note: "; 0 never gives up", { $1(&$0.session.reconnectAttempts) }),
    .number(
      "session.agent-wait", "After how long without anybody to hear that is announced", 0...600, unit: "s",
      note: "; 0 never", { $1(&$0.session.agentWaitSeconds) }),
    .number(
      "session.agent-retries", "How often the room is joined anew for that before the call ends", 0...100,
      note: "; 0 stays and goes on announcing", { $1(&$0.session.agentRetries) }),
    .flag(
      "session.publish-state",
      "Whether the room sees what the device is, as attributes lintel.muted, lintel.hard_muted, lintel.door_open, "
        + "lintel.tamper and lintel.canceller (the token has to grant canUpdateOwnMetadata)", .yesNo,
      { $1(&$0.session.publishesState) }),
    .optional(
      "server.ca-file", "Certificates (PEM) to trust beside the system's own", .path,
      { $1(&$0.server.caFile) }),
  ]

  private static let audioKeys: [Key] = [
    .text("audio.capture", "The microphone", .alsa, { $1(&$0.audio.capture) }),
    .text("audio.playback", "The speaker", .alsa, { $1(&$0.audio.playback) }),
    .number(
      "audio.bitrate", "What the sent voice may take of the network", 6000...64_000, unit: "bit/s",
      { $1(&$0.audio.bitrateBitsPerSecond) }),
    .number(
      "audio.complexity", "How hard the encoder works for its quality", 0...10, { $1(&$0.audio.complexity) }),
    .choice("audio.frame-ms", "Milliseconds of sound in one packet", { $1(&$0.audio.frame) }),
    .number(
      "audio.channel", "The microphone's channel, from 1", 0...8, note: "; 0 is the mean of all",
      { $1(&$0.audio.channel) }),
    .number(
      "audio.gain-db", "How much louder the microphone is made", -20...30, unit: "dB",
      { $1(&$0.audio.gainDecibels) }),
    .flag(
      "audio.aec", "Whether the speaker's echo is taken out of the microphone", .onOff, { $1(&$0.audio.aec) }),
    .choice("audio.duplex", "half closes the microphone while the speaker plays", { $1(&$0.audio.duplex) }),
    .flag(
      "audio.noise-suppression", "Whether steady noise is turned down", .onOff,
      { $1(&$0.audio.noiseSuppression) }),
    .flag(
      "audio.agc", "Whether quiet and loud talkers are brought to one level", .onOff,
      { $1(&$0.audio.automaticGain) }),
    .number(
      "audio.pre-connect-ms", "How much is kept of what is said before somebody listens", 0...30_000,
      unit: "ms",
      { $1(&$0.audio.preConnectMilliseconds) }),
    .number(
      "audio.pre-roll-ms",
      "What of the time before the press belongs to it; with 0 the microphone is closed while nobody calls",
      0...2_000, unit: "ms",
      { $1(&$0.audio.preRollMilliseconds) }),
    .number(
      "audio.pre-connect-kbps", "What the uplink carries of it in a second", 64...100_000, unit: "kbit/s",
      { $1(&$0.audio.preConnectKilobitsPerSecond) }),
    .choice(
      "audio.dtx", "Whether silence is left out; auto does as the room server asks", { $1(&$0.audio.dtx) }),
    .flag(
      "audio.fec", "Whether packets also carry what a lost neighbour held", .onOff, { $1(&$0.audio.fec) }),
    .number(
      "audio.volume", "The speaker's volume at start", 0...100, unit: "percent",
      { $1(&$0.audio.volumePercent) }),
    .optional(
      "audio.mixer",
      "The card's control that the volume moves on the scale of alsamixer (amixer scontrols lists them), 'name,1' for "
        + "the second one of that name; unset scales the samples",
      .title, { $1(&$0.audio.mixer) }),
    .text("audio.mixer-card", "The card with that control, such as hw:1", .alsa, { $1(&$0.audio.mixerCard) }),
    .flag(
      "audio.tones", "Whether the device sounds when it rings, connects, fails or is muted", .onOff,
      { $1(&$0.audio.tones) }),
    .number(
      "audio.jitter-ms", "The delay that the jitter buffer starts from", 10...400, unit: "ms",
      { $1(&$0.audio.jitterMilliseconds) }),
    .number(
      "audio.jitter-min-ms", "The least delay that the jitter buffer may adapt to", 5...400, unit: "ms",
      { $1(&$0.audio.jitterMinMilliseconds) }),
    .number(
      "audio.jitter-max-ms", "The most delay that the jitter buffer may adapt to", 20...400, unit: "ms",
      { $1(&$0.audio.jitterMaxMilliseconds) }),
    .number(
      "audio.jitter-quantile", "The share of packets that the jitter buffer waits for", 50...100,
      unit: "percent",
      { $1(&$0.audio.jitterQuantilePercent) }),
  ]

  private static let hostKeys: [Key] = [
    .flag(
      "network.include-loopback", "Whether loopback addresses take part, for a room server on this machine",
      .yesNo, { $1(&$0.network.includeLoopback) }),
    .flag(
      "network.require-tls",
      "Whether tokens go without TLS to private hosts alone (a private address, a name without a dot, or under .local, "
        + ".lan, .internal or .home.arpa), and a token endpoint with TLS may not name a room server without",
      .yesNo,
      { $1(&$0.network.requiresTLS) }),
    .optional(
      "network.proxy",
      "The HTTP proxy (CONNECT) that room server, token endpoint and server API are reached through", .proxy,
      { $1(&$0.network.proxy) }),
    .optional(
      "network.proxy-password-file",
      "The file with the password of the proxy's user (mode 0600); unset is the credential proxy-password, if there is "
        + "one", .path, { $1(&$0.network.proxyPasswordFile) }),
    .text(
      "network.no-proxy", "Hosts that are dialled without the proxy, as they are written; none for none",
      .hosts,
      { $1(&$0.network.withoutProxy) }),
    .optional(
      "network.turn",
      "A TURN server of one's own, beside those that the room server names, asked when nothing else answers",
      .turn,
      { $1(&$0.network.turn) }),
    .optional("network.turn-username", "Its user", .title, { $1(&$0.network.turnUsername) }),
    .optional(
      "network.turn-password-file",
      "The file with the password of its user (mode 0600); unset is the credential turn-password, if there is one",
      .path, { $1(&$0.network.turnPasswordFile) }),
    .flag(
      "network.force-relay", "Whether sound goes through TURN servers and nowhere else", .yesNo,
      { $1(&$0.network.forcesRelay) }),
    .text("control.socket", "Where the socket is made", .socket, { $1(&$0.control.socket) }),
    .optional(
      "control.group", "The group that may operate the device; unset is the daemon's own", .group,
      { $1(&$0.control.group) }),
    .optional(
      "control.admin-group",
      "The group whose members, as root, may also reload the configuration and override the door", .group,
      { $1(&$0.control.adminGroup) }),
    .optional(
      "metrics.listen", "Where OpenMetrics text is served over HTTP at /metrics; unset is nowhere", .address,
      { $1(&$0.metrics.listen) }),
    .number(
      "watch.memory-mb", "Memory of its own", 0...1024, unit: "MB", note: "; 0 is not watched",
      { $1(&$0.watch.memoryMegabytes) }),
    .number(
      "watch.descriptors", "Open files and sockets", 0...4096, note: "; 0 is not watched",
      { $1(&$0.watch.descriptors) }),
  ]
}
