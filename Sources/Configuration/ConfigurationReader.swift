import Base

extension Settings {
  /// The defaults with `files` laid over them in order, the later one winning, key by key.
  ///
  /// Reading the files is the caller's: `name` is their path, which the sentences state and from whose folder
  /// relative paths start (pass absolute names, or the paths stay relative to wherever the process runs). A file
  /// that breaks a rule does not end the search: the failure holds all that is wrong in all files.
  /// `defaults` holds where the program knows of something better than nothing, such as a secret that it was handed.
  /// `profiles` are the names that `[device] profile` may have; nil: any.
  public static func parse(
    files: [(name: String, text: String)], defaults: Settings = Settings(), profiles: [String]? = nil
  ) throws(ConfigurationFailure) -> Settings {
    let reader = ConfigurationReader(defaults, profiles: profiles)
    for file in files { reader.read(name: file.name, text: file.text) }
    return try reader.finish()
  }

  /// What `files` say is the profile, which has to be read before them; whatever is wrong in them is `parse`'s to say.
  public static func profile(in files: [(name: String, text: String)]) -> String? {
    let reader = ConfigurationReader()
    for file in files { reader.read(name: file.name, text: file.text) }
    return reader.profile
  }
}

/// Takes one file after the other, then gives the settings or everything that was wrong.
public final class ConfigurationReader {
  private var settings: Settings
  private var problems: [ConfigurationProblem] = []
  private var problemsLeftOut = 0
  private var filesRead = 0

  // Where the reader is.
  private var file = ""
  private var folder = ""
  private var line = 0
  /// nil before the first section; empty inside one that is unknown, whose keys nobody can judge.
  private var section: String?
  private var places = KeyPlaces()

  private let profiles: [String]?

  public init(_ defaults: Settings = Settings(), profiles: [String]? = nil) {
    settings = defaults
    self.profiles = profiles
  }

  var profile: String? { settings.device.profile }

  /// Lays one file's text over what was read so far.
  public func read(name: String, text: String) {
    guard filesRead <= ConfigurationLimits.filesMax else { return }
    filesRead += 1
    file = name
    folder = folderOf(name)
    line = 0
    section = nil
    guard filesRead <= ConfigurationLimits.filesMax else { return report(.tooManyFiles) }
    let bytes = Array(text.utf8)
    guard bytes.count <= ConfigurationLimits.fileBytesMax else {
      return report(.fileTooLong(bytes: bytes.count))
    }
    var rest = bytes[...]
    while !rest.isEmpty {
      line += 1
      let row = rest.prefix { $0 != 0x0A && $0 != 0x0D }
      readLine(row)
      rest = rest.dropFirst(row.count)
      // CR LF, LF and CR each end one line.
      rest = rest.dropFirst(rest.starts(with: [0x0D, 0x0A]) ? 2 : 1)
    }
  }

  /// The settings, if nothing was wrong in any file.
  public func finish() throws(ConfigurationFailure) -> Settings {
    if problems.isEmpty { checkTogether() }
    guard problems.isEmpty else {
      throw ConfigurationFailure(problems: problems, problemsLeftOut: problemsLeftOut)
    }
    return settings
  }

  private func readLine(_ row: ArraySlice<UInt8>) {
    guard row.count <= ConfigurationLimits.lineBytesMax else { return report(.lineTooLong(bytes: row.count)) }
    guard isText(row) else { return report(.notText) }
    switch IniLine(row) {
    case .nothing: break
    case .malformed: report(.notUnderstood(line: shown(row)), section: section ?? "")
    case .section(let name): enter(name)
    case .entry(let name, let value): store(name, value)
    }
  }

  private func enter(_ name: String) {
    section = ""
    let names = Keys.sections.map { $0.name }
    for known in names where known == name {
      section = known
      return
    }
    report(
      .unknownSection(nearest: nearestName(to: name, among: names), legal: commaSeparated(names)),
      section: quoted(name))
  }

