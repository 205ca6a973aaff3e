import Testing

@testable import Configuration

@Suite("The limits of every key")
struct KeyLimitTests {
  static let legal: [(String, String, String, String)] = [
    ("device", "id", "lobby-3.north:a@b_C", "lobby-3.north:a@b_C"),
    ("device", "id", "", ""), ("device", "board", "simulated", "simulated"),
    ("device", "board", "linux", "linux"),
    ("simulated", "microphone", "/a b/mic.wav", "/a b/mic.wav"),
    ("simulated", "microphone", "mic.wav", "/etc/lintel/mic.wav"),
    ("simulated", "speaker", "/s.wav", "/s.wav"), ("simulated", "speaker", "", ""),
    ("simulated", "soundcard", "lib/card.so", "/etc/lintel/lib/card.so"),
    ("simulated", "control", "/run/fault", "/run/fault"),
    ("simulated", "loop", "yes", "yes"), ("simulated", "loop", "no", "no"),
    ("simulated", "loop", "on", "yes"),
    ("device", "state-directory", "/var/lib/lintel", "/var/lib/lintel"),
    ("session", "agent-wait", "0", "0"), ("session", "agent-retries", "100", "100"),
    ("session", "publish-state", "on", "yes"),
    ("session", "mode", "push-to-talk", "push-to-talk"),
    ("door", "output", "lock", "lock"), ("door", "output", "", ""), ("door", "pulse-ms", "50", "50"),
    ("door", "dtmf-code", "0042", "0042"), ("door", "dtmf-code", "", ""),
    ("door", "dtmf-code-file", "code", "/etc/lintel/code"), ("door", "dtmf-allow", "nobody", "nobody"),
    ("door", "dtmf-allow", " sip:+49*,agent : front:desk ,any", "sip:+49*, agent:front:desk, any"),
    ("door", "dtmf-when", "in-call", "in-call"), ("door", "dtmf-end", "either", "either"),
    ("door", "rpc-allow", "agent:*", "agent"),
    ("door", "rpc-when", "always", "always"), ("door", "local-when", "never", "never"),
    ("door", "wrong-codes", "1", "1"), ("door", "lock-out-minutes", "1440", "1440"),
    ("door", "key-timeout-ms", "500", "500"), ("rpc", "allow", "server", "server"),
    ("call", "plan", "", ""), ("call", "keypad", "directory", "directory"),
    ("phone", "via", "device", "device"),
    ("phone", "endpoint", "https://e.example/phone", "https://e.example/phone"),
    ("phone", "bearer-file", "b", "/etc/lintel/b"), ("phone", "trunk", "ST_abc", "ST_abc"),
    ("phone", "number", "+1 555 0123", "+15550123"), ("phone", "display-name", "Front door", "Front door"),
    ("phone", "display-name", "", ""), ("phone", "hide-number", "yes", "yes"),
    ("phone", "encryption", "require", "require"), ("phone", "ring-timeout", "180", "180"),
    ("phone", "max-duration", "0", "0"), ("phone", "dial-tone", "yes", "yes"),
    ("phone", "dtmf-after-answer", "1ww2#A", "1ww2#a"), ("phone", "dtmf-after-answer", "", ""),
    ("phone", "whatsapp-number-id", "1234", "1234"),
    ("phone", "whatsapp-key-file", "w", "/etc/lintel/w"), ("phone", "whatsapp-version", "23.0", "23.0"),
    ("phone", "twilio-account", "AC1", "AC1"), ("phone", "twilio-token-file", "t", "/etc/lintel/t"),
    ("phone", "twilio-from", "+1 555 0188", "+15550188"),
    ("phone", "twilio-api", "http://127.0.0.1:7880", "http://127.0.0.1:7880"),
    ("phone", "twilio-api", "https://api.ie1.twilio.com", "https://api.ie1.twilio.com"),
    ("ring", "from", "sip, device:desk", "sip, standard:desk"), ("ring", "answer", "auto", "auto"),
    ("ring", "timeout", "5", "5"), ("ring", "standby", "room", "room"),
    ("webhook", "listen", "127.0.0.1:8089", "127.0.0.1:8089"),
    ("webhook", "public-url", "https://door.example.org/lintel/", "https://door.example.org/lintel"),
    ("webhook", "meta-secret-file", "s", "/etc/lintel/s"),
    ("webhook", "meta-verify-file", "v", "/etc/lintel/v"),
    ("session", "mode", "on-demand", "on-demand"), ("session", "connect-timeout", "1", "1"),
    ("session", "connect-timeout", "120", "120"), ("session", "reconnect-attempts", "0", "0"),
    ("session", "reconnect-attempts", "1000", "1000"),
    ("session", "room", "hall 3", "hall 3"), ("session", "room", "", ""), ("session", "identity", "d", "d"),
    ("session", "agent-name", "concierge", "concierge"),
    ("session", "agent-metadata", #"{"language":"de","floor":3}"#, #"{"language":"de","floor":3}"#),
    ("session", "idle-timeout", "0", "0"), ("session", "idle-timeout", "3600", "3600"),
    ("session", "max-duration", "0", "0"), ("session", "max-duration", "86400", "86400"),
    ("server", "ca-file", "/etc/ca.pem", "/etc/ca.pem"),
    ("token", "endpoint", "https://a.example:8443/token", "https://a.example:8443/token"),
    ("token", "endpoint", "", ""), ("token", "bearer-file", "bearer", "/etc/lintel/bearer"),
    ("token", "sandbox-id", "door-1a2b3c", "door-1a2b3c"), ("token", "api-key", "APIx", "APIx"),
    ("token", "api-secret-file", "/s", "/s"), ("token", "timeout", "1", "1"),
    ("token", "timeout", "60", "60"), ("token", "warm", "no", "no"),
    ("token", "source", "file", "file"), ("token", "file", "token.jwt", "/etc/lintel/token.jwt"),
    ("token", "url", "ws://127.0.0.1:7880", "ws://127.0.0.1:7880"),
    ("token", "url", "wss://[2001:db8::1]:443/x", "wss://[2001:db8::1]:443/x"),
    ("token", "url", "https://room.example.org", "https://room.example.org"),
    ("token", "url", "http://h:65535/", "http://h:65535/"), ("token", "url", "", ""),
    ("audio", "capture", "plughw:CARD=Mic,DEV=0", "plughw:CARD=Mic,DEV=0"),
    ("audio", "playback", "hw:1,0", "hw:1,0"), ("audio", "bitrate", "6000", "6000"),
    ("audio", "bitrate", "64000", "64000"), ("audio", "complexity", "0", "0"),
    ("audio", "complexity", "10", "10"), ("audio", "dtx", "auto", "auto"), ("audio", "dtx", "on", "on"),
    ("audio", "dtx", "off", "off"), ("audio", "fec", "on", "on"), ("audio", "fec", "no", "off"),
    ("audio", "volume", "0", "0"), ("audio", "volume", "100", "100"), ("audio", "volume", "007", "7"),
    ("audio", "frame-ms", "10", "10"), ("audio", "frame-ms", "60", "60"), ("audio", "channel", "8", "8"),
    ("audio", "gain-db", "-20", "-20"), ("audio", "gain-db", "30", "30"),
    ("audio", "tones", "off", "off"), ("audio", "aec", "off", "off"), ("audio", "duplex", "half", "half"),
    ("audio", "noise-suppression", "on", "on"), ("audio", "agc", "on", "on"),
    ("audio", "pre-connect-ms", "0", "0"), ("audio", "pre-connect-ms", "30000", "30000"),
    ("audio", "pre-roll-ms", "0", "0"), ("audio", "pre-roll-ms", "2000", "2000"),
    ("audio", "pre-connect-kbps", "64", "64"), ("audio", "pre-connect-kbps", "100000", "100000"),
    ("audio", "jitter-ms", "20", "20"), ("audio", "jitter-ms", "400", "400"),
    ("audio", "jitter-min-ms", "5", "5"), ("audio", "jitter-max-ms", "400", "400"),
    ("audio", "jitter-quantile", "50", "50"), ("audio", "jitter-quantile", "100", "100"),
    ("watch", "memory-mb", "0", "0"), ("watch", "memory-mb", "1024", "1024"),
    ("watch", "descriptors", "0", "0"), ("watch", "descriptors", "4096", "4096"),
    ("network", "require-tls", "no", "no"), ("network", "proxy", "", ""),
    ("network", "proxy", "http://door@proxy.lan:3128", "http://door@proxy.lan:3128"),
    ("network", "proxy-password-file", "p", "/etc/lintel/p"),
    ("network", "no-proxy", "localhost, .lan, 10.0.0.0/8, *", "localhost, .lan, 10.0.0.0/8, *"),
    ("network", "turn", "turns:relay.example.org:443", "turns:relay.example.org:443"),
    ("network", "turn-username", "door 1", "door 1"), ("network", "force-relay", "yes", "yes"),
    ("e2ee", "mode", "wanted", "wanted"), ("e2ee", "mode", "required", "required"),
    ("e2ee", "passphrase-file", "p", "/etc/lintel/p"), ("e2ee", "keys-file", "k", "/etc/lintel/k"),
    ("e2ee", "key-index", "15", "15"), ("e2ee", "key-bits", "256", "256"),
    ("network", "turn-password-file", "p", "/etc/lintel/p"), ("network", "turn", "", ""),
    ("network", "include-loopback", "yes", "yes"), ("control", "socket", "/tmp/s", "/tmp/s"),
    ("control", "socket", "/" + String(repeating: "s", count: 106), "/" + String(repeating: "s", count: 106)),
    ("control", "group", "lintel_ops", "lintel_ops"), ("control", "group", "", ""),
    ("control", "admin-group", "staff", "staff"), ("control", "admin-group", "", ""),
    ("metrics", "listen", "127.0.0.1:9464", "127.0.0.1:9464"), ("metrics", "listen", "[::1]:1", "[::1]:1"),
    ("metrics", "listen", "", ""),
    ("device", "profile", "raspberry-usb", "raspberry-usb"), ("device", "profile", "", ""),
    ("device", "long-press", "off", "off"), ("device", "long-press", "reset-network", "reset-network"),
    ("device", "long-press-s", "8", "8"), ("device", "long-press-s", "60", "60"),
    ("device", "tamper-alarm", "on", "on"), ("audio", "mixer", "Line Out", "Line Out"),
    ("audio", "mixer-card", "hw:1", "hw:1"), ("gpio", "chip", "gpiochip4", "gpiochip4"),
    ("gpio", "debounce-ms", "1", "1"), ("gpio", "debounce-ms", "500", "500"),
    ("gpio", "button", "17", "17"), ("gpio", "hook", "GPIO5 pull-up", "GPIO5 pull-up"),
    ("gpio", "tamper", "6 active-low", "6 active-low"), ("gpio", "mute", "7", "7"),
    ("gpio", "contact", "1-0020/5", "1-0020/5"),
    ("gpio", "chip", "/dev/gpio-door", "/dev/gpio-door"),
    ("door", "open-seconds-max", "0", "0"), ("door", "open-seconds-max", "86400", "86400"),
    ("door", "forced-alarm", "no", "no"), ("leds", "status", "rgb:a ff8000", "rgb:a ff8000"),
    ("keypad", "device", "A + /dev/input/by-path/b", "A + /dev/input/by-path/b"),
    ("gpio", "lock", "8", "8"), ("gpio", "relay", "", ""), ("gpio", "status-light", "9", "9"),
    ("gpio", "mute-light", "10", "10"), ("gpio", "error-light", "11", "11"),
    ("gpio", "microphone-light", "12", "12"), ("gpio", "call-light", "13", "13"),
    ("gpio", "recording-light", "14", "14"),
    ("leds", "status", "green:run", "green:run"), ("leds", "mute", "", ""), ("leds", "error", "PWR", "PWR"),
    ("leds", "microphone", "MIC", "MIC"), ("leds", "call", "", ""), ("leds", "recording", "REC", "REC"),
    ("leds", "folder", "/sys/class/leds", "/sys/class/leds"),
    ("keypad", "device", "USB Number Pad", "USB Number Pad"), ("keypad", "device", "", ""),
  ]

  @Test("a legal value is kept", arguments: legal)
  func keeps(section: String, name: String, value: String, kept: String) throws {
    let settings = try parse("[\(section)]\n\(name) = \(value)\n")
    let key = try #require(Keys.of(section: section).first { $0.name == name })
    #expect(key.value(in: settings) == kept)
  }

  static let illegal: [(String, String, String, String)] = [
    ("network", "turn", "stun:a", "no address of a TURN server"),
    ("network", "turn", "turn:a?transport=sctp", "no address of a TURN server"),
    ("network", "turn", "turns:a:0", "no address of a TURN server"),
    ("network", "turn", "turn://a", "no address of a TURN server"),
    ("device", "id", "a b", "character"),
    ("device", "id", "ü", "character"),
    ("device", "id", String(repeating: "x", count: 129), "too long"),
    ("door", "dtmf-code", "123", "is no code"), ("door", "dtmf-code", "12#4", "is no code"),
    ("door", "dtmf-code", String(repeating: "1", count: 17), "is no code"),
    ("door", "pulse-ms", "49", "out of range"), ("door", "dtmf-allow", "", "a kind that there is not"),
    ("door", "dtmf-allow", "phone", "a kind that there is not"),
    ("door", "dtmf-allow", "sip:", "an empty identity"), ("door", "rpc-when", "sometimes", "is none of them"),
    ("door", "rpc-allow", String(repeating: "sip,", count: 32) + "sip", "too many parts"),
    ("door", "wrong-codes", "0", "out of range"), ("door", "lock-out-minutes", "0", "out of range"),
    ("door", "open-seconds-max", "86401", "out of range"), ("door", "forced-alarm", "", "is neither"),
    ("gpio", "chip", "a b", "character"), ("leds", "mute", "rgb:a red", "is no name and colour"),
    ("leds", "mute", "rgb:a ff0000 b", "is no name and colour"),
    ("keypad", "device", String(repeating: "x", count: 1025), "too long"),
    ("device", "board", "raspberry", "is none of them"), ("device", "board", "Linux", "is none of them"),
    ("simulated", "microphone", "~/mic.wav", "shell"),
    ("simulated", "microphone", "\"/mic.wav", "a quote that does not end"),
    ("simulated", "microphone", "/m.wav # mine", "begins with ' ;'"),
    ("simulated", "speaker", "/" + String(repeating: "x", count: 1024), "too long"),
    ("simulated", "loop", "maybe", "is neither"), ("simulated", "loop", "", "is neither"),
    ("session", "mode", "push", "is none of them"), ("session", "connect-timeout", "0", "out of range"),
    ("session", "connect-timeout", "121", "out of range"),
    ("session", "reconnect-attempts", "1001", "out of range"),
    ("session", "reconnect-attempts", "-1", "not a whole number"),
    ("audio", "gain-db", "-21", "out of range"), ("audio", "gain-db", "-", "not a whole number"),
    ("audio", "gain-db", "--1", "not a whole number"), ("audio", "frame-ms", "30", "is none of them"),
    ("audio", "channel", "9", "out of range"), ("audio", "pre-connect-ms", "30001", "out of range"),
    ("watch", "memory-mb", "1025", "out of range"), ("watch", "descriptors", "4097", "out of range"),
    ("audio", "pre-roll-ms", "2001", "out of range"), ("audio", "pre-connect-kbps", "63", "out of range"),
    ("session", "idle-timeout", "3601", "out of range"), ("session", "max-duration", "-1", "whole number"),
    ("session", "room", String(repeating: "r", count: 129), "too long"),
    ("session", "agent-metadata", String(repeating: "m", count: 3073), "too long"),
    ("phone", "twilio-api", "http://api.twilio.com", "in the clear"),
    ("webhook", "public-url", "https://h/?a=b", "has a query"),
    ("phone", "twilio-api", "http://127.0.0.1.example.org/", "in the clear"),
    ("phone", "twilio-api", "", "is no value"),
    ("token", "source", "cloud", "is none of them"), ("token", "endpoint", "wss://h/t", "no such scheme"),
    ("token", "endpoint", "https://", "no host"), ("token", "endpoint", "https://u:p@h/", "secret"),
    ("token", "endpoint", "https://h/t#key", "fragment"), ("token", "sandbox-id", "a b", "character"),
    ("token", "timeout", "0", "out of range"), ("token", "warm", "hot", "is neither"),
    ("token", "url", "room.example.org", "no such scheme"),
    ("token", "url", "ftp://h", "no such scheme"), ("token", "url", "ws://", "no host"),
    ("token", "url", "ws:///x", "no host"), ("token", "url", "ws://:80", "no host"),
    ("token", "url", "ws://h:0", "port outside"), ("token", "url", "ws://h:65536", "port outside"),
    ("token", "url", "ws://h:", "port outside"), ("token", "url", "ws://h:8o", "port that is no number"),
    ("token", "url", "ws://2001:db8::1", "without brackets"),
    ("token", "url", "ws://[::1", "closing bracket"),
    ("token", "url", "ws://[::1]80", "between"), ("token", "url", "ws://key:secret@h", "secret"),
    ("token", "url", "ws://h?access_token=e", "token file"), ("token", "url", "ws://h#x", "fragment"),
    ("token", "url", "ws://h # prod", "begins with ' ;'"),
    ("token", "url", "ws://bücher.example", "character"),
    ("token", "url", "ws://" + String(repeating: "h", count: 2048), "too long"),
    ("audio", "capture", "", "is no value"), ("audio", "capture", "hw:1 0", "blank"),
    ("audio", "bitrate", "5999", "out of range"), ("audio", "bitrate", "128001", "out of range"),
    ("audio", "bitrate", "24k", "not a whole number"), ("audio", "bitrate", "1e4", "not a whole number"),
    ("audio", "bitrate", "99999999999999999999999999", "out of range"),
    ("audio", "bitrate", "", "not a whole number"),
    ("audio", "complexity", "11", "out of range"), ("audio", "dtx", "yes", "is none of them"),
    ("audio", "fec", "1", "is neither"), ("audio", "volume", "101", "out of range"),
    ("audio", "jitter-ms", "9", "out of range"), ("audio", "jitter-ms", "401", "out of range"),
    ("audio", "jitter-min-ms", "4", "out of range"), ("audio", "jitter-max-ms", "401", "out of range"),
    ("audio", "jitter-quantile", "0.95", "number"), ("audio", "jitter-quantile", "101", "out of range"),
    ("network", "include-loopback", "true", "is neither"),
    ("device", "long-press", "on", "is none of them"), ("device", "long-press-s", "7", "out of range"),
    ("network", "proxy", "proxy.lan:3128", "does not begin with http://, the one way to talk to a proxy"),
    ("network", "no-proxy", "10.0.0.0/33", "is no list of hosts"),
    ("control", "socket", "/" + String(repeating: "s", count: 107), "too long for a socket"),
    ("control", "socket", "", "is no value"), ("control", "group", "a:b", "group"),
    ("control", "group", String(repeating: "g", count: 33), "too long"),
    ("control", "admin-group", "a:b", "group"),
    ("metrics", "listen", "localhost:9464", "no address with a port"),
  ]

  @Test("an illegal value is refused with its line and the legal ones", arguments: illegal)
  func refuses(section: String, name: String, value: String, why: String) throws {
    let failure = failure((name: "c", text: "[\(section)]\n# comment\n\(name) = \(value)\n"))
    let problem = try #require(failure.problems.first)
    #expect(failure.problems.count == 1)
    #expect(problem.line == 3 && problem.section == section && problem.key == name)
    let key = try #require(Keys.of(section: section).first { $0.name == name })
    #expect(problem.description.contains(why), "\(problem)")
    #expect(problem.description.hasSuffix("legal: \(key.legal)"))
  }

  @Test("no key is left out of these tests")
  func complete() {
    for key in Keys.all {
      #expect(Self.legal.contains { $0.0 == key.section && $0.1 == key.name }, "\(key.section).\(key.name)")
    }
  }

  @Test("the default of every key is legal, and its example parses to the defaults")
  func defaults() throws {
    #expect(try parse("") == Settings())
    #expect(try parse(Settings.exampleText) == Settings())
    #expect(try parse(Settings().text) == Settings())
    let uncommented = Settings.exampleText.split(separator: "\n").map { line in
      line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
    }
    #expect(try parse(uncommented.joined(separator: "\n")) == Settings())
  }

  @Test("the example names every key with its legal values")
  func example() {
    for key in Keys.all {
      #expect(
        Settings.exampleText.contains(
          "\n# \(key.summary).\n# Legal: \(key.legal).\n#\(key.isAbsent(in: Settings()) ? " " : "")\(key.name) ="
        ))
    }
  }
}
