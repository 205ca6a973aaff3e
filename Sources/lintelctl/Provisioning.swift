import Base
import CLinux
import Configuration
import Control
import JSON

/// Writes what `provision` asks for. Everything is checked, then written beside its place and on the medium, before
/// the first file takes its place; so a mistake or a full disk changes nothing.
func run(_ provision: Provision, json: Bool) -> ExitCode {
  guard geteuid() == 0 else {
    return perform(Conversation.failure(.notAllowed, "only root may provision the device", json: json))
  }
  do throws(ProvisionFailure) {
    var files: [NewFile] = []
    for secret in provision.secrets { files.append(try credential(secret, provision.folder)) }
    if !provision.keys.isEmpty { files.append(try dropIn(provision)) }
    try write(files)
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

private struct NewFile {
  let path: String
  let bytes: [UInt8]
  let mode: mode_t
  var temporary: String { path + ".new" }
}

private func credential(_ secret: TextPair, _ folder: String) throws(ProvisionFailure) -> NewFile {
  do throws(FileFailure) {
    let text = try readToken(secret.value)
    return NewFile(path: "\(folder)/\(secret.name)", bytes: Array(text.utf8) + [0x0A], mode: 0o600)
  } catch {
    throw ProvisionFailure(words: error.description)
  }
}

/// The drop-in, once the whole configuration was parsed with it. The daemon's user has to read it.
private func dropIn(_ provision: Provision) throws(ProvisionFailure) -> NewFile {
  let main = provision.folder + "/lintel.conf"
  let path = "\(main).d/\(Provision.dropIn)"
  let text = provision.text(over: existing(path))
  var files = [(name: main, text: existing(main))]
  var names = configurationNames(in: main + ".d").filter { $0 != Provision.dropIn }
  names.append(Provision.dropIn)
  for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
    let file = "\(main).d/\(name)"
    files.append((file, name == Provision.dropIn ? text : existing(file)))
  }
  let folder = environment(Profiles.variable) ?? Profiles.folder
  let profiles = Profiles.names(ofFiles: configurationNames(in: folder))
  if let profile = Settings.profile(in: files), profiles.contains(profile) {
    let full = "\(folder)/\(profile).conf"
    files.insert((full, existing(full)), at: 0)
  }
  do throws(ConfigurationFailure) {
    _ = try Settings.parse(files: files, profiles: profiles)
  } catch {
    throw ProvisionFailure(words: error.description)
  }
  return NewFile(path: path, bytes: Array(text.utf8), mode: 0o644)
}

/// Empty where there is no such file.
private func existing(_ path: String) -> String {
  String(
    decoding: (try? readFile(path, bytesMax: ConfigurationLimits.fileBytesMax)) ?? [], as: UTF8.self)
}

private func configurationNames(in folder: String) -> [String] {
  guard let listing = opendir(folder) else { return [] }
  defer { closedir(listing) }
  var names: [String] = []
  while let entry = readdir(listing) {
    let name = String(cString: lintel_entry_name(entry))
    if name.utf8.reversed().starts(with: ".conf".utf8.reversed()), name.utf8.first != UInt8(ascii: ".") {
      names.append(name)
    }
  }
  return names
}

private func write(_ files: [NewFile]) throws(ProvisionFailure) {
  for file in files {
    do throws(ProvisionFailure) {
      try prepare(file)
    } catch {
      for file in files { unlink(file.temporary) }
      throw error
    }
  }
  for file in files {
    guard rename(file.temporary, file.path) == 0 else { throw failure(file.path) }
    synchronize(parent(of: file.path))
  }
}

private func prepare(_ file: NewFile) throws(ProvisionFailure) {
  // The folder of the drop-ins may be missing; any other that is missing shows below.
  mkdir(parent(of: file.path), 0o755)
  unlink(file.temporary)
  let descriptor = lintel_open_for_writing(file.temporary, 0o600)
  guard descriptor >= 0 else { throw failure(file.temporary) }
  defer { close(descriptor) }
  var written = 0
  while written < file.bytes.count {
    let count = file.bytes.withUnsafeBytes {
      CLinux.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
    }
    if count < 0, lintel_errno() != EINTR { throw failure(file.temporary) }
    written += max(0, count)
  }
  guard fchmod(descriptor, file.mode) == 0, fsync(descriptor) == 0 else { throw failure(file.temporary) }
}

/// The new name is on the medium only when its folder is.
private func synchronize(_ folder: String) {
  let descriptor = lintel_open_for_reading(folder)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

private func parent(of path: String) -> String {
  let bytes = Array(path.utf8)
  return String(decoding: bytes[..<(bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0)], as: UTF8.self)
}

private func failure(_ path: String) -> ProvisionFailure {
  ProvisionFailure(words: "\(path): \(String(cString: strerror(lintel_errno())))")
}
