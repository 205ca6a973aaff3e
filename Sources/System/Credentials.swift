import Base
import CLinux
import Configuration

/// The secrets that linteld.service is handed over: files of one folder that only the service can read
/// (systemd.exec(5), LoadCredential=), copied from files of /etc/lintel that only root can.
public struct Credentials {
  /// Where the copies are; nil: there are none.
  private let folder: String?
  /// Where they are copied from.
  private let source: String
  private let isService: Bool
  /// What `provision` is about to write, by name.
  private let pending: [(name: String, text: String)]

  /// Those of this process.
  public static var handedOver: Credentials {
    Credentials(
      folder: environment("CREDENTIALS_DIRECTORY"), source: "/etc/lintel", isService: true, pending: [])
  }

  /// Those that the service will be handed over from `source`, for whoever may read them there. `pending` are not
  /// written yet.
  public static func sources(in source: String, pending: [(name: String, text: String)] = []) -> Credentials {
    Credentials(folder: source, source: source, isService: false, pending: pending)
  }

  /// Those of this process if it is the service, else those that the service will have.
  public static func ofService(configuredAt path: String) -> Credentials {
    environment("CREDENTIALS_DIRECTORY") == nil
      ? sources(in: parentFolder(of: absolutePath(path))) : handedOver
  }

  /// The file of one; nil if it was not given. A service that has it optional gives a blank one instead.
  private func path(_ name: String) -> String? {
    guard let folder else { return nil }
    let path = "\(folder)/\(name)"
    if pending(path) != nil { return path }
    guard let bytes = try? Files.read(path, bytesMax: 64).bytes, bytes.contains(where: { $0 > 0x20 }) else {
      return nil
    }
    return path
  }

  func pending(_ path: String) -> String? {
    guard let folder else { return nil }
    return pending.first { "\(folder)/\($0.name)" == path }?.text
  }

  func areHandedOver(_ path: String) -> Bool {
    guard isService, let folder else { return false }
    return path.utf8.begins(with: "\(folder)/")
  }

  /// What the configuration leaves open.
  var defaults: Settings {
    var settings = Settings()
    settings.device.defaultID = DeviceIdentity.defaultID
    for (name, place) in Self.places { place(&settings) { $0 = path(name) } }
    return settings
  }

  /// Settings that name the file which a credential is copied from mean the credential: the file itself is root's.
  func resolve(_ settings: inout Settings) {
    for (name, place) in Self.places { place(&settings) { $0 = resolve($0, name) } }
  }

  /// Every credential, and the key that names another file for it.
  private static let places: [(name: String, place: Place)] = [
    ("token", { $1(&$0.token.file) }), ("token-bearer", { $1(&$0.token.bearerFile) }),
    ("api-secret", { $1(&$0.token.apiSecretFile) }), ("door-code", { $1(&$0.door.codeFile) }),
    ("phone-bearer", { $1(&$0.phone.bearerFile) }), ("whatsapp-key", { $1(&$0.phone.whatsappKeyFile) }),
    ("twilio-token", { $1(&$0.phone.twilioTokenFile) }), ("meta-secret", { $1(&$0.webhook.metaSecretFile) }),
    ("meta-verify", { $1(&$0.webhook.metaVerifyFile) }),
    ("proxy-password", { $1(&$0.network.proxyPasswordFile) }),
    ("turn-password", { $1(&$0.network.turnPasswordFile) }),
    ("e2ee-passphrase", { $1(&$0.encryption.passphraseFile) }),
    ("e2ee-keys", { $1(&$0.encryption.keysFile) }),
  ]

  /// The files of every secret of the service: those that credentials are copied from in `source`, and those that the
  /// settings name.
  public static func files(of settings: Settings?, in source: String) -> [String] {
    var paths = places.map { "\(source)/\($0.name)" }
    guard var settings else { return paths }
    for (_, place) in places { place(&settings) { if let path = $0 { paths.append(path) } } }
    return paths
  }

  private typealias Place = @Sendable (inout Settings, (inout String?) -> Void) -> Void

  private func resolve(_ path: String?, _ name: String) -> String? {
    guard let path, path == "\(source)/\(name)" else { return path }
    return self.path(name) ?? path
  }
}
