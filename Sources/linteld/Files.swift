import Base
import CLinux
import Configuration
import Device

/// The few files that the daemon reads, whole and bounded.
enum Files {
  /// An errno with the system's words for it.
  struct Failure: Error {
    let code: Int32
    var words: String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
  }

  /// At most `bytesMax` + 1 bytes, so that the caller sees that there was more.
  static func read(_ path: String, bytesMax: Int) throws(Failure) -> (bytes: [UInt8], mode: UInt32) {
    let descriptor = lintel_open_for_reading(path)
    guard descriptor >= 0 else { throw Failure(code: lintel_errno()) }
    defer { _ = close(descriptor) }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw Failure(code: lintel_errno()) }
    var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { room in
        CLinux.read(descriptor, room.baseAddress?.advanced(by: count), room.count - count)
      }
      if got < 0 {
        guard lintel_errno() == EINTR else { throw Failure(code: lintel_errno()) }
        continue
      }
      if got == 0 { break }
      count += got
    }
    bytes.removeLast(bytes.count - count)
    return (bytes, UInt32(information.st_mode))
  }

  /// The command line without the program's name. Embedded Swift has no CommandLine, so the kernel is asked
  /// (proc_pid_cmdline(5)).
  static func arguments() -> [String] {
    guard let bytes = try? read("/proc/self/cmdline", bytesMax: 65_536).bytes else { return [] }
    return bytes.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast().map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// `path` as it is from anywhere; relative ones start at the folder in which the program was started.
  static func absolute(_ path: String) -> String {
    guard path.utf8.first != UInt8(ascii: "/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  /// The names in a folder that end in `.conf`, sorted by byte; none if there is no such folder.
  static func configurationNames(in folder: String) -> [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = String(cString: lintel_entry_name(entry))
      if name.utf8.reversed().starts(with: ".conf".utf8.reversed()), name.utf8.first != UInt8(ascii: ".") {
        names.append(name)
      }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The file with the access token or another secret: trimmed, and refused if others could read it too.
  static func readToken(_ path: String) -> Result<String, TokenFileFailure> {
    let bytesMax = DeviceLimits.tokenBytesMax
    do throws(Failure) {
      let (bytes, mode) = try read(path, bytesMax: bytesMax)
      let others: UInt32 = Credentials.holds(path) ? 0o007 : 0o077
      guard mode & others == 0 else {
        return .failure(.tooOpen(path: path, mode: String(mode & 0o777, radix: 8)))
      }
      guard bytes.count <= bytesMax else { return .failure(.tooLong(path: path, bytesMax: bytesMax)) }
      let isBlank = { (byte: UInt8) in byte <= 0x20 }
      let token = bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
      guard !token.isEmpty else { return .failure(.empty(path: path)) }
      return .success(String(decoding: Array(token), as: UTF8.self))
    } catch {
      return .failure(.unreadable(path: path, error.words))
    }
  }
}

/// `path`, then the *.conf of `path`.d.
func readConfiguration(at path: String) throws(ConfigurationUnusable) -> Settings {
  let path = Files.absolute(path)
  var files: [(name: String, text: String)] = []
  files.append((path, try configurationText(path)))
  for name in Files.configurationNames(in: path + ".d") {
    let full = "\(path).d/\(name)"
    files.append((full, try configurationText(full)))
  }
  let folder = environment(Profiles.variable) ?? Profiles.folder
  let profiles = Profiles.names(ofFiles: Files.configurationNames(in: folder))
  if let profile = Settings.profile(in: files), profiles.contains(profile) {
    let full = "\(folder)/\(profile).conf"
    files.insert((full, try configurationText(full)), at: 0)
  }
  do throws(ConfigurationFailure) {
    return try Settings.parse(files: files, defaults: Credentials.defaults, profiles: profiles)
  } catch {
    throw .wrong(error)
  }
}

/// The same for a daemon that runs, with the code of the door.
func readConfigurationAnew(at path: String) -> Result<Settings, ConfigurationMistakes> {
  do throws(ConfigurationUnusable) {
    let settings = try readConfiguration(at: path)
    do throws(StartFailure) {
      return .success(try DoorFiles.readCode(settings))
    } catch {
      return .failure(ConfigurationMistakes(lines: [error.description]))
    }
  } catch {
    return .failure(ConfigurationMistakes(lines: error.lines))
  }
}

enum ConfigurationUnusable: Error {
  case unreadable(path: String, String)
  case wrong(ConfigurationFailure)

  /// One line for each thing that is wrong.
  var lines: [String] {
    switch self {
    case .unreadable(let path, let words): ["the configuration \(path) cannot be read: \(words)"]
    case .wrong(let failure): failure.description.split(separator: "\n").map { String($0) }
    }
  }
}

private func configurationText(_ path: String) throws(ConfigurationUnusable) -> String {
  do throws(Files.Failure) {
    // One byte more than the parser takes, so that it says itself that the file is too long.
    return String(
      decoding: try Files.read(path, bytesMax: ConfigurationLimits.fileBytesMax).bytes, as: UTF8.self)
  } catch {
    throw .unreadable(path: path, error.words)
  }
}

func checkConfiguration(at path: String) -> Int32 {
  do throws(ConfigurationUnusable) {
    _ = try readConfiguration(at: path)
    print("\(path) is as it should be")
    return 0
  } catch {
    for line in error.lines { Journal.write(.error, line) }
    return 1
  }
}
