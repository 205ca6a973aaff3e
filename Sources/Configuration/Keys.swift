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
    ("audio", "Sound devices and the codec."),
    ("gpio", "Lines of the board (board = linux): the number or name of each, and how it is wired."),
    ("leds", "Lights that the kernel drives (board = linux), by their names in /sys/class/leds."),
    ("keypad", "An input device with keys (board = linux)."),
    ("door", "The door: the output that opens it, and who may."),
    ("rpc", "The methods that the device offers to others in the room."),
    ("network", "Which addresses of this machine take part."),
    ("control", "The socket that lintelctl talks to."),
    ("metrics", "Figures for a monitoring system."),
    ("watch", "What the program may use before it starts anew; three quarters of it are an event."),
  ]

  public static let all: [Key] =
    deviceKeys + roomKeys + callKeys + tokenKeys + audioKeys + hardwareKeys + doorKeys + hostKeys

  public static func of(section: String) -> [Key] { all.filter { $0.section == section } }

  private static let deviceKeys: [Key] = [
    Key(
      section: "device", name: "id", summary: "The name of this device in status, events and logs",
      kind: .text(
        legal: Values.nameLegal, check: Values.name, get: { $0.device.id }, set: { $0.device.id = $1 })),
    Key(
      section: "device", name: "profile",
      summary:
        "The kind of board: the file of /usr/share/lintel/profiles that is read before everything else",
      kind: .optionalText(
        legal: Values.nameLegal, check: Values.name, get: { $0.device.profile },
        set: { $0.device.profile = $1 })),
    Key(
      section: "device", name: "tamper-alarm",
      summary: "Whether an opened housing is shown and heard, beside the event",
      kind: .flag(words: .onOff, get: { $0.device.tamperAlarm }, set: { $0.device.tamperAlarm = $1 })),
    Key(
      section: "device", name: "board", summary: "Which drivers move sound and hardware",
      kind: .choice(get: { $0.device.board }, set: { $0.device.board = $1 })),
    Key(
      section: "device", name: "state-directory",
      summary: "The folder for what has to survive a restart; unset: $STATE_DIRECTORY, if there is one",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.device.stateFolder },
        set: { $0.device.stateFolder = $1 })),
    Key(
      section: "simulated", name: "microphone",
      summary: "The WAV file that the microphone hears; unset is silence",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.simulated.microphone },
        set: { $0.simulated.microphone = $1 })),
    Key(
      section: "simulated", name: "speaker", summary: "The WAV file that the speaker records into",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.simulated.speaker },
        set: { $0.simulated.speaker = $1 })),
    Key(
      section: "simulated", name: "soundcard",
      summary: "The ALSA plugin that is the sound card; unset is the installed one",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.simulated.soundcard },
        set: { $0.simulated.soundcard = $1 })),
    Key(
      section: "simulated", name: "control", summary: "The file through which tests inject faults",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.simulated.control },
        set: { $0.simulated.control = $1 })),
    Key(
      section: "simulated", name: "loop",
      summary: "Whether the microphone starts over at the end of its file",
      kind: .flag(words: .yesNo, get: { $0.simulated.loop }, set: { $0.simulated.loop = $1 })),
  ]

  private static let roomKeys: [Key] = [
    Key(
      section: "session", name: "mode",
      summary:
        "on-demand and push-to-talk join when told to, always-on at start and again after every failure",
      kind: .choice(get: { $0.session.mode }, set: { $0.session.mode = $1 })),
    Key(
      section: "session", name: "connect-timeout",
      summary: "How long the room server may take to answer, and then sound to flow",
      kind: .number(
        1...120, unit: "s", get: { $0.session.connectTimeoutSeconds },
        set: { $0.session.connectTimeoutSeconds = $1 })),
    Key(
      section: "session", name: "reconnect-attempts",
      summary: "Attempts to come back after a lost connection",
      kind: .number(
        0...1000, unit: "", note: "; 0 never gives up", get: { $0.session.reconnectAttempts },
        set: { $0.session.reconnectAttempts = $1 })),
    Key(
      section: "session", name: "agent-wait",
      summary: "After how long without anybody to hear that is announced",
      kind: .number(
        0...600, unit: "s", note: "; 0 never", get: { $0.session.agentWaitSeconds },
        set: { $0.session.agentWaitSeconds = $1 })),
    Key(
      section: "session", name: "agent-retries",
      summary: "How often the room is joined anew for that before the call ends",
      kind: .number(
        0...100, unit: "", note: "; 0 stays and goes on announcing", get: { $0.session.agentRetries },
        set: { $0.session.agentRetries = $1 })),
    Key(
      section: "server", name: "ca-file", summary: "Certificates (PEM) to trust beside the system's own",
      kind: .optionalText(
        legal: Values.pathLegal, check: Values.path, get: { $0.server.caFile },
        set: { $0.server.caFile = $1 })),
  ]

  private static let audioKeys: [Key] = [
    Key(
      section: "audio", name: "capture", summary: "The microphone",
      kind: .text(
        legal: Values.alsaLegal, check: Values.alsa, get: { $0.audio.capture }, set: { $0.audio.capture = $1 }
      )),
    Key(
      section: "audio", name: "playback", summary: "The speaker",
      kind: .text(
        legal: Values.alsaLegal, check: Values.alsa, get: { $0.audio.playback },
        set: { $0.audio.playback = $1 })),
    Key(
      section: "audio", name: "bitrate", summary: "What the sent voice may take of the network",
      kind: .number(
        6000...64_000, unit: "bit/s", get: { $0.audio.bitrateBitsPerSecond },
        set: { $0.audio.bitrateBitsPerSecond = $1 })),
    Key(
      section: "audio", name: "complexity", summary: "How hard the encoder works for its quality",
      kind: .number(
        0...10, unit: "", get: { $0.audio.complexity }, set: { $0.audio.complexity = $1 })),
    Key(
      section: "audio", name: "frame-ms", summary: "Milliseconds of sound in one packet",
      kind: .choice(get: { $0.audio.frame }, set: { $0.audio.frame = $1 })),
    Key(
      section: "audio", name: "channel", summary: "The microphone's channel, from 1",
      kind: .number(
        0...8, unit: "", note: "; 0 is the mean of all", get: { $0.audio.channel },
        set: { $0.audio.channel = $1 })),
    Key(
      section: "audio", name: "gain-db", summary: "How much louder the microphone is made",
      kind: .number(
        -20...30, unit: "dB", get: { $0.audio.gainDecibels }, set: { $0.audio.gainDecibels = $1 })),
    Key(
      section: "audio", name: "aec", summary: "Whether the speaker's echo is taken out of the microphone",
      kind: .flag(words: .onOff, get: { $0.audio.aec }, set: { $0.audio.aec = $1 })),
    Key(
      section: "audio", name: "duplex", summary: "half closes the microphone while the speaker plays",
      kind: .choice(get: { $0.audio.duplex }, set: { $0.audio.duplex = $1 })),
    Key(
      section: "audio", name: "noise-suppression", summary: "Whether steady noise is turned down",
      kind: .flag(
        words: .onOff, get: { $0.audio.noiseSuppression }, set: { $0.audio.noiseSuppression = $1 })),
    Key(
      section: "audio", name: "agc", summary: "Whether quiet and loud talkers are brought to one level",
      kind: .flag(words: .onOff, get: { $0.audio.automaticGain }, set: { $0.audio.automaticGain = $1 })),
    Key(
      section: "audio", name: "pre-connect-ms",
      summary: "How much is kept of what is said before somebody listens",
      kind: .number(
        0...30_000, unit: "ms", get: { $0.audio.preConnectMilliseconds },
        set: { $0.audio.preConnectMilliseconds = $1 })),
    Key(
      section: "audio", name: "pre-roll-ms", summary: "What of the time before the press belongs to it",
      kind: .number(
        0...2_000, unit: "ms", get: { $0.audio.preRollMilliseconds },
        set: { $0.audio.preRollMilliseconds = $1 })),
    Key(
      section: "audio", name: "pre-connect-kbps", summary: "What the uplink carries of it in a second",
      kind: .number(
        64...100_000, unit: "kbit/s", get: { $0.audio.preConnectKilobitsPerSecond },
        set: { $0.audio.preConnectKilobitsPerSecond = $1 })),
    Key(
      section: "audio", name: "dtx",
      summary: "Whether silence is left out; auto does as the room server asks",
      kind: .choice(get: { $0.audio.dtx }, set: { $0.audio.dtx = $1 })),
    Key(
      section: "audio", name: "fec", summary: "Whether packets also carry what a lost neighbour held",
      kind: .flag(words: .onOff, get: { $0.audio.fec }, set: { $0.audio.fec = $1 })),
    Key(
      section: "audio", name: "volume", summary: "The speaker's volume at start",
      kind: .number(
        0...100, unit: "percent", get: { $0.audio.volumePercent }, set: { $0.audio.volumePercent = $1 })),
    Key(
      section: "audio", name: "mixer",
      summary: "The card's control that the volume moves (amixer scontrols); unset scales the samples",
      kind: .optionalText(
        legal: Values.titleLegal, check: Values.title, get: { $0.audio.mixer },
        set: { $0.audio.mixer = $1 })),
    Key(
      section: "audio", name: "mixer-card", summary: "The card with that control, such as hw:1",
      kind: .text(
        legal: Values.alsaLegal, check: Values.alsa, get: { $0.audio.mixerCard },
        set: { $0.audio.mixerCard = $1 })),
    Key(
      section: "audio", name: "tones",
      summary: "Whether the device sounds when it rings, connects, fails or is muted",
      kind: .flag(words: .onOff, get: { $0.audio.tones }, set: { $0.audio.tones = $1 })),
    Key(
      section: "audio", name: "jitter-ms", summary: "The delay that the jitter buffer starts from",
      kind: .number(
        10...400, unit: "ms", get: { $0.audio.jitterMilliseconds },
        set: { $0.audio.jitterMilliseconds = $1 })),
    Key(
      section: "audio", name: "jitter-min-ms", summary: "The least delay that the jitter buffer may adapt to",
      kind: .number(
        10...400, unit: "ms", get: { $0.audio.jitterMinMilliseconds },
        set: { $0.audio.jitterMinMilliseconds = $1 })),
    Key(
      section: "audio", name: "jitter-max-ms", summary: "The most delay that the jitter buffer may adapt to",
      kind: .number(
        20...400, unit: "ms", get: { $0.audio.jitterMaxMilliseconds },
        set: { $0.audio.jitterMaxMilliseconds = $1 })),
    Key(
      section: "audio", name: "jitter-quantile",
      summary: "The share of packets that the jitter buffer waits for",
      kind: .number(
        50...100, unit: "percent", get: { $0.audio.jitterQuantilePercent },
        set: { $0.audio.jitterQuantilePercent = $1 })),
  ]

  private static let hostKeys: [Key] = [
    Key(
      section: "network", name: "include-loopback",
      summary: "Whether loopback addresses take part, for a room server on this machine",
      kind: .flag(
        words: .yesNo, get: { $0.network.includeLoopback }, set: { $0.network.includeLoopback = $1 })),
    Key(
      section: "control", name: "socket", summary: "Where the socket is made",
      kind: .text(
        legal: Values.socketLegal, check: Values.socketPath, get: { $0.control.socket },
        set: { $0.control.socket = $1 })),
    Key(
      section: "control", name: "group",
      summary: "The group that may operate the device; unset is the daemon's own",
      kind: .optionalText(
        legal: Values.groupLegal, check: Values.group, get: { $0.control.group },
        set: { $0.control.group = $1 })),
    Key(
      section: "control", name: "admin-group",
      summary: "The group whose members, as root, may also reload the configuration and override the door",
      kind: .optionalText(
        legal: Values.groupLegal, check: Values.group, get: { $0.control.adminGroup },
        set: { $0.control.adminGroup = $1 })),
    Key(
      section: "metrics", name: "listen",
      summary: "Where OpenMetrics text is served over HTTP at /metrics; unset is nowhere",
      kind: .optionalText(
        legal: Values.addressLegal, check: Values.address, get: { $0.metrics.listen },
        set: { $0.metrics.listen = $1 })),
    Key(
      section: "watch", name: "memory-mb", summary: "Memory of its own",
      kind: .number(
        0...1024, unit: "MB", note: "; 0 is not watched", get: { $0.watch.memoryMegabytes },
        set: { $0.watch.memoryMegabytes = $1 })),
    Key(
      section: "watch", name: "descriptors", summary: "Open files and sockets",
      kind: .number(
        0...4096, unit: "", note: "; 0 is not watched", get: { $0.watch.descriptors },
        set: { $0.watch.descriptors = $1 })),
  ]
}