  private func store(_ name: String, _ value: String) {
    guard let section else { return report(.outsideSection, key: quoted(name)) }
    guard !section.utf8.isEmpty else { return }
    if section == Keys.directorySection { return storeEntry(name, value) }
    let keys = Keys.of(section: section)
    guard let key = keys.first(where: { $0.name == name }) else {
      let names = keys.map { $0.name }
      return report(
        .unknownKey(nearest: nearestName(to: name, among: names), legal: commaSeparated(names)),
        section: section, key: quoted(name))
    }
    let path = section + "." + name
    if let firstLine = note(path) {
      return report(.repeated(firstLine: firstLine), section: section, key: name)
    }
    do throws(ValueFault) {
      try key.store(value, folder: folder, in: &settings)
    } catch {
      report(
        // A code that was mistyped is still most of the code, and this sentence goes into a log.
        .badValue(
          value: key.isSecret ? "***" : quoted(withoutSecrets(value)), why: error.why, legal: key.legal),
        section: section, key: name)
    }
    if path == "device.profile" { checkProfile() }
  }

  private func note(_ path: String) -> Int? {
    places.note(path, file: file, number: filesRead, line: line)
  }

  /// What is wrong is told of the place of that key.
  private func goBack(to path: String) { (file, line) = places.place(of: path) ?? ("", 0) }

  private func isGiven(_ path: String) -> Bool { places.place(of: path) != nil }

  /// A name of the directory is a key that its owner chose.
  private func storeEntry(_ name: String, _ value: String) {
    let path = Keys.directorySection + "." + name
    if let firstLine = note(path) {
      return report(.repeated(firstLine: firstLine), section: Keys.directorySection, key: quoted(name))
    }
    do throws(ValueFault) {
      try settings.directory.store(name, value)
    } catch {
      report(
        .badValue(value: quoted(withoutSecrets(value)), why: error.why, legal: Directory.legal),
        section: Keys.directorySection, key: quoted(name))
    }
  }

  /// Names that ring others have to lead to somebody, and the plan to names.
  private func checkCalls() {
    for entry in settings.directory.entries {
      guard let why = settings.directory.fault(of: entry) else { continue }
      goBack(to: Keys.directorySection + "." + entry.name)
      report(
        .badValue(value: quoted(entry.value.text), why: why, legal: Directory.legal),
        section: Keys.directorySection, key: entry.name)
    }
    for step in settings.call.plan.steps where settings.directory.entry(step.name) == nil {
      let nearest = nearestName(to: step.name, among: settings.directory.entries.map { $0.name })
      let hint = nearest.map { ", did you mean '\($0)'?" } ?? ""
      refuse(
        "call.plan", quoted(settings.call.plan.text),
        "rings '\(quoted(step.name))', which is not in [directory]\(hint)")
    }
    let phone = settings.phone
    if phone.via == .endpoint {
      need("endpoint", phone.endpoint, for: "phone.via", "via = endpoint", in: "phone")
    }
    if settings.webhook.listen == nil, settings.ring.standby == .webhook {
      need("listen", nil, for: "ring.standby", "[ring] standby = webhook", in: "webhook")
    }
  }

  private func checkProfile() {
    guard let profiles, let name = settings.device.profile, !profiles.contains(name) else { return }
    let nearest = nearestName(to: name, among: profiles).map { ", did you mean '\($0)'?" } ?? ""
    report(
      .badValue(
        value: quoted(name), why: "is no profile" + nearest,
        legal: profiles.isEmpty ? "nothing, as no profile is installed" : commaSeparated(profiles)),
      section: "device", key: "profile")
  }

