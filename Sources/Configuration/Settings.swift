/// What `lintel.conf` and its drop-ins say: every value with its default, in the sections of the file.
///
/// A `Settings()` holds the defaults alone; `Settings.parse` lays files over them. The table `Keys` documents each
/// key and its limits, so a value of this type that came from `parse` is within them.
public struct Settings: Equatable, Sendable {
  @Shared public var device = DeviceSettings()
  @Shared public var simulated = SimulatedSettings()
  @Shared public var session = SessionSettings()
  public var server = ServerSettings()
  @Shared public var token = TokenSettings()
  public var encryption = EndToEndSettings()
  @Shared public var audio = AudioSettings()
  public var gpio = GPIOSettings()
  public var leds = LEDSettings()
  public var keypad = KeypadSettings()
  @Shared public var door = DoorSettings()
  public var directory = Directory()
  public var call = CallSettings()
  @Shared public var phone = PhoneSettings()
  public var ring = RingSettings()
  public var webhook = WebhookSettings()
  public var rpc = RPCSettings()
  public var network = NetworkSettings()
  @Shared public var control = ControlSettings()
  public var metrics = MetricsSettings()
  public var watch = WatchSettings()

  public init() {}
}

/// `[device]`: what this board is.
public enum LongPressUse: String, CaseIterable, Sendable {
  case off, restart
  case resetNetwork = "reset-network"
}

public struct DeviceSettings: Equatable, Sendable {
  /// The name of this device in status, events, logs and, unless `[session] identity` is set, in the room.
  public var id: String {
    get { ownID ?? defaultID }
    set { ownID = newValue }
  }
  /// What the configuration calls it; nil leaves it the default, which two devices made of one image may share.
  public var ownID: String?
  public var defaultID = "lintel"
  /// The file of settings that suit a kind of board, below those of the configuration; nil: none.
  public var profile: String?
  public var board = BoardKind.linux
  /// Whether opening the housing is shown and heard.
  public var tamperAlarm = false
  /// What holding the button for long does, and how long that is.
  public var longPress = LongPressUse.off
  public var longPressSeconds = 15
  /// The folder for what has to survive a restart; nil: nothing does.
  public var stateFolder: String?

  public init() {}
}

/// `[device] board`: which drivers move sound and hardware.
public enum BoardKind: String, CaseIterable, Sendable {
  /// The board's own sound card through ALSA.
  case linux
  /// A sound card in user space that reads and writes WAV files.
  case simulated
}

/// `[simulated]`: what the simulated board hears and where it speaks. Paths are absolute.
public struct SimulatedSettings: Equatable, Sendable {
  /// The WAV file that the microphone hears; nil is silence.
  public var microphone: String?
  /// The WAV file that the speaker records into; nil records nothing.
  public var speaker: String?
  /// The ALSA plugin (shared library) that is the sound card; nil is the installed one.
  public var soundcard: String?
  /// Where the package puts it.
  public static let installedSoundcard = "/usr/lib/lintel/libasound_module_pcm_lintel.so"
  /// The file through which faults are injected; nil injects none.
  public var control: String?
  /// Whether the microphone starts over at the end of its file, instead of falling silent.
  public var loop = false

  public init() {}
}

/// `[session]`: when the device is in a room, and how it gets there.
public struct SessionSettings: Equatable, Sendable {
  public var mode = SessionMode.onDemand
  /// nil leaves the room to the token endpoint, or is one for each call.
  public var room: String?
  /// nil is the device's id.
  public var identity: String?
  public var agentName: String?
  public var agentMetadata: String?
  public var connectTimeoutSeconds = 15
  /// Attempts of one reconnection before the device gives up; 0 never gives up.
  public var reconnectAttempts = 0
  /// How long the call may be without anybody to hear before that is announced; 0 never.
  public var agentWaitSeconds = 20
  /// How often the room is left and joined anew for an agent before the call ends as failed; 0: it waits on.
  public var agentRetries = 0
  /// Without a word from anybody; 0 is no limit. Neither limit holds for a device that is always on.
  public var idleTimeoutSeconds = 0
  public var maxDurationSeconds = 1800
  /// Whether what the device is stands in the attributes of its participant.
  public var publishesState = false

  public init() {}
}

/// `[session] mode`.
public enum SessionMode: String, CaseIterable, Sendable {
  /// Joins when told to.
  case onDemand = "on-demand"
  /// Joins at start and comes back after every failure that retrying can mend.
  case alwaysOn = "always-on"
  /// As on-demand; the microphone is open only between the start and the end of a turn.
  case pushToTalk = "push-to-talk"
}

