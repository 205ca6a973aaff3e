import Base
import CLinux
import Configuration
import Control
import JSON
import System

/// Writes what `provision` asks for, all of it or, where a start would refuse any of it, nothing.
func run(_ provision: Provision, json: Bool) -> ExitCode {
  guard geteuid() == 0 else {
    return perform(Conversation.failure(.notAllowed, "only root may provision the device", json: json))
  }
  do throws(ProvisionFailure) {
    let files = try newFiles(provision)
    do throws(FileFailure) {
      try NewFile.write(files)
    } catch {
      throw ProvisionFailure(words: error.description)
    }
    var names: [JSONValue] = []
    var text = ""
    for file in files {
      names.append(.string(file.path))
      text += "wrote \(file.path)\n"
    }
    let result = JSONValue.object([.init("written", .array(names))])
    let next = "now: systemctl restart linteld, then lintelctl doctor\n"
    return perform([.print(json ? result.text + "\n" : text + next), .finish(.done)])
  } catch {
    return perform(Conversation.failure(.failed, error.words, json: json))
  }
}

private struct ProvisionFailure: Error {
  let words: String
}

private func newFiles(_ provision: Provision) throws(ProvisionFailure) -> [NewFile] {
  var secrets: [(name: String, text: String)] = []
  for secret in provision.secrets {
    switch Secrets.readGiven(secret.value, allowsBlanks: secret.name == "api-secret") {
    case .success(let text): secrets.append((secret.name, text))
    case .failure(let failure): throw ProvisionFailure(words: failure.words)
    }
  }
  let main = provision.folder + "/lintel.conf"
  let path = "\(main).d/\(Provision.dropIn)"
  let existing = try? Files.read(path, bytesMax: ConfigurationLimits.fileBytesMax).bytes
  let text = provision.text(over: String(decoding: existing ?? [], as: UTF8.self))
  do throws(ConfigurationUnusable) {
    _ = try Settings.forStart(
      at: main, .sources(in: provision.folder, pending: secrets),
      candidate: provision.keys.isEmpty ? nil : (Provision.dropIn, text))
  } catch {
    var words = ""
    for line in error.lines { words += (words.utf8.isEmpty ? "" : "\n") + line }
    throw ProvisionFailure(words: words)
  }
  var files = secrets.map {
    NewFile(path: "\(provision.folder)/\($0.name)", bytes: Array($0.text.utf8) + [0x0A])
  }
  if !provision.keys.isEmpty {
    NewFile.makeFolder(main + ".d")
    // The daemon's user has to read it.
    files.append(NewFile(path: path, bytes: Array(text.utf8), mode: 0o644))
  }
  return files
}