  /// What only several keys together can get wrong. Such a problem is told where the key stands that asks for more.
  private func checkTogether() {
    let token = settings.token
    if settings.session.mode == .alwaysOn, token.source == .file {
      need("url", token.url, for: "session.mode", "[session] mode = always-on")
    }
    if let (path, url) = settings.clearTextKey {
      refuse(
        path, quoted(withoutSecrets(url)),
        "would have secrets sent in the clear; [network] require-tls = no allows it")
    }
    checkJitter()
    checkLines()
    checkCalls()
    switch token.source {
    case .file: break
    case .endpoint: need("endpoint", token.endpoint, for: "token.source", "source = endpoint")
    case .sandbox: need("sandbox-id", token.sandboxID, for: "token.source", "source = sandbox")
    case .apiKey:
      need("url", token.url, for: "token.source", "source = api-key")
      need("api-key", token.apiKey, for: "token.source", "source = api-key")
    }
  }

  /// The buffer starts within its bounds. Where nobody said with what it starts, it starts with the nearest.
  private func checkJitter() {
    let (least, most) = (settings.audio.jitterMinMilliseconds, settings.audio.jitterMaxMilliseconds)
    guard least <= most else {
      let key = isGiven("audio.jitter-min-ms") ? "jitter-min-ms" : "jitter-max-ms"
      return refuse(
        "audio." + key, "\(key == "jitter-min-ms" ? least : most)", "leaves nothing between the two")
    }
    let start = settings.audio.jitterMilliseconds
    let kept = min(max(start, least), most)
    guard kept != start else { return }
    guard isGiven("audio.jitter-ms") else {
      settings.audio.jitterMilliseconds = kept
      return
    }
    refuse("audio.jitter-ms", "\(start)", "is not from jitter-min-ms to jitter-max-ms, \(least) to \(most)")
  }

  /// The kernel gives each line to one user.
  private func checkLines() {
    var users: [(use: GPIOSettings.Use, name: String)] = []
    for use in GPIOSettings.Use.allCases {
      guard let name = settings.gpio[use]?.name else { continue }
      if let other = users.first(where: { $0.name == name }) {
        refuse("gpio." + use.rawValue, name, "is the line of \(other.use.rawValue) already")
      }
      users.append((use, name))
    }
  }

  /// A value that is legal by itself.
  private func refuse(_ path: String, _ value: String, _ why: String) {
    guard let key = Keys.all.first(where: { $0.section + "." + $0.name == path }) else { return }
    goBack(to: path)
    report(.badValue(value: value, why: why, legal: key.legal), section: key.section, key: key.name)
  }

  private func need(
    _ key: String, _ value: String?, for asker: String, _ words: String, in section: String = "token"
  ) {
    guard value == nil else { return }
    goBack(to: asker)
    report(.missing(because: words + " needs it"), section: section, key: key)
  }

  /// A line that is no key may be half of a secret where secrets are near.
  private func shown(_ row: ArraySlice<UInt8>) -> String {
    if let section, ["token", "door", "phone", "webhook"].contains(section) { return "***" }
    return quoted(withoutSecrets(String(decoding: withoutInvisible(row), as: UTF8.self)))
  }

  private func report(_ fault: ConfigurationFault, section: String = "", key: String = "") {
    guard problems.count < ConfigurationLimits.problemsMax else {
      problemsLeftOut += 1
      return
    }
    problems.append(
      ConfigurationProblem(file: file, line: line, section: section, key: key, fault: fault))
  }
}

/// No control character but blanks; and none of the U+FFFD that stand where a file held bytes that are no UTF-8.
private func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
  var last: (UInt8, UInt8) = (0, 0)
  for byte in bytes {
    if byte < 0x20, byte != 0x09, byte != 0x0D { return false }
    if last == (0xEF, 0xBF), byte == 0xBD { return false }
    last = (last.1, byte)
  }
  return true
}

/// The path up to and with its last slash; empty if there is none.
private func folderOf(_ path: String) -> String {
  let bytes = Array(path.utf8)
  guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "" }
  return String(decoding: bytes[...slash], as: UTF8.self)
}
