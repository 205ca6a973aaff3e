import Base
import JSON

/// What lintelctl makes of the figures that a self-test brings beside its rows (`measured`), and of what it sees by
/// itself. The daemon has none of these sentences.
///
/// | row | warns if |
/// |---|---|
/// | rights | a secret of the service cannot be read |
/// | canceller | it does not work, or takes less than `gainDecibelsMin` of the tone |
/// | drift | the two cards' clocks are more than `partsPerMillionMax` apart |
/// | realtime, memory | the audio thread did not get its priority, or its memory may be paged out |
/// | state | nothing that has to survive a restart can be kept |
/// | identity | the device has the name of every device |
/// | token-end | the token of a file ends within `tokenSecondsMin` |
/// | recorded | the room is being recorded |
/// | socket | the configuration names another socket |
/// | ntp | nothing keeps the clock right |
public enum DoctorFindings {
  public struct Surroundings: Equatable, Sendable {
    /// The socket that the daemon answered at; nil without a daemon.
    public var socket: String?
    /// Whether the kernel's clock is synchronised; nil if it does not tell.
    public var clockIsKept: Bool?
    /// Secrets of the service that are there and that whoever asks without a daemon may not read.
    public var unreadable: [String]

    public init(socket: String?, clockIsKept: Bool?, unreadable: [String] = []) {
      self.socket = socket
      self.clockIsKept = clockIsKept
      self.unreadable = unreadable
    }
  }

  /// A canceller that has converged takes more.
  static let gainDecibelsMin: Int64 = 10
  /// Below it the room's noise is what is left, whatever the canceller does.
  static let steadyDecibelsMin: Int64 = -55
  static let partsPerMillionMax: UInt64 = 50
  static let tokenSecondsMin: Int64 = 7 * 86_400

  /// Behind them stand ours of the sound.
  private static let soundRows = ["board", "microphone", "speaker", "level", "echo"]

  /// The result with its further rows: those of the sound beside the daemon's, the others at the end.
  public static func complete(_ result: JSONValue, _ around: Surroundings) -> JSONValue {
    let measured = result["measured"]
    var rows = result["rows"].array
    if !around.unreadable.isEmpty {
      rows.insert(
        DoctorRow(
          "rights", .warn,
          "\(listed(around.unreadable.map { Optional($0) })) cannot be read with your rights, so what needs it was not tested",
          advice: "run this as root, as the service has them from there"
        ).json, at: min(1, rows.count))
    }
    guard !measured.isNull else { return rows.isEmpty ? result : Doctor.json(rows) }
    let border = (rows.lastIndex { soundRows.contains($0["name"].string ?? "") } ?? -1) + 1
    let all =
      Array(rows[..<border]) + sound(measured).map { $0.json } + Array(rows[border...])
      + host(measured, around).map { $0.json }
    return Doctor.json(all, [.init("measured", measured)])
  }

  // MARK: - Sound

  private static func sound(_ measured: JSONValue) -> [DoctorRow] {
    [canceller(measured), drift(measured)].compactMap { $0 } + refusals(measured)
  }

  private static func canceller(_ measured: JSONValue) -> DoctorRow? {
    guard let state = measured["canceller"].string, state != "off" else { return nil }
    let name = "canceller"
    switch state {
    case "active": return gain(measured)
    case "waiting": return DoctorRow(name, .pass, "the echo canceller waits for sound")
    case "no-reference":
      return DoctorRow(
        name, .warn, "the echo canceller is off: it is not known what the speaker plays, or when",
        advice: "see the speaker; a card that does not tell its delay needs [audio] duplex = half")
    case "no-time":
      return DoctorRow(
        name, .warn, "the echo canceller is off: the audio thread came late too often",
        advice: "end what takes the processor, see the row realtime, or set [audio] duplex = half")
    default:
      return DoctorRow(
        name, .warn, "the echo canceller could not be started", advice: "set [audio] duplex = half")
    }
  }