/// `[server]`: how the room server proves who it is.
public struct ServerSettings: Equatable, Sendable {
  /// Certificates (PEM) to trust beside the system's own; nil is the system's alone.
  public var caFile: String?

  public init() {}
}

/// `[audio]`: sound devices and the codec.
public struct AudioSettings: Equatable, Sendable {
  /// ALSA PCM names.
  public var capture = "default"
  public var playback = "default"
  public var bitrateBitsPerSecond = 24000
  public var complexity = 5
  public var frame = FrameLength.twenty
  public var dtx = Discontinuous.auto
  /// In-band forward error correction.
  public var fec = true
  public var volumePercent = 80
  /// The simple mixer element that the volume moves; nil: the samples are scaled.
  public var mixer: String?
  public var mixerCard = "default"
  /// Whether the device tells how the call stands by sounds of its own.
  public var tones = true
  /// Which of the microphone's channels is heard, from 1; 0 is the mean of all.
  public var channel = 0
  public var gainDecibels = 0
  /// Takes the speaker's echo out of the microphone.
  public var aec = true
  public var duplex = Duplex.full
  public var noiseSuppression = false
  public var automaticGain = false
  /// What is kept of the time between the press of the button and the call.
  public var preConnectMilliseconds = 10_000
  /// What is kept of the time before the press: people speak while they press.
  public var preRollMilliseconds = 300
  /// What the uplink carries; a recording that it cannot deliver in time is shortened from the front.
  public var preConnectKilobitsPerSecond = 2_000
  /// The delay that the jitter buffer starts from.
  public var jitterMilliseconds = 40
  /// Floor and ceiling of what it adapts to, and the share of packets that it waits for.
  public var jitterMinMilliseconds = 5
  public var jitterMaxMilliseconds = 400
  public var jitterQuantilePercent = 95

  public init() {}
}

/// `[audio] frame-ms`: what one packet of the microphone carries.
public enum FrameLength: String, CaseIterable, Sendable {
  case ten = "10"
  case twenty = "20"
  case forty = "40"
  case sixty = "60"

  public var milliseconds: Int {
    switch self {
    case .ten: 10
    case .twenty: 20
    case .forty: 40
    case .sixty: 60
    }
  }
}

/// `[audio] duplex`: who may speak when.
public enum Duplex: String, CaseIterable, Sendable {
  case full
  /// The microphone is closed while the speaker plays.
  case half
}

/// `[audio] dtx`: whether silence is sent.
public enum Discontinuous: String, CaseIterable, Sendable {
  /// As the room server's answer asks.
  case auto
  case on
  case off
}

/// `[network]`: which of the host's addresses take part, and how others are reached.
public struct NetworkSettings: Equatable, Sendable {
  /// Whether loopback addresses are candidates too, for a room server on the same machine.
  public var includeLoopback = false
  /// Whether tokens and other secrets go in the clear to private hosts only.
  public var requiresTLS = true
  /// What `ProxyAddress` reads; nil: everything is dialled itself.
  public var proxy: String?
  public var proxyPasswordFile: String?
  /// What stands in that file; read at the start, and no key shows it.
  public var proxyPassword: String?
  /// What `HostRules` reads: hosts that are dialled without the proxy.
  public var withoutProxy = "localhost, 127.0.0.0/8, ::1"
  /// A relay of the owner's, as a URL of RFC 7065.
  public var turn: String?
  public var turnUsername: String?
  public var turnPasswordFile: String?
  /// What stands in that file; read at the start, and no key shows it.
  public var turnPassword = ""
  /// Whether media goes through relays alone.
  public var forcesRelay = false

  public init() {}
}

/// `[control]`: the socket that `lintelctl` talks to.
public struct ControlSettings: Equatable, Sendable {
  public var socket = "/run/lintel/control.sock"
  /// The group that may operate the device; nil is the daemon's own.
  public var group: String?
  /// The group that may do what root may; nil is none.
  public var adminGroup: String?

  public init() {}
}

/// `[metrics]`: figures for a monitoring system.
public struct MetricsSettings: Equatable, Sendable {
  /// Address and port, such as `127.0.0.1:9464`, where they are served over HTTP; nil is nowhere.
  public var listen: String?

  public init() {}
}

/// `[watch]`: what the process may use before it starts anew; 0 is not watched. Three quarters of it are an event.
public struct WatchSettings: Equatable, Sendable {
  /// Memory of its own, without what it shares with the files of its libraries.
  public var memoryMegabytes = 24
  public var descriptors = 200

  public init() {}
}
