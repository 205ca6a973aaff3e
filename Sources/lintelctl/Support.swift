import Base
import CLinux
import Configuration
import Control
import JSON
import System

/// `doctor --support FILE`: makes the self-test, gathers what whoever looks from afar needs to know, and writes it as
/// one file for its owner alone. What cannot be had is said in its place.
struct Support {
  private let order: DoctorOrder
  private let socket: String
  private let json: Bool
  private var configurationPath: String { order.configuration ?? defaultConfiguration }

  init(_ order: DoctorOrder, socket: String, json: Bool) {
    self.order = order
    self.socket = socket
    self.json = json
  }

  /// The exit status is the self-test's, if the archive could be written.
  func write(to path: String) -> ExitCode {
    // Before the test, which takes its time.
    if let fault = Files.folderFault(parentFolder(of: absolutePath(path))) {
      return perform(Conversation.failure(.failed, fault, json: json))
    }
    let configuration = ask(.request(.configShow))
    let settings = settings(configuration.result["text"].string)
    var archive = SupportArchive(
      folder: "lintel-support", unixSeconds: WallClock.unixMilliseconds / 1000,
      scrubber: Scrubber(secrets(settings)))
    archive.add("about.txt", about)
    archive.add("status.json", ask(.request(.status)).text)
    archive.add("stats.json", ask(.request(.stats)).text)
    archive.add("events.json", ask(.events(follow: false)).text)
    archive.add(
      "configuration.txt", Array((configuration.result["text"].string ?? localConfiguration).utf8))
    archive.add("hardware.txt", Hardware.list)
    let test = examine()
    archive.add("doctor.json", test.text)
    // Last, as the test is told there, too.
    archive.add("journal.txt", journal)
    if !test.result.isNull { _ = show(test.result, json: json) }
    do throws(SupportFailure) {
      let bytes = try compressed(archive.tar)
      do throws(FileFailure) { try NewFile.write([NewFile(path: path, bytes: bytes)]) } catch {
        throw SupportFailure(words: error.description)
      }
      let told = "wrote \(path), \(bytes.count) bytes; names of rooms and people are in it\n"
      _ = lintelctl.write(told, to: STDERR_FILENO)
      return Doctor.succeeded(test.result) && !test.result.isNull ? .done : .failed
    } catch {
      return perform(Conversation.failure(.failed, error.words, json: json))
    }
  }

  private struct SupportFailure: Error { let words: String }

  // MARK: - The daemon

  private struct Told {
    /// As it is kept: JSON, or why there is none.
    var text: [UInt8] = []
    /// null if there is none.
    var result = JSONValue.null
  }

  private func ask(_ action: Action) -> Told {
    var told = Told()
    do throws(ConnectionFailure) {
      let connection = try Connection(path: socket)
      let conversation = Conversation(
        action, socket: socket, json: true, token: nil, clockIsKept: clockIsKept, now: monotonicNow())
      let status = try converse(connection, conversation, json: true) { text in
        told.text += Array(text.utf8)
        return true
      }
      if status == .done || told.text.begins(with: "{\"verdict\"") {
        told.result = (try? JSONValue.parse(told.text)) ?? .null
      }
    } catch {
      told.text = Array((error.description + "\n").utf8)
    }
    return told
  }

  private func examine() -> Told {
    if !json { _ = lintelctl.write("testing; this takes a few seconds\n", to: STDERR_FILENO) }
    let told = ask(.doctor(order))
    guard told.result.isNull, !told.text.begins(with: "{"),
      let result = standIn(configuration: order.configuration, json: json)
    else { return told }
    return Told(text: result.bytes + [0x0A], result: result)
  }

  // MARK: - Configuration and secrets

  /// As the daemon has it, else as its files say; nil if they are wrong.
  private func settings(_ text: String?) -> Settings? {
    if let text { return try? Settings.parse(files: [("config show", text)]) }
    return try? Settings.forStart(at: configurationPath, .ofService(configuredAt: configurationPath))
  }

  private var localConfiguration: String {
    do throws(ConfigurationUnusable) {
      return try Settings.forStart(at: configurationPath, .ofService(configuredAt: configurationPath))
        .publicText
    } catch {
      var text = ""
      for line in error.lines { text += line + "\n" }
      return text
    }
  }

  /// Whatever must not be in any text, as far as whoever asks may read it; whoever may not has no text with it either.
  private func secrets(_ settings: Settings?) -> [String] {
    var secrets: [String] = []
    let own = try? Settings.forStart(at: configurationPath, .ofService(configuredAt: configurationPath))
    for settings in [settings, own] {
      if let code = settings?.door.code { secrets.append(code) }
      for secret in settings?.encryption.secrets ?? [] {
        secrets.append(String(decoding: secret.passphrase, as: UTF8.self))
      }
      for path in Credentials.files(of: settings, in: parentFolder(of: absolutePath(configurationPath))) {
        if case .success(let text) = Secrets.readGiven(path, allowsBlanks: true) { secrets.append(text) }
      }
    }
    return secrets
  }

  // MARK: - The system

  private var about: [UInt8] {
    let time = utcText(unixMilliseconds: WallClock.unixMilliseconds)
    return Array("lintelctl \(lintelVersion)\n\(time)\nsocket \(socket)\n".utf8)
  }

  private var journal: [UInt8] {
    let words = [
      "journalctl", "--unit=linteld", "--unit=linteld.socket", "--lines=5000", "--no-pager",
      "--output=short-iso",
    ]
    for folder in ["/usr/bin/", "/bin/"] where access(folder + words[0], X_OK) == 0 {
      return Processes.output(
        of: folder + words[0], words, isQuiet: true, bytesMax: 2 * SupportArchive.textBytesMax,
        milliseconds: 20_000) ?? Array("journalctl cannot be started\n".utf8)
    }
    return Array("there is no journalctl\n".utf8)
  }

  private func compressed(_ tar: [UInt8]) throws(SupportFailure) -> [UInt8] {
    for folder in ["/usr/bin/", "/bin/"] where access(folder + "gzip", X_OK) == 0 {
      let bytes = Processes.output(
        of: folder + "gzip", ["gzip", "--no-name", "--stdout"], input: tar,
        bytesMax: 2 * SupportArchive.bytesMax, milliseconds: 60_000)
      if let bytes, bytes.starts(with: [0x1F, 0x8B]) { return bytes }
    }
    throw SupportFailure(words: "gzip does not work here, so there is no archive")
  }
}