  private static func gain(_ measured: JSONValue) -> DoctorRow {
    let name = "canceller"
    guard let steady = measured["tone_db"].integer, let left = measured["left_db"].integer else {
      return DoctorRow(name, .pass, "the echo canceller works; the tone did not tell how well")
    }
    guard steady >= steadyDecibelsMin else {
      return DoctorRow(name, .pass, "the echo canceller works; the echo is too faint to tell how well")
    }
    let words = "of the tone's \(steady) dB the echo canceller leaves \(left) dB"
    guard steady - left < gainDecibelsMin else { return DoctorRow(name, .pass, words) }
    return DoctorRow(
      name, .warn, words,
      advice: "turn the speaker down or away from the microphone, and use one sound card for both (see drift)"
    )
  }

  private static func drift(_ measured: JSONValue) -> DoctorRow? {
    let name = "drift"
    let microphone = measured["microphone_ppm"].integer
    guard let between = measured["speaker_ppm"].integer else {
      return microphone.map {
        DoctorRow(name, .pass, "the microphone's clock runs \(pace($0)); the tone did not tell the speaker's")
      }
    }
    let apart = "the speaker's clock runs \(pace(between)) against the microphone's"
    let words = microphone.map { "the microphone's clock runs \(pace($0)), \(apart)" } ?? apart
    guard between.magnitude > partsPerMillionMax else { return DoctorRow(name, .pass, words) }
    return DoctorRow(
      name, .warn, words,
      advice: "use one sound card for both: an echo canceller cannot follow two clocks far")
  }

  private static func pace(_ partsPerMillion: Int64) -> String {
    partsPerMillion == 0
      ? "true" : "\(partsPerMillion.magnitude) ppm \(partsPerMillion > 0 ? "fast" : "slow")"
  }

  private static func refusals(_ measured: JSONValue) -> [DoctorRow] {
    var rows: [DoctorRow] = []
    if let reason = measured["realtime_refused"].string {
      rows.append(
        DoctorRow(
          "realtime", .warn,
          "the audio thread has no real-time priority, so the sound may stutter: \(reason)",
          advice: "let systemd start linteld, with LimitRTPRIO= as in linteld.service"))
    }
    if let reason = measured["memory_refused"].string {
      rows.append(
        DoctorRow(
          "memory", .warn, "the audio thread's memory may be paged out, so the sound may stutter: \(reason)",
          advice: "let systemd start linteld, with LimitMEMLOCK= as in linteld.service"))
    }
    return rows
  }

  // MARK: - The rest

  private static func host(_ measured: JSONValue, _ around: Surroundings) -> [DoctorRow] {
    var rows: [DoctorRow] = []
    if measured["recorded"].bool == true {
      rows.append(
        DoctorRow(
          "recorded", .warn, "the room is being recorded",
          advice: "if it should not be, ask whoever runs the room; else see that visitors are told"))
    }
    if let seconds = measured["token_left_s"].integer, (1..<tokenSecondsMin).contains(seconds) {
      rows.append(
        DoctorRow(
          "token-end", .warn, "the token ends in \(durationText(seconds: seconds))",
          advice: "put a new one in its place before, or set [token] source = endpoint, which renews it"))
    }
    if let problem = measured["state_problem"].string {
      rows.append(
        DoctorRow(
          "state", .warn, "a restart forgets a mute and forgives wrong codes of the door: \(problem)",
          advice:
            "set [device] state-directory to a folder that linteld may write, or StateDirectory= in its unit")
      )
    }
    if measured["id"].isText("lintel") {
      rows.append(
        DoctorRow(
          "identity", .warn, "this device is called lintel, as every one without a name and a machine id is",
          advice: "set [device] id; of two that have the same name one throws out the other"))
    }
    if let socket = around.socket, let configured = measured["socket"].string, socket != configured {
      rows.append(
        DoctorRow(
          "socket", .warn, "the daemon answers at \(socket), and [control] socket is \(configured)",
          advice:
            "where systemd makes the socket (linteld.socket), ListenStream= is what counts: make both the same"
        ))
    }
    if around.clockIsKept == false {
      rows.append(
        DoctorRow(
          "ntp", .warn, "nothing keeps the clock of this machine right",
          advice: "timedatectl set-ntp true, and let UDP port 123 out; tokens and certificates need the time")
      )
    }
    return rows
  }
}
