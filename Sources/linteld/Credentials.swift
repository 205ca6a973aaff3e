import Base
import CLinux
import Configuration

/// The secrets that the service manager hands over (systemd.exec(5), LoadCredential=): files of one folder that only
/// this process can read.
enum Credentials {
  private static let folder = environment("CREDENTIALS_DIRECTORY")

  /// The file of one; nil if it was not given. A service that has it optional gives a blank one instead.
  static func path(_ name: String) -> String? {
    guard let folder else { return nil }
    let path = "\(folder)/\(name)"
    guard let bytes = try? Files.read(path, bytesMax: 64).bytes, bytes.contains(where: { $0 > 0x20 }) else {
      return nil
    }
    return path
  }

  /// The service manager guards these by an access control list, which shows as rights of the group (acl(5)).
  static func holds(_ path: String) -> Bool {
    guard let folder else { return false }
    return Array(path.utf8).starts(with: "\(folder)/".utf8)
  }

  /// What the configuration leaves open is taken from here.
  static var defaults: Settings {
    var settings = Settings()
    settings.token.file = path("token")
    settings.token.bearerFile = path("token-bearer")
    settings.token.apiSecretFile = path("api-secret")
    settings.door.codeFile = path("door-code")
    return settings
  }
}
