import Base
import Configuration

/// The files of a configuration, in the order in which they win: the profile that they name, `lintel.conf`, then
/// `lintel.conf.d/*.conf` by name.
public struct ConfigurationFiles {
  public typealias File = (name: String, text: String)
  public private(set) var files: [File]
  /// The profiles that are installed.
  public let profiles: [String]

  /// - Parameters:
  ///   - path: of `lintel.conf`, from anywhere.
  ///   - candidate: a drop-in that stands in the place of the one of its name, or is not there yet.
  public init(at path: String, candidate: File? = nil) throws(FileFailure) {
    let path = absolutePath(path)
    files = [(path, try Self.text(path))]
    var names = Files.names(in: path + ".d", ending: ".conf")
    if let candidate, !names.contains(where: { $0 == candidate.name }) { names.append(candidate.name) }
    for name in sortedByBytes(names) {
      let full = "\(path).d/\(name)"
      if let candidate, candidate.name == name {
        files.append((full, candidate.text))
      } else {
        files.append((full, try Self.text(full)))
      }
    }
    let folder = environment(Profiles.variable) ?? Profiles.folder
    let profiles = Profiles.names(ofFiles: Files.names(in: folder, ending: ".conf"))
    self.profiles = profiles
    if let profile = Settings.profile(in: files), profiles.contains(where: { $0 == profile }) {
      let full = "\(folder)/\(profile).conf"
      files = [(full, try Self.text(full))] + files
    }
  }

  /// One byte more than the parser takes, so that it says itself that the file is too long.
  private static func text(_ path: String) throws(FileFailure) -> String {
    String(decoding: try Files.read(path, bytesMax: ConfigurationLimits.fileBytesMax).bytes, as: UTF8.self)
  }
}

/// Why there are no settings to start with.
public enum ConfigurationUnusable: Error {
  case unreadable(FileFailure)
  case wrong(ConfigurationFailure)
  /// A file or a group that the settings name is not as it has to be: a sentence.
  case refused(String)

  /// One line for each thing that is wrong.
  public var lines: [String] {
    switch self {
    case .unreadable(let failure): ["the configuration \(failure.path) cannot be read: \(failure.words)"]
    case .wrong(let failure): failure.lines
    case .refused(let words): [words]
    }
  }
}
