import Base

/// Where programs find the profiles that `[device] profile` may name.
public enum Profiles {
  public static let folder = "/usr/share/lintel/profiles"
  /// The environment variable that names another folder.
  public static let variable = "LINTEL_PROFILES"

  /// What the files of that folder are called as profiles.
  public static func names(ofFiles files: [String]) -> [String] {
    files.map { String(decoding: Array($0.utf8.dropLast(".conf".utf8.count)), as: UTF8.self) }
  }
}
